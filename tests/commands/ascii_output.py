"""A command whose standard output takes nothing but ASCII, as with PYTHONIOENCODING=ascii."""

import io
import sys

import pytest

from shaken_stir.cli import main


class Ascii(io.TextIOWrapper):
    """An output of this kind; a terminal or not."""

    def __init__(self, output: io.BytesIO, *, terminal: bool) -> None:
        super().__init__(output, encoding="ascii", write_through=True)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def run_in_ascii(monkeypatch: pytest.MonkeyPatch, *arguments: str, terminal: bool = False) -> tuple[int, str]:
    """Run `shaken-stir` in this process; gives its exit code and what it printed."""
    output = io.BytesIO()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "argv", ["shaken-stir", *arguments])
        patched.setattr(sys, "stdout", Ascii(output, terminal=terminal))
        with pytest.raises(SystemExit) as end:
            main.main()
        return int(end.value.code or 0), output.getvalue().decode("ascii")
