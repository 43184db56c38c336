"""`shaken-stir request`: a request goes to the deployed stack, and what becomes of it is told as it happens."""

import json
import re
from pathlib import Path
from unittest.mock import Mock

import pytest
from botocore.exceptions import NoRegionError

import audit_assignments
from shaken_stir.defaults import STACK
from shaken_stir.deployed import commands
from shaken_stir.project import EXAMPLE_EVENT, ROOT
from tests.commands.deployed.conftest import Deploy, disable_schedule
from tests.commands.deployed.requesting import arn_of, request, states, status
from tests.commands.output import run_in_ascii
from tests.world import NEVER, PROFILE, account, phone_number, product, subaccount

WHOLE_FLEET = ROOT / "events/whole_fleet.json"
NAMED = {"TrustProductFriendlyName": "Acme Voice", "TrustProductEmail": "trust@acme.example"}

pytestmark = pytest.mark.usefixtures("_look_often")


def test_it_is_followed_to_the_review_each_subaccount_told_before_the_states_after_it(
    deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    local = deploy(review={"seconds": NEVER, "verdict": "approved"})
    disable_schedule()

    code, lines, _ = request(capsys, "--event", str(EXAMPLE_EVENT))

    arn = arn_of(lines)
    assert code == 0
    assert states(lines)[0] == "Read Request"
    assert states(lines)[-1] == "Await Review"
    assert status(local, arn) == "RUNNING"
    assert lines[-3] == f"Follow it again: .venv/bin/shaken-stir request --stack {STACK} --execution {arn} --wait"
    assert switched_on_by(lines)
    assert any("Twilio reviews the Trust Product" in line for line in lines)
    told = [line.strip() for line in lines]
    [first] = [index for index, line in enumerate(told) if line.startswith(f"Subaccount 1 ({account(1)}): done")]
    after = next(index for index, line in enumerate(told) if line.endswith("Summarise Subaccounts"))
    assert told[first].endswith("(2 on the Trust Product)")
    assert first < after
    assert sum("Subaccount 2" in line for line in told) == 1

    code, lines, _ = request(capsys, "--event", str(EXAMPLE_EVENT), "--wait")

    assert code == 0
    assert lines[-3].endswith("is reviewed, and another execution awaits the verdict.")


def switched_on_by(lines: list[str]) -> bool:
    """Say whether the last of them tell that the daily run is off, and how to switch it on."""
    return lines[-2].startswith(
        "The daily run is off, so numbers that come later wait for the next request."
    ) and lines[-1].endswith("switch it on: make deploy PARAMETERS='ScheduleExpression=\"cron(0 6 * * ? *)\"'")


def test_with_wait_an_eventbridge_event_is_followed_to_its_end_whatever_aws_says_of_the_daily_run(
    deploy: Deploy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    local = deploy()
    monkeypatch.setattr(commands, "schedules", Mock(side_effect=NoRegionError))

    code, lines, errors = request(capsys, "--event", str(ROOT / "events/onboarding_requested.json"), "--wait")

    assert code == 0
    assert "shaken-stir request:" not in errors
    # It went through the template's rule.
    assert local.engine.describe_execution(arn_of(lines))["input"].startswith('{"trust_product"')
    assert states(lines)[-1] == "Onboarded"
    assert lines[-3].startswith("SUCCEEDED after 0:00:")
    assert lines[-2] == "2 subaccounts done, 0 left to another execution (4 on the Trust Product)."
    assert re.fullmatch(r"The Trust Product BU\w{32} is twilio-approved\.", lines[-1])


def test_what_the_request_names_and_cannot_be_is_told_in_the_singular_and_by_numbers_where_only_ascii_is_taken(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deploy(parameters=NAMED, subaccounts=[subaccount(1, friendly_name="Büro")])
    wrong, event = f"PN{'f' * 32}", tmp_path / "request.json"
    event.write_text(json.dumps({"subaccounts": [account(1)], "phone_numbers": [phone_number(1, 0), wrong]}))

    code, told = run_in_ascii(monkeypatch, "request", "--event", str(event), "--wait")

    assert code == 0
    assert f"B\\xfcro ({account(1)}): done" in told
    assert "\n1 subaccount done, 0 left to another execution (1 on the Trust Product).\n" in told
    assert told.splitlines()[-2] == f"Left out of the request: {wrong}: it is not a number of {account(1)}."


def test_a_request_that_fails_has_exit_code_1_and_says_what_to_do(
    tmp_path: Path, deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy()
    event = tmp_path / "unknown.json"
    event.write_text(f'{{"subaccounts": ["{account(9)}"]}}')

    code, lines, _ = request(capsys, "--event", str(event))

    assert code == 1
    assert not [line for line in lines if "tries it again" in line]
    assert states(lines)[-1] == "Failed"
    assert lines[-3].startswith("FAILED after")
    assert lines[-2].startswith("InvalidRequest: ")
    assert account(9) in lines[-2]
    assert lines[-1].startswith("Next: ")


def test_what_a_run_left_out_is_told_and_how_to_switch_the_daily_run_on(
    deploy: Deploy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [phone_number(1, 0), phone_number(1, 1)]
    deploy(
        subaccounts=[subaccount(1)],
        profiles=[{"sid": PROFILE, "status": "twilio-approved", "primary": True, "numbers": numbers}],
        products=[product(business_profile=PROFILE)],
    )
    disable_schedule()
    monkeypatch.setattr(audit_assignments, "MOST_NUMBERS", 1)

    code, lines, _ = request(capsys, "--event", str(WHOLE_FLEET), "--wait")

    assert code == 0
    assert switched_on_by(lines)
    assert lines[-4].startswith(f"The audit was left out: {PROFILE} has more assignments than can be read in one step")
