"""`shaken-stir run --live` on a person's machine, and what Twilio got of it."""

import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TextIO

import pytest

from shaken_stir.cli.main import execute
from shaken_stir.project import ROOT
from tests.commands.live.twilio_itself import TwilioItself
from tests.world import NAMED, phone_number

COMMAND = [sys.executable, "-m", "shaken_stir.cli.main", "run", "--live"]
DAYS = {"review": {"seconds": 500_000}}


class Said(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


class Terminal:
    """Standard input with a person, who looks around before answering.

    Attributes:
        asked: How often there was a question.
    """

    def __init__(self, answer: str, look: Callable[[], object] = lambda: None) -> None:
        self._answer = answer
        self._look = look
        self.asked = 0

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        self.asked += 1
        self._look()
        return f"{self._answer}\n"


class Laptop:
    """A person's machine: the request in a file, and where state is kept between runs."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.event = folder / "request.json"
        self.event.write_text(json.dumps(NAMED))

    def state_file(self, simulated: TwilioItself) -> Path:
        return self.folder / "shaken-stir" / f"{simulated.simulator.account_sid}.json"

    def run(
        self,
        simulated: TwilioItself,
        *arguments: str,
        terminal: Terminal | None = None,
        stdin: TextIO | None = None,
        output: io.StringIO | None = None,
        errors: io.StringIO | None = None,
    ) -> Said:
        """Run it within the test's process.

        Args:
            simulated: Twilio.
            arguments: What is typed behind `run --live`.
            terminal: Who is asked, None where there is nobody.
            stdin: Standard input, None for `terminal`.
            output: What takes standard output, for a test that reads it meanwhile.
            errors: What takes standard error, likewise.
        """
        with self._monkeypatch.context() as patched:
            simulated.known_here(patched, XDG_STATE_HOME=str(self.folder))
            patched.setattr(sys, "stdin", stdin or terminal or io.StringIO())
            for name, taking in ("stdout", output), ("stderr", errors):
                if taking is not None:
                    patched.setattr(sys, name, taking)
            self._capsys.readouterr()
            code = execute(["run", "--live", "--event", str(self.event), *arguments])
            said = self._capsys.readouterr()
            return Said(
                code,
                said.out if output is None else output.getvalue(),
                said.err if errors is None else errors.getvalue(),
            )

    @contextmanager
    def started(self, simulated: TwilioItself, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """A run in a process of its own."""
        with subprocess.Popen(
            [*COMMAND, "--event", str(self.event), *arguments],
            cwd=ROOT,
            env=simulated.environment(XDG_STATE_HOME=str(self.folder)),
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            try:
                yield process
            finally:
                process.kill()


class Person:
    """Somebody at a terminal of the system's, which is a command's standard input."""

    def __init__(self, terminal: int, stdin: TextIO) -> None:
        self._terminal = terminal
        self.stdin = stdin

    def type(self, answer: str) -> None:
        os.write(self._terminal, f"{answer}\n".encode())


@contextmanager
def asked_in_terminal() -> Iterator[Person]:
    ours, theirs = pty.openpty()
    try:
        with os.fdopen(theirs, encoding="utf-8") as stdin:
            yield Person(ours, stdin)
    finally:
        os.close(ours)


def posts(simulated: TwilioItself) -> list[str]:
    return [sent.path for sent in simulated.sent if sent.method == "POST"]


def each_once(simulated: TwilioItself, subaccounts: int, numbers: int) -> bool:
    state = simulated.simulator.state
    expected = [phone_number(s, n) for s in range(1, subaccounts + 1) for n in range(numbers)]
    [product] = state.trust_products
    [profile] = state.customer_profiles
    on_both = [sorted(it.number_sid for it in bundle.endpoints) for bundle in (profile, product)]
    return on_both == [expected, expected] and len(list(product.entities)) == 1


def only_gets(simulated: TwilioItself) -> bool:
    return {sent.method for sent in simulated.sent} == {"GET"}


def one_sentence(errors: str, told: str) -> bool:
    assert errors.startswith("shaken-stir run: ")
    assert told in errors
    assert errors.count("\n") == 1
    return True
