"""`shaken-stir request`: a request goes to the deployed stack, and what becomes of it is told as it happens."""

import json
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from unittest.mock import Mock

import pytest
from botocore.exceptions import NoRegionError

from shaken_stir.cli.main import execute
from shaken_stir.defaults import STACK
from shaken_stir.deployed import commands, executions
from shaken_stir.engine.server import AwsServer
from shaken_stir.project import EXAMPLE_EVENT, ROOT
from shaken_stir.simulated.place import SimulatedPlace
from tests.integration.ascii_output import run_in_ascii
from tests.integration.deployed.conftest import Deploy, client, create_stack, disable_schedule
from tests.integration.onboarding.world import LONG_REVIEW, account, phone_number, subaccount, wait_until, waiting

EVENTS = ROOT / "events"
WHOLE_FLEET = EVENTS / "whole_fleet.json"
NAMED = {"TrustProductFriendlyName": "Acme Voice", "TrustProductEmail": "trust@acme.example"}


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executions, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(executions, "REVIEW_POLL_SECONDS", 0.02)


def request(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, list[str], str]:
    """The exit code, the lines that are not the functions' logs, and the errors."""
    capsys.readouterr()
    code = execute(["request", *options])
    told = capsys.readouterr()
    return code, [line for line in told.out.splitlines() if line and not line.startswith("{")], told.err


def states(lines: list[str]) -> list[str]:
    return [found[1] for line in lines if (found := re.fullmatch(r" *\d+:\d\d:\d\d  (.+)", line))]


def arn_of(lines: list[str]) -> str:
    return next(line.removeprefix("Execution ") for line in lines if line.startswith("Execution arn:"))


def status(local: SimulatedPlace, arn: str) -> str:
    return str(local.engine.describe_execution(arn)["status"])


