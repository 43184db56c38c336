"""Commands in a process that cannot import the packages which the base install lacks."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.metadata import packages_distributions
from typing import Any, Final, NamedTuple

from shaken_stir.project import ROOT

LOCK: Final = {it["name"]: it for it in tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]}
PROJECT: Final = LOCK["shaken-stir-onboarding"]

BLOCK: Final = """
import json, sys

blocked, given = json.load(sys.stdin)


class Blocked:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Blocked)
"""
CARRY_OUT: Final = """
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from shaken_stir.cli.main import execute

ended = []
for arguments in given:
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        code = execute(arguments)
    ended.append([code, out.getvalue(), err.getvalue()])
print(json.dumps(ended))
"""
IMPORT: Final = """
from importlib import import_module

failed = {}
for module in given:
    try:
        import_module(module)
    except ModuleNotFoundError as error:
        failed[module] = str(error)
print(json.dumps(failed))
"""


class Ended(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def modules_of(distributions: set[str]) -> set[str]:
    """Return the top-level modules of some installed distributions."""
    found = packages_distributions().items()
    return {module for module, names in found if not distributions.isdisjoint(map(normalized, names))}


@cache
def modules_beyond_the_base_install() -> frozenset[str]:
    """Return the top-level modules that `pip install -e .` does not install, as uv.lock resolves it."""
    base: set[str] = {PROJECT["name"]}
    pending = [need["name"] for need in PROJECT["dependencies"]]
    while pending:
        name = pending.pop()
        if name not in base:
            base.add(name)
            pending += [need["name"] for need in LOCK[name].get("dependencies", [])]
    return frozenset(packages_distributions()) - modules_of(base)


def carry_out(*commands: Sequence[str], **variables: str) -> list[Ended]:
    """Carry out one command after the other in one process."""
    return [Ended(*it) for it in _run(CARRY_OUT, commands, variables)]


def failed_imports(*modules: str) -> dict[str, str]:
    """Import modules, and return each that needs a missing package, with the reason."""
    failed: dict[str, str] = _run(IMPORT, modules, {})
    return failed


def _run(source: str, given: object, variables: dict[str, str]) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", BLOCK + source],
        cwd=ROOT,
        env=os.environ | variables,
        input=json.dumps([sorted(modules_beyond_the_base_install()), given]),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
