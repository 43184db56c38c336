"""What `shaken-stir run --live` says before anybody is asked, to people and to programs."""

import json
import sys
from pathlib import Path

import pytest

from shaken_stir.cli.live import cut_off
from simulator.simulator import Simulator
from tests.commands.live.conftest import Command
from tests.commands.live.laptop import Terminal
from tests.world import NAMED, account


@pytest.mark.parametrize("how", [[], ["--yes"]], ids=["asked", "yes"])
def test_a_log_that_cannot_be_written_is_told_before_twilio_is_asked_anything(
    how: list[str], simulator: Simulator, command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("n"))
    log = tmp_path / "missing" / "functions.log"

    code, out, err = command("run", "--live", *how, "--twilio", simulator.url, "--log", str(log))

    assert (code, out) == (2, "")
    assert err == (
        f"shaken-stir run: The log file {log} cannot be written (No such file or directory); name another with --log.\n"
    )
    assert simulator.calls == {}


def test_the_log_of_an_earlier_run_stays_when_the_answer_is_no(
    simulator: Simulator, command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("n"))
    log = tmp_path / "functions.log"
    log.write_text("of yesterday\n")

    code, out, _ = command("run", "--live", "--twilio", simulator.url, "--log", str(log))

    assert (code, out.splitlines()[-1]) == (1, "Nothing was changed.")
    assert log.read_text() == "of yesterday\n"


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({**NAMED, "colour": 1}, "colour is not known"),
        ({**NAMED, "subaccounts": ["AC1"]}, "subaccounts[0]"),
        ({**NAMED, "phone_numbers": ["PN" + "0" * 32]}, "phone_numbers"),
    ],
    ids=["unknown key", "malformed SID", "numbers of no account"],
)
def test_a_malformed_request_is_an_object_for_programs(
    request_: dict[str, object], why: str, simulator: Simulator, command: Command, tmp_path: Path
) -> None:
    (tmp_path / "request.json").write_text(json.dumps(request_))

    for how in ("--dry-run", "--yes"):
        code, out, err = command("run", "--live", how, "--json", "--twilio", simulator.url)

        assert (code, out.count("\n"), err.count("\n")) == (1, 1, 1)
        plan = json.loads(out)
        assert (plan["account_sid"], plan["twilio"], plan["changes"]) == (simulator.account_sid, simulator.url, False)
        [told] = plan["in_the_way"]
        assert why in told
        assert err == f"shaken-stir run: {told}\n"


def test_refused_credentials_are_an_object_for_programs(
    simulator: Simulator, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", account(1))

    code, out, err = command("run", "--live", "--dry-run", "--json", "--twilio", simulator.url)

    assert (code, out.count("\n")) == (1, 1)
    plan = json.loads(out)
    assert plan["account_sid"] == account(1)
    assert err == f"shaken-stir run: {plan['in_the_way'][0]}\n"


@pytest.mark.parametrize(("pause", "words"), [(0.2, "1 second"), (1.0, "1 second"), (19.5, "20 seconds")])
def test_the_pause_after_a_run_that_was_cut_off_is_counted(pause: float, words: str) -> None:
    assert f" get {words} to show " in cut_off(pause)
