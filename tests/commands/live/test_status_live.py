"""`shaken-stir status --live`: what runs on this machine have come to, read from the state file."""

from pathlib import Path

import pytest

from shaken_stir.cli.main import execute
from simulator.simulator import Simulator
from tests.commands.live.conftest import Command


def test_a_run_on_this_machine_is_told_number_by_number(
    simulator: Simulator, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("run", "--live", "--yes", "--twilio", simulator.url)[0] == 0

    code = execute(["status", "--live", "--twilio", simulator.url, "--unsigned"])

    out = capsys.readouterr().out
    assert code == 0
    assert out.startswith("0 of 4 eligible numbers are signed; Twilio has been reviewing the Trust Product since ")
    assert "Read from the state file " in out
    assert out.count("in-review since") == 4


def test_without_a_run_it_says_that_there_was_none(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", simulator.account_sid)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", simulator.auth_token)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    assert execute(["status", "--live"]) == 2

    assert capsys.readouterr().err == (
        f"shaken-stir status: There is no state file {tmp_path}/shaken-stir/{simulator.account_sid}.json: no run with "
        f"--live was made for {simulator.account_sid} on this machine; make one, or name the file with --state.\n"
    )
