"""`shaken-stir status --live`: what runs on this machine have come to, read from the state file."""

from pathlib import Path

import pytest

from shaken_stir.cli.main import execute
from simulator.simulator import Simulator


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
