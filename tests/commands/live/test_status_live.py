"""`shaken-stir status --live`: what runs on this machine have come to, read from the state file."""

import csv
import io
import json
from pathlib import Path

import pytest

from shaken_stir.cli.main import execute
from simulator.simulator import Simulator
from tests.commands.live.conftest import Start
from tests.commands.live.laptop import Laptop
from tests.world import PRODUCT, PROFILE, product


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


@pytest.mark.parametrize("again", ["run", "doctor", "plan", "check"])
def test_a_revoked_product_is_known_to_status_after_whatever_command_sees_it(
    again: str, twilio: Start, laptop: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    simulated = twilio(products=[product(business_profile=PROFILE)])
    simulated.known_here(monkeypatch, XDG_STATE_HOME=str(laptop.folder))
    request = ["--event", str(laptop.event)]
    assert execute(["run", "--live", "--yes", *request]) == 0
    assert execute(["status", "--live", "--exit-code"]) == 0
    simulated.simulator.controls.revoke(PRODUCT, [18601])
    command = {
        "run": ["run", "--live", "--yes", *request],
        "doctor": ["doctor", *request],
        "plan": ["run", "--live", "--dry-run", *request],
        "check": ["status", "--live", "--check"],
    }[again]
    assert execute(command) == 1
    capsys.readouterr()

    assert execute(["status", "--live", "--exit-code"]) == 3

    told = capsys.readouterr().out
    assert told.startswith("0 of 4 eligible numbers are signed; Twilio rejected the Trust Product; 4 need you.\n")
    assert f"Twilio rejected the Trust Product {PRODUCT} (18601: the business name" in told
    execute(["status", "--live", "--csv", "-"])
    assert {row["signed"] for row in csv.DictReader(io.StringIO(capsys.readouterr().out))} == {"no"}
    execute(["status", "--live", "--since", "1h"])
    assert capsys.readouterr().out.endswith("4 came, 4 signed, 4 lost, 0 went.\n")


def test_a_profile_that_is_no_longer_approved_is_known_to_status_after_a_run_that_it_stopped(
    twilio: Start, laptop: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    simulated = twilio(products=[product(business_profile=PROFILE)])
    simulated.known_here(monkeypatch, XDG_STATE_HOME=str(laptop.folder))
    request = ["--event", str(laptop.event)]
    assert execute(["run", "--live", "--yes", *request]) == 0
    [profile] = simulated.simulator.state.customer_profiles
    profile.status = "twilio-rejected"
    assert execute(["run", "--live", "--yes", *request]) == 1
    capsys.readouterr()

    assert execute(["status", "--live", "--exit-code"]) == 3

    assert capsys.readouterr().out.startswith(
        "0 of 4 eligible numbers are signed; the Business Profile is twilio-rejected; 4 need you.\n"
    )


def test_a_doctor_makes_no_state_file(
    twilio: Start, laptop: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    simulated = twilio(products=[product(business_profile=PROFILE)])
    simulated.known_here(monkeypatch, XDG_STATE_HOME=str(laptop.folder / "state"))

    assert execute(["doctor", "--event", str(laptop.event)]) == 0

    assert not (laptop.folder / "state").exists()
    assert "There is no state file" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["doctor"], ["run", "--live", "--dry-run"], ["status", "--live", "--check"]])
def test_the_functions_log_is_not_among_the_json(
    command: list[str],
    twilio: Start,
    laptop: Laptop,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    simulated = twilio(products=[product(business_profile=PROFILE)])
    simulated.known_here(monkeypatch, XDG_STATE_HOME=str(laptop.folder))
    assert execute(["run", "--live", "--yes", "--event", str(laptop.event)]) == 0
    # A status that is not known is logged once in a process.
    simulated.simulator.controls.set_status(PRODUCT, f"provisionally-{command[0]}")
    capsys.readouterr()

    execute([*command, "--json"])

    json.loads(capsys.readouterr().out)
