"""What the dependencies layer leaves out is really never imported; what checks the built layer really checks it."""

import json
import struct
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path, PurePosixPath
from sysconfig import get_path

import pytest

from layers.dependencies import build_layer
from layers.dependencies.build_layer import BuildError, LeftOut

PROJECT = Path(__file__).parents[2]
# simplejson is awslambdaric's; requests takes it where it is there.
FROM_THE_RUNTIME = {"boto3", "botocore", "s3transfer", "python-dateutil", "six", "simplejson"}


@pytest.fixture(scope="module")
def imported() -> list[PurePosixPath]:
    """The third-party files that the product imports, by their paths in site-packages."""
    answer = subprocess.run(
        [sys.executable, Path(__file__).with_name("modules_in_use.py")],
        env={"POWERTOOLS_SERVICE_NAME": "test", "AWS_DEFAULT_REGION": "us-east-1"},
        stdout=subprocess.PIPE,
        check=True,
    )
    files = map(PurePosixPath, json.loads(answer.stdout.splitlines()[-1]))
    site_packages = get_path("purelib")
    return [file.relative_to(site_packages) for file in files if file.is_relative_to(site_packages)]


def _locked_for_the_functions() -> set[str]:
    packages = {it["name"]: it for it in tomllib.loads((PROJECT / "uv.lock").read_text())["package"]}
    needs = {name: [need["name"] for need in it.get("dependencies", [])] for name, it in packages.items()}
    found: set[str] = set()
    pending = [need["name"] for need in packages["shaken-stir-onboarding"]["dev-dependencies"]["layer"]]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += needs[name]
    return found


def test_every_file_that_is_imported_is_kept(imported: list[PurePosixPath]) -> None:
    left_out = build_layer.read_plan().files
    assert len(imported) > 400
    assert [path for path in imported if any(entry.covers(path) for entry in left_out)] == []


def test_every_package_that_is_imported_is_in_the_layer_or_the_runtime(imported: list[PurePosixPath]) -> None:
    distributions = packages_distributions()
    found = {name for path in imported for name in distributions[path.parts[0].removesuffix(".py")]}
    names = {name.replace("_", "-").lower() for name in found}
    layer = _locked_for_the_functions() - set(build_layer.read_plan().distributions)
    assert names - layer - FROM_THE_RUNTIME == set()
    assert {"twilio", "pydantic", "phonenumberslite", "jmespath"} <= names


def test_the_group_of_the_layer_is_a_part_of_the_project_s_dependencies() -> None:
    """The functions also run on this machine, so the command needs the same versions."""
    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    assert set(declared["dependency-groups"]["layer"]) <= set(declared["project"]["dependencies"])


def test_the_layer_is_built_from_its_own_group(monkeypatch: pytest.MonkeyPatch) -> None:
    exports: list[tuple[str, ...]] = []

    def export(*command: str) -> str:
        exports.append(command)
        return "boto3==1.0\n"

    monkeypatch.setattr(build_layer, "_run", export)
    build_layer.locked_requirements(["boto3"])
    assert exports
    assert [command[command.index("--only-group") + 1] for command in exports] == ["layer"] * len(exports)


def test_packages_that_are_left_out_are_locked() -> None:
    assert set(build_layer.read_plan().distributions) <= _locked_for_the_functions()


def test_every_entry_says_why() -> None:
    plan = tomllib.loads((PROJECT / "layers/dependencies/left_out.toml").read_text())
    assert all(entry["why"] for kind in ("distributions", "files") for entry in plan[kind])


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    for name in ("rest/__init__.py", "rest/api/__init__.py", "rest/video/v1/room.py", "rest/video/__init__.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    return tmp_path


def test_pruning_removes_what_is_left_out_and_the_folders_that_it_empties(layer: Path) -> None:
    build_layer.prune(layer, [LeftOut(("rest/*/**",), ("rest/api/**",))])
    assert sorted(str(path.relative_to(layer)) for path in layer.rglob("*")) == [
        "rest",
        "rest/__init__.py",
        "rest/api",
        "rest/api/__init__.py",
    ]


def test_an_entry_that_covers_nothing_fails_the_build(layer: Path) -> None:
    with pytest.raises(BuildError, match=r"names rest/voice/\*\*, of which there is nothing"):
        build_layer.prune(layer, [LeftOut(("rest/voice/**",))])


@pytest.mark.parametrize(("machine", "is_for"), [(183, "arm64"), (62, "x86_64")])
def test_a_library_for_another_processor_fails_the_build(layer: Path, machine: int, is_for: str) -> None:
    (layer / "rest/_speedups.so").write_bytes(b"\x7fELF" + bytes(14) + struct.pack("<H", machine) + bytes(44))
    other = {"arm64": "x86_64", "x86_64": "arm64"}[is_for]
    build_layer.check_architecture(layer, is_for)
    with pytest.raises(BuildError, match=f"rest/_speedups.so is built for {is_for}, the layer is for {other}"):
        build_layer.check_architecture(layer, other)


def test_sizes_are_those_of_the_files_and_of_their_archive(layer: Path) -> None:
    (layer / "rest/data.py").write_bytes(bytes(1_000_000))
    sizes = build_layer.check_sizes(layer)
    assert sizes.unzipped == 1_000_000
    assert sizes.zipped < 10_000


@pytest.mark.parametrize("limit", ["MAX_ZIPPED", "MAX_UNZIPPED"])
def test_a_layer_that_is_too_large_fails_the_build(layer: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    (layer / "rest/data.py").write_bytes(bytes(1_000_000))
    monkeypatch.setattr(build_layer, limit, 500)
    with pytest.raises(BuildError, match="too large"):
        build_layer.check_sizes(layer)


def test_an_unknown_processor_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="ARCH=mips is not one of arm64, x86_64; run make build"):
        build_layer.build("mips", tmp_path)
