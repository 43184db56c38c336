"""`shaken-stir` within the tests' process, and what it said."""

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

from shaken_stir.cli.main import execute
from tools.command_reference import commands

SOON = ("--time-scale", "0.02")
"""A review of three seconds is over in a wink, and so is all other waiting."""


@dataclass(frozen=True)
class Done:
    """What a process would have left: its exit code, and what it has written."""

    code: int
    out: str
    err: str


def shaken_stir(*arguments: str) -> Done:
    """Run a command; fail unless it declares the exit code that it ends with."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = execute([*arguments])
    assert code in commands()[arguments[0]].exit_codes
    return Done(code, out.getvalue(), err.getvalue())
