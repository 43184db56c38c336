"""What `shaken-stir doctor --stack` says, by what it checks."""

from typing import Any

import pytest

from shaken_stir.cli.main import execute
from shaken_stir.defaults import STACK
from tests.commands.schemas import parsed

OTHER_TOKEN = "f" * 32


class Doctor:
    """What the doctor says of a stack."""

    def __init__(self, capsys: pytest.CaptureFixture[str], stack: str = STACK) -> None:
        capsys.readouterr()
        self.exit_code = execute(["doctor", "--stack", stack, "--json"])
        self.text = capsys.readouterr().out.splitlines()[-1]
        self.report: dict[str, Any] = parsed(self.text, "checkup")

    def marks(self, check: str) -> list[str]:
        return [it["mark"] for it in self.report["findings"] if it["check"] == check]

    def words(self, check: str) -> str:
        return " ".join(f"{it['says']} {it['remedy']}" for it in self.report["findings"] if it["check"] == check)

    @property
    def problems(self) -> list[str]:
        return [it["check"] for it in self.report["findings"] if it["mark"] == "problem"]
