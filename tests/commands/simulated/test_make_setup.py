"""`make setup`: the uv that it installs, a Python that uv cannot get, and a command that runs from its checkout."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from shaken_stir.project import ROOT

SAID = "make: uv found no Python 3.13 here and could not fetch one: install it ("


@pytest.mark.parametrize("python_is_there", [False, True])
def test_a_python_that_cannot_be_had_is_told_with_what_to_do(tmp_path: Path, *, python_is_there: bool) -> None:
    for name in ("Makefile", "pyproject.toml", "uv.lock", ".python-version"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    uv = tmp_path / "uv"
    uv.write_text(
        f'#!/bin/sh\n[ "$1 $2" = "python find" ] && exit {0 if python_is_there else 1}\necho "error: no" >&2; exit 2\n'
    )
    uv.chmod(0o755)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}

    done = subprocess.run(
        ["make", "setup", f"UV={uv}"],  # noqa: S607 - make is on the path of whoever runs the tests
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    first, *others = done.stderr.splitlines()
    assert first == "error: no"
    assert [line.startswith(SAID) for line in others] == ([False] if python_is_there else [True, False])
    assert not (tmp_path / ".venv").exists()


PYTHON = """#!/bin/sh
case "$*" in
  "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
  "-m pip install "*)
    echo "$*" >>installed; echo "pip ${TWILIO_AUTH_TOKEN-unset}" >>tokens; cp "$0" "$(dirname "$0")/uv" ;;
  sync*) mkdir -p .venv; echo "$*" >>synced; echo "uv ${TWILIO_AUTH_TOKEN-unset}" >>tokens ;;
esac
"""
"""A Python, and the uv that it installs, which say what they were asked for."""


@pytest.fixture
def without_uv(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine that has no uv, its checkout being the folder."""
    for name in ("Makefile", "pyproject.toml", "uv.lock", ".python-version"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    path = tmp_path / "path"
    path.mkdir()
    for name in ("cat", "cp", "dirname", "env", "mkdir", "rm", "sed", "sh", "touch", "uname"):
        (path / name).symlink_to(str(shutil.which(name)))
    (path / "python3").write_text(PYTHON)
    (path / "python3").chmod(0o755)
    return {"PATH": str(path)}


def test_uv_is_installed_with_its_hash_and_again_when_its_version_changes(
    tmp_path: Path, without_uv: dict[str, str]
) -> None:
    make = [str(shutil.which("make")), "setup"]
    requirements = tmp_path / ".ci/uv-requirements.txt"
    installed: list[list[str]] = []

    for version in (None, None, "1.2.3"):
        if version:
            requirements.write_text(f"uv=={version} \\\n    --hash=sha256:{'0' * 64}\n")
        subprocess.run(make, cwd=tmp_path, env=without_uv, capture_output=True, timeout=60, check=True)
        installed.append((tmp_path / "installed").read_text().splitlines())

    [first] = installed[0]
    assert first == "-m pip install --quiet --require-hashes --requirement .ci/uv-requirements.txt"
    assert installed[1] == installed[0]
    assert installed[2] == [first, first]
    assert (tmp_path / ".tools/uv-1.2.3/bin/uv").exists()


def test_what_installs_packages_does_not_see_the_auth_token(tmp_path: Path, without_uv: dict[str, str]) -> None:
    environment = without_uv | {"TWILIO_AUTH_TOKEN": "secret"}
    subprocess.run(
        [str(shutil.which("make")), "setup"], cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=True
    )

    assert (tmp_path / "tokens").read_text().splitlines() == ["pip unset", "uv unset"]


def test_every_recipe_that_installs_or_builds_packages_goes_without_the_auth_token() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", "")
    installs = re.compile(r"\$\(UV\) (sync|pip)|pip install|\$\(SAM\) build")
    lines = [line for line in makefile.splitlines() if installs.search(line)]

    assert len(lines) == 5
    assert all("$(WITHOUT_TOKEN)" in line for line in lines)


STACK, RUN, ALL = "--inexact --no-default-groups", "--inexact --no-default-groups --extra local", "--all-extras"
SYNCED = {STACK: ".venv/.synced-stack", RUN: ".venv/.synced-run", ALL: ".venv/.synced"}


def synced(folder: Path, environment: dict[str, str], *targets: str) -> list[str]:
    """Run make, and return the options of each `uv sync` since the checkout was made."""
    make = [str(shutil.which("make")), *targets]
    subprocess.run(make, cwd=folder, env=environment, capture_output=True, timeout=60, check=True)
    return [line.removeprefix("sync --locked ") for line in (folder / "synced").read_text().splitlines()]


@pytest.mark.parametrize(
    ("target", "options"),
    [
        ("deploy", STACK),
        ("build", STACK),
        ("run", RUN),
        ("serve", RUN),
        ("request", RUN),
        ("setup", ALL),
        ("test", ALL),
        ("bench", ALL),
    ],
)
def test_a_target_installs_only_the_packages_that_it_needs(
    target: str, options: str, tmp_path: Path, without_uv: dict[str, str]
) -> None:
    done = subprocess.run(
        [str(shutil.which("make")), "-n", target, "EVENT=x"],
        cwd=tmp_path,
        env=without_uv,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    first = re.findall(r"uv sync --locked (.*?) \|\|", done.stdout)[0]
    assert first == options


def test_a_larger_set_of_packages_makes_a_smaller_one_complete(tmp_path: Path, without_uv: dict[str, str]) -> None:
    assert synced(tmp_path, without_uv, SYNCED[STACK]) == [STACK]
    assert synced(tmp_path, without_uv, SYNCED[RUN]) == [STACK, RUN]
    assert synced(tmp_path, without_uv, SYNCED[ALL]) == [STACK, RUN, ALL]
    assert synced(tmp_path, without_uv, *SYNCED.values()) == [STACK, RUN, ALL]


def test_after_make_setup_no_target_installs_packages(tmp_path: Path, without_uv: dict[str, str]) -> None:
    assert synced(tmp_path, without_uv, "setup") == [ALL]
    assert synced(tmp_path, without_uv, *SYNCED.values()) == [ALL]


def test_a_lock_file_that_is_newer_than_the_installation_is_installed(
    tmp_path: Path, without_uv: dict[str, str]
) -> None:
    synced(tmp_path, without_uv, "setup")
    for stamp in SYNCED.values():
        os.utime(tmp_path / stamp, (0, 0))

    assert synced(tmp_path, without_uv, SYNCED[RUN]) == [ALL, RUN]
    assert synced(tmp_path, without_uv, "setup") == [ALL, RUN, ALL]
    assert synced(tmp_path, without_uv, *SYNCED.values()) == [ALL, RUN, ALL]


@pytest.mark.parametrize("target", ["wheel", "sdist"])
def test_a_package_of_half_the_product_is_refused_in_a_sentence(target: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(tmp_path / "dist")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    [said] = re.findall(r"^shaken-stir .+$", done.stderr, re.MULTILINE)
    assert said.endswith(": run `make setup`, then .venv/bin/shaken-stir.")
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("dist/*"))


def test_the_command_runs_from_its_checkout() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("shaken-stir"), "--version"],
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.startswith("shaken-stir ")
    assert json.loads(str(distribution("shaken-stir-onboarding").read_text("direct_url.json"))) == {
        "url": ROOT.as_uri(),
        "dir_info": {"editable": True},
    }
