"""The line that a command prints before it loads what it runs."""

import io
import sys

import pytest

from shaken_stir.cli.notice import ERASE, noticed


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_in_a_terminal_the_line_is_erased_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")

    with noticed("Starting...") as erase:
        assert terminal.getvalue() == "Starting..."
        erase()
        terminal.write("Run\n")

    assert terminal.getvalue() == f"Starting...{ERASE}Run\n"


def test_in_a_narrow_terminal_the_line_does_not_wrap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "8")

    with noticed("Starting..."):
        pass

    assert terminal.getvalue() == f"Startin{ERASE}"


def test_in_a_pipe_the_line_stays_or_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    with noticed("Starting..."), noticed("Loading...", only_in_terminal=True):
        pass

    assert capsys.readouterr().out == "Starting...\n"


def test_programs_get_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with noticed("Starting...", quiet=True):
        pass

    assert capsys.readouterr().out == ""
