"""`make setup` where uv cannot get the Python that the project takes."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from shaken_stir.project import ROOT

SAID = "make: uv found no Python 3.13 here and could not fetch one: install it ("


@pytest.mark.parametrize("python_is_there", [False, True])
def test_a_python_that_cannot_be_had_is_told_with_what_to_do(tmp_path: Path, *, python_is_there: bool) -> None:
    for name in ("Makefile", "pyproject.toml", "uv.lock", ".python-version"):
        shutil.copy(ROOT / name, tmp_path)
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
