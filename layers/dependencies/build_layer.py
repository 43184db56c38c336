#!/usr/bin/env python3
"""Build the dependencies layer: uv.lock's packages for one processor, without what is never imported, with bytecode."""

import compileall
import io
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from py_compile import PycInvalidationMode
from typing import Final, NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile

HERE: Final = Path(__file__).resolve().parent
PROJECT: Final = HERE.parents[1]
PLATFORMS: Final = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}
ELF_MACHINES: Final = {183: "arm64", 62: "x86_64"}
RUNTIME: Final = (3, 13)
MEGABYTE: Final = 1_000_000
MAX_ZIPPED: Final = 12 * MEGABYTE
MAX_UNZIPPED: Final = 40 * MEGABYTE


class BuildError(Exception):
    """The layer cannot be built; says why in one sentence."""


@dataclass(frozen=True)
class LeftOut:
    """Files that the layer does without; patterns as of `PurePath.full_match`."""

    paths: tuple[str, ...]
    keep: tuple[str, ...] = ()

    def covers(self, path: PurePosixPath) -> bool:
        """Say whether a file, by its path below the layer's `python` folder, is left out."""
        return any(map(path.full_match, self.paths)) and not any(map(path.full_match, self.keep))


class Plan(NamedTuple):
    """What left_out.toml says."""

    distributions: list[str]
    files: list[LeftOut]


class Sizes(NamedTuple):
    """Bytes of the layer as Lambda counts them."""

    zipped: int
    unzipped: int


def read_plan() -> Plan:
    """Read left_out.toml."""
    content = tomllib.loads((HERE / "left_out.toml").read_text())
    return Plan(
        [name for entry in content["distributions"] for name in entry["names"]],
        [LeftOut(tuple(entry["paths"]), tuple(entry.get("keep", ()))) for entry in content["files"]],
    )


def locked_requirements(left_out: list[str]) -> str:
    """Export the group `layer` from uv.lock, with hashes, without the distributions that are left out.

    Raises:
        BuildError: One of those is not in uv.lock.
    """
    export = ("uv", "export", "--project", PROJECT, "--frozen", "--only-group", "layer", "--no-header")
    locked = _run(*export, "--no-annotate", "--no-hashes").splitlines()
    for name in left_out:
        if not any(line.startswith(f"{name}==") for line in locked):
            raise BuildError(f"left_out.toml names the distribution {name}, which the group `layer` does not contain.")
    return _run(*export, *(f"--no-emit-package={name}" for name in left_out))


def install(requirements: str, architecture: str, target: Path) -> None:
    """Install wheels for that processor, whatever the machine's own is."""
    _run(
        *("uv", "pip", "install", "--quiet", "--target", target, "--python", sys.executable),
        *("--python-version", ".".join(map(str, RUNTIME)), "--python-platform", PLATFORMS[architecture]),
        *("--only-binary", ":all:", "--no-deps", "--require-hashes", "--link-mode", "copy", "--requirements", "-"),
        given=requirements,
    )


def prune(target: Path, left_out: list[LeftOut]) -> None:
    """Remove what is left out.

    Raises:
        BuildError: An entry covers no file.
    """
    paths = [PurePosixPath(file.relative_to(target)) for file in files_of(target)]
    for entry in left_out:
        covered = [path for path in paths if entry.covers(path)]
        if not covered:
            raise BuildError(f"left_out.toml names {', '.join(entry.paths)}, of which there is nothing any more.")
        for path in covered:
            (target / path).unlink(missing_ok=True)
    for folder, _, _ in target.walk(top_down=False):
        if not any(folder.iterdir()):
            folder.rmdir()


def check_architecture(target: Path, architecture: str) -> None:
    """Check the processor that each compiled library is for, by its ELF header.

    Raises:
        BuildError: One is for another processor.
    """
    for file in files_of(target):
        with file.open("rb") as content:
            header = content.read(20)
        machine = int.from_bytes(header[18:20], "little")
        if header.startswith(b"\x7fELF") and ELF_MACHINES.get(machine) != architecture:
            built_for = ELF_MACHINES.get(machine, f"ELF machine {machine}")
            raise BuildError(f"{file.relative_to(target)} is built for {built_for}, the layer is for {architecture}.")


def check_sizes(layer: Path) -> Sizes:
    """Measure the layer.

    Raises:
        BuildError: It is too large.
    """
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for file in files_of(layer):
            archive.write(file, file.relative_to(layer))
    sizes = Sizes(buffer.tell(), sum(file.stat().st_size for file in files_of(layer)))
    if sizes.zipped > MAX_ZIPPED or sizes.unzipped > MAX_UNZIPPED:
        raise BuildError(f"The layer is too large ({describe(sizes)}).")
    return sizes


def describe(sizes: Sizes) -> str:
    """Put sizes into words."""
    return (
        f"{sizes.zipped / MEGABYTE:.1f} of at most {MAX_ZIPPED / MEGABYTE:.0f} MB zipped, "
        f"{sizes.unzipped / MEGABYTE:.1f} of at most {MAX_UNZIPPED / MEGABYTE:.0f} MB unzipped"
    )


def files_of(folder: Path) -> Iterator[Path]:
    """Yield every file below a folder, in a fixed order."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def build(architecture: str, layer: Path) -> Sizes:
    """Build the layer into an empty folder.

    Raises:
        BuildError: It cannot be built, or is not as it must be.
    """
    if architecture not in PLATFORMS:
        raise BuildError(f"ARCH={architecture} is not one of {', '.join(PLATFORMS)}; run make build ARCH=arm64.")
    if sys.version_info[:2] != RUNTIME:
        raise BuildError(f"The bytecode must be that of Python {RUNTIME[0]}.{RUNTIME[1]}, this is {sys.version}.")
    plan = read_plan()
    target = layer / "python"
    install(locked_requirements(plan.distributions), architecture, target)
    prune(target, plan.files)
    check_architecture(target, architecture)
    # Unchecked: Lambda unpacks layers with dates of its own, which would make every dated .pyc count as stale.
    mode = PycInvalidationMode.UNCHECKED_HASH
    if not compileall.compile_dir(
        target, quiet=1, workers=0, invalidation_mode=mode, stripdir=layer, prependdir="/opt"
    ):
        raise BuildError("A package's source does not compile.")
    return check_sizes(layer)


def _run(*command: str | os.PathLike[str], given: str | None = None) -> str:
    try:
        return subprocess.run(command, input=given, stdout=subprocess.PIPE, text=True, check=True).stdout  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise BuildError(f"{Path(command[0]).name} failed: {error}") from error


if __name__ == "__main__":
    try:
        sys.stdout.write(f"DependenciesLayer for {sys.argv[1]}: {describe(build(sys.argv[1], Path(sys.argv[2])))}.\n")
    except BuildError as error:
        sys.exit(str(error))