def test_it_is_followed_to_the_review_which_goes_on_without(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    local = deploy(review={"seconds": LONG_REVIEW, "verdict": "approved"})

    code, lines, _ = request(capsys, "--event", str(EXAMPLE_EVENT))

    arn = arn_of(lines)
    assert code == 0
    assert states(lines)[0] == "Read Request"
    assert states(lines)[-1] == "Await Review"
    assert status(local, arn) == "RUNNING"
    assert lines[-1] == f"Follow it again: .venv/bin/shaken-stir request --stack {STACK} --execution {arn} --wait"
    assert any("Twilio reviews the Trust Product" in line for line in lines)


def test_subaccounts_are_told_as_they_come_out_before_the_states_after_them(
    deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(review={"seconds": LONG_REVIEW, "verdict": "approved"})

    _, lines, _ = request(capsys, "--event", str(EXAMPLE_EVENT))

    told = [line.strip() for line in lines]
    [first] = [index for index, line in enumerate(told) if line.startswith(f"Subaccount 1 ({account(1)}): onboarded")]
    after = next(index for index, line in enumerate(told) if line.endswith("Summarise Subaccounts"))
    assert told[first].endswith("(2 on product)")
    assert first < after
    assert sum("Subaccount 2" in line for line in told) == 1


def test_with_wait_it_is_followed_to_its_end(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    deploy(parameters=NAMED)

    code, lines, _ = request(capsys, "--event", str(WHOLE_FLEET), "--wait")

    assert code == 0
    assert states(lines)[-1] == "Onboarded"
    assert lines[-3].startswith("SUCCEEDED after 0:00:")
    assert lines[-2] == "2 subaccounts onboarded, 0 left to another execution (4 on product)."
    assert re.fullmatch(r"The Trust Product BU\w{32} is twilio-approved\.", lines[-1])


@pytest.mark.parametrize("options", [[], ["--wait"]], ids=["to the review", "to the end"])
def test_at_the_end_it_says_how_to_switch_the_daily_run_on(
    options: list[str], deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(parameters=NAMED)
    disable_schedule()

    code, lines, _ = request(capsys, "--event", str(WHOLE_FLEET), *options)

    assert code == 0
    assert lines[-2].startswith("The daily run is off, so numbers that come later wait for the next request.")
    assert lines[-1].endswith("switch it on: make deploy PARAMETERS='ScheduleExpression=\"cron(0 6 * * ? *)\"'")


def test_a_daily_run_that_cannot_be_looked_at_spoils_no_success(
    deploy: Deploy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(parameters=NAMED)
    monkeypatch.setattr(commands, "schedules", Mock(side_effect=NoRegionError))

    code, lines, errors = request(capsys, "--event", str(WHOLE_FLEET), "--wait")

    assert code == 0
    assert "shaken-stir request:" not in errors
    assert "is twilio-approved." in lines[-1]


def test_numbers_that_were_left_out_are_told(
    deploy: Deploy, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    deploy(parameters=NAMED)
    wrong, event = f"PN{'f' * 32}", tmp_path / "request.json"
    event.write_text(json.dumps({"subaccounts": [account(1)], "phone_numbers": [phone_number(1, 0), wrong]}))

    code, lines, _ = request(capsys, "--event", str(event), "--wait")

    assert code == 0
    assert lines[-2] == f"Left out of the request: {wrong}: it is not a number of {account(1)}."


def test_one_subaccount_is_told_in_the_singular(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    deploy(parameters=NAMED, subaccounts=[subaccount(1)])

    _, lines, _ = request(capsys, "--event", str(WHOLE_FLEET), "--wait")

    assert lines[-2] == "1 subaccount onboarded, 0 left to another execution (2 on product)."


def test_an_output_that_takes_only_ascii_gets_the_rest_as_numbers(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(parameters=NAMED, subaccounts=[subaccount(1, friendly_name="Büro")])

    code, told = run_in_ascii(monkeypatch, "request", "--event", str(WHOLE_FLEET))

    assert code == 0
    assert f"B\\xfcro ({account(1)}): onboarded" in told


def approve_after_polls(local: SimulatedPlace) -> None:
    """Let the execution ask for the verdict several times, and enter the same states each time."""
    assert wait_until(lambda: local.engine.invocations.get("check_trust_product", 0) >= 3)
    [product] = local.simulator.state.trust_products
    local.simulator.controls.decide(product.sid, "approved")


def test_it_is_found_again_and_what_was_is_told_once(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    local = deploy(parameters={"PollSeconds": "10"}, review={"seconds": 100 * LONG_REVIEW, "verdict": "approved"})
    _, lines, _ = request(capsys, "--event", str(EXAMPLE_EVENT))
    arn = arn_of(lines)
    approve_after_polls(local)
    local.engine.wait(arn, timeout=30)

    code, again, _ = request(capsys, "--execution", arn, "--wait")

    assert code == 0
    assert len(states(again)) == len(set(states(again)))
    assert {"Read Request", "Await Review", "Onboarded"} <= set(states(again))
    told = [line.split("  ")[-1] for line in again]
    assert told.index("Onboard Subaccounts") < told.index(f"Subaccount 1 ({account(1)}): onboarded (2 on product)")
    assert told.index(f"Subaccount 1 ({account(1)}): onboarded (2 on product)") < told.index("Summarise Subaccounts")


def test_that_twilio_reviews_is_told_once(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    local = deploy(parameters={"PollSeconds": "10"}, review={"seconds": 100 * LONG_REVIEW, "verdict": "approved"})
    approving = threading.Thread(target=approve_after_polls, args=[local])
    approving.start()

    code, lines, _ = request(capsys, "--event", str(EXAMPLE_EVENT), "--wait")
    approving.join()

    assert code == 0
    assert sum("Twilio reviews" in line for line in lines) == 1


def test_when_aws_fails_meanwhile_it_says_that_the_execution_goes_on(
    deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    local = deploy(review={"seconds": LONG_REVIEW, "verdict": "approved"})
    create_stack(local, "other", ProgressTableName="missing")

    code, lines, errors = request(capsys, "--event", str(EXAMPLE_EVENT), "--stack", "other")

    assert code == 2
    assert "AWS refused Query (ResourceNotFoundException" in errors
    assert "the execution goes on. Follow it again: " in errors
    assert f"--stack other --execution {arn_of(lines)} --wait" in errors


def test_a_request_that_fails_has_exit_code_1_and_says_what_to_do(
    tmp_path: Path, deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy()
    event = tmp_path / "unknown.json"
    event.write_text(f'{{"subaccounts": ["{account(9)}"]}}')

    code, lines, _ = request(capsys, "--event", str(event))

    assert code == 1
    assert states(lines)[-1] == "Failed"
    assert lines[-3].startswith("FAILED after")
    assert lines[-2].startswith("InvalidRequest: ")
    assert account(9) in lines[-2]
    assert lines[-1].startswith("Next: ")


def test_a_second_request_is_told_that_another_awaits_the_verdict(
    deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(review={"seconds": LONG_REVIEW, "verdict": "approved"})
    request(capsys, "--event", str(EXAMPLE_EVENT))

    code, lines, _ = request(capsys, "--event", str(EXAMPLE_EVENT), "--wait")

    assert code == 0
    assert lines[-1].endswith("is reviewed, and another execution awaits the verdict.")


def test_an_eventbridge_event_goes_through_the_template_s_rule(
    deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    local = deploy()

    code, lines, _ = request(capsys, "--event", str(EVENTS / "onboarding_requested.json"), "--wait")

    assert code == 0
    assert local.engine.describe_execution(arn_of(lines))["input"].startswith('{"trust_product"')


def test_what_cannot_be_sent_or_followed_is_told_in_one_sentence(
    tmp_path: Path, deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    local = deploy()
    create_stack(local, "other", StateMachineArn=local.engine.state_machine_arn + "-of-another")
    ended = local.engine.start_execution({})
    local.engine.wait(ended)
    no_rule = tmp_path / "no_rule.json"
    no_rule.write_text('{"source": "acme", "detail-type": "Something Else", "detail": {}}')
    unknown = f"{ended.rpartition(':')[0]}:unknown"

    for options, told in (
        (["--event", "missing.json"], "missing.json cannot be read"),
        (["--event", str(no_rule)], "Something Else"),
        (["--event", str(EXAMPLE_EVENT), "--stack", "missing"], "There is no stack missing"),
        (["--execution", unknown], f"has no execution {unknown}"),
        (["--execution", "arn"], "has no execution arn"),
        (["--execution", ended, "--stack", "other"], "The stack other has no execution"),
    ):
        code, lines, errors = request(capsys, *options)
        assert (code, lines, errors.count("\n")) == (2, [], 1), options
        assert told in errors


def test_a_file_that_is_missing_is_told_before_aws_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "missing")

    code, lines, errors = request(capsys, "--event", "missing.json")

    assert (code, lines) == (2, [])
    assert "missing.json cannot be read" in errors


@pytest.mark.parametrize("command", [["request", "--event", str(EXAMPLE_EVENT)], ["doctor"]])
def test_an_empty_name_of_a_stack_is_not_taken_for_none(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert execute([*command, "--stack", ""]) == 2
    assert "argument --stack: the name is empty" in capsys.readouterr().err


def test_ctrl_c_stops_following_and_not_the_execution(deploy: Deploy) -> None:
    local = deploy(review={"seconds": LONG_REVIEW, "verdict": "approved"})
    command = [sys.executable, "-m", "shaken_stir.cli.main", "request", "--event", str(EXAMPLE_EVENT), "--wait"]
    with (
        AwsServer() as aws,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env={
                "PATH": "/usr/bin:/bin",
                "AWS_ENDPOINT_URL": aws.url,
                "AWS_ACCESS_KEY_ID": "any",
                "AWS_SECRET_ACCESS_KEY": "any",
                "AWS_DEFAULT_REGION": "us-east-1",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdout
        arn = process.stdout.readline().removeprefix("Execution ").strip()
        while "Twilio reviews" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)

    assert process.returncode == 130
    assert errors.strip() == (
        "Stopped following; the execution goes on. Follow it again: "
        f".venv/bin/shaken-stir request --stack {STACK} --execution {arn} --wait"
    )
    assert status(local, arn) == "RUNNING"
    assert waiting(local)
    assert client("stepfunctions").list_executions(stateMachineArn=local.engine.state_machine_arn)["executions"]
