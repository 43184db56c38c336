"""What a command says of its transcript, however it ends."""

import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from shaken_stir.cli.transcript import transcribed

WHOLE = "The transcript {} holds 0 requests with what came back, redacted. Read it before you send it to anybody.\n"


def said(path: Path | None) -> str:
    out = io.StringIO()
    with transcribed(path, None, Console(file=out, highlight=False)):
        pass
    return out.getvalue()


def test_where_it_is_is_said_at_the_end(tmp_path: Path) -> None:
    assert said(tmp_path / "t") == WHOLE.format(tmp_path / "t")


def test_where_it_is_is_said_after_ctrl_c_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), transcribed(tmp_path / "t", None, Console(highlight=False, soft_wrap=True)):
        raise KeyboardInterrupt

    assert capsys.readouterr().out == WHOLE.format(tmp_path / "t")


def test_without_one_nothing_is_said() -> None:
    assert said(None) == ""


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)

    assert said(tmp_path / "t").endswith(
        "to anybody. The rest is missing: it could not be written (No space left on device).\n"
    )
