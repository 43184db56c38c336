"""`shaken-stir request` within the test's process, and what it said."""

import re

import pytest

from shaken_stir.cli.main import execute
from shaken_stir.simulated.place import SimulatedPlace


def request(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, list[str], str]:
    """The exit code, the lines that are not the functions' logs, and the errors."""
    capsys.readouterr()
    code = execute(["request", *options])
    told = capsys.readouterr()
    return code, [line for line in told.out.splitlines() if line and not line.startswith("{")], told.err


def states(lines: list[str]) -> list[str]:
    return [found[1] for line in lines if (found := re.fullmatch(r" *\d+:\d\d:\d\d  (.+)", line))]


def arn_of(lines: list[str]) -> str:
    return next(line.removeprefix("Execution ") for line in lines if line.startswith("Execution arn:"))


def status(local: SimulatedPlace, arn: str) -> str:
    return str(local.engine.describe_execution(arn)["status"])
