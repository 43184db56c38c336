"""A command within the test's process, whose output goes elsewhere: where only ASCII is taken, or to a terminal."""

import io
import sys

import pytest

from shaken_stir.cli import main
from tests.commands.terminal import OWN_SEQUENCES, Seen


class Output(io.TextIOWrapper):
    """What takes it: a terminal or not."""

    def __init__(self, output: io.BytesIO, encoding: str, *, terminal: bool) -> None:
        super().__init__(output, encoding=encoding, write_through=True)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def run_in_ascii(monkeypatch: pytest.MonkeyPatch, *arguments: str, terminal: bool = False) -> tuple[int, str]:
    """Run `shaken-stir` with an output as with PYTHONIOENCODING=ascii; gives its exit code and what it printed."""
    output = io.BytesIO()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", Output(output, "ascii", terminal=terminal))
        return run(patched, arguments, terminal=terminal), output.getvalue().decode("ascii")


def run_as_in_terminal(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Seen:
    """Run `shaken-stir` as if its output and its errors went to a wide terminal."""
    output = io.BytesIO()
    with monkeypatch.context() as patched:
        for stream in ("stdout", "stderr"):
            patched.setattr(sys, stream, Output(output, "utf-8", terminal=True))
        code, raw = run(patched, arguments, terminal=True), output.getvalue().decode()
    return Seen(code, raw, OWN_SEQUENCES.sub("", raw))


def run(patched: pytest.MonkeyPatch, arguments: tuple[str, ...], *, terminal: bool) -> int:
    patched.setattr(sys, "argv", ["shaken-stir", *arguments])
    if terminal:
        for name in ("NO_COLOR", "FORCE_COLOR"):
            patched.delenv(name, raising=False)
        for name, value in {"TERM": "xterm-256color", "COLUMNS": "200", "LINES": "60"}.items():
            patched.setenv(name, value)
    with pytest.raises(SystemExit) as end:
        main.main()
    return int(end.value.code or 0)
