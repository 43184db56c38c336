"""`shaken-stir doctor --stack`: each obstacle is named, with what to do about it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import boto3
import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends

from onboarding.table.left_out_checks import record_left_out_check
from onboarding.table.validities import record_validity
from onboarding.validity import Validity
from shaken_stir.cli.main import execute
from shaken_stir.defaults import STACK
from shaken_stir.deployed.checks import deployment
from shaken_stir.deployed.checkup import Mark
from shaken_stir.deployed.stack import DeployedStack
from shaken_stir.engine.intrinsics import REGION
from tests.commands.deployed.conftest import Deploy, client, disable_schedule
from tests.commands.deployed.doctor import OTHER_TOKEN, Doctor
from tests.commands.output import run_in_ascii
from tests.world import NAMED, PRODUCT, PROFILE, account

PAST = datetime(2020, 1, 1, tzinfo=UTC)


def physical(logical_id: str) -> str:
    pages = client("cloudformation").list_stack_resources(StackName=STACK)
    found: str = next(
        it["PhysicalResourceId"] for it in pages["StackResourceSummaries"] if it["LogicalResourceId"] == logical_id
    )
    return found


def topic() -> str:
    return physical("AlarmTopic")


def test_a_stack_that_works_is_ticked_off_where_only_ascii_is_taken_too_until_a_run_fails(
    deploy: Deploy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    local = deploy(parent={"sid": account(77), "auth_token": OTHER_TOKEN})
    client("sns").subscribe(TopicArn=topic(), Protocol="email", Endpoint="ops@acme.example")
    local.run(NAMED)

    code, told = run_in_ascii(monkeypatch, "doctor", "--stack", STACK)

    assert code == 0
    tick = "\\u2713 "
    ticked = {line.removeprefix(tick).partition(":")[0] for line in told.splitlines() if line.startswith(tick)}
    assert ticked == {
        "Stack", "Secret", "Webhook", "Schedule", "Concurrency", "Alarm e-mail", "Alarms", "Runs", "Audit",
        "Validity", "Undelivered events",
    }  # fmt: skip
    assert f"Validity: Twilio names no end for the Business Profile {PROFILE}, as a run saw on " in " ".join(
        told.split()
    )
    assert "accepts a signed request and refuses a forged one" in told
    assert "cron(0 6 * * ? *) in UTC" in told
    assert "ops@acme.example hears of alarms" in told
    assert "Nothing is in the way." in told
    assert OTHER_TOKEN not in told

    local.run(NAMED | {"subaccounts": [account(9)]})
    doctor = Doctor(capsys)

    assert doctor.problems == ["Runs"]
    assert account(9) in doctor.words("Runs")
    assert [run["status"] for run in doctor.report["runs"]] == ["FAILED", "SUCCEEDED"]
    assert doctor.report["runs"][0]["error"] == "InvalidRequest"
    assert execute(["doctor", "--stack", STACK]) == 1
    told = capsys.readouterr().out
    assert "InvalidRequest: " in told
    assert "\n✓ Secret: " in told


def subscribe_without_confirming() -> None:
    client("sns").subscribe(TopicArn=topic(), Protocol="email", Endpoint="ops@acme.example")
    [subscription] = sns_backends[DEFAULT_ACCOUNT_ID][REGION].subscriptions.values()
    subscription.arn = "PendingConfirmation"


def raise_an_alarm() -> None:
    name = physical("ReviewOverdueAlarm")
    client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")


def leave_an_event_undelivered() -> None:
    client("sqs").send_message(QueueUrl=physical("UndeliveredEventsQueue"), MessageBody="{}")


def delete_the_schedule() -> None:
    client("scheduler").delete_schedule(Name=physical("OnboardingStateMachineWholeFleet"))


WARNINGS: Mapping[str, tuple[Callable[[], None], tuple[str, ...]]] = {
    "Schedule": (
        disable_schedule,
        ("only when somebody asks", "make deploy PARAMETERS='ScheduleExpression=\"cron(0 6 * * ? *)\"'"),
    ),
    "Alarm e-mail": (subscribe_without_confirming, ("ops@acme.example has not confirmed",)),
}
PROBLEMS: Mapping[str, tuple[Callable[[], None], tuple[str, ...]]] = {
    "Schedule": (delete_the_schedule, ("AWS refused GetSchedule (ResourceNotFoundException",)),
    "Alarms": (
        raise_an_alarm,
        ("ReviewOverdueAlarm is in ALARM since", "Twilio has had the Trust Product under review"),
    ),
    "Undelivered events": (
        leave_an_event_undelivered,
        ("1 did not reach the state machine", "aws sqs receive-message --queue-url http"),
    ),
}
"""What happens by the check that notices it, and what is told of it."""


def test_what_does_not_work_is_named_and_all_else_still_looked_at(
    deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy()
    for obstacles, mark in (WARNINGS, "warning"), (PROBLEMS, "problem"):
        for happens, _ in obstacles.values():
            happens()

        doctor = Doctor(capsys)

        for check, (_, told) in obstacles.items():
            assert doctor.marks(check) == [mark]
            assert [words for words in told if words not in doctor.words(check)] == []
        assert doctor.problems == (list(obstacles) if mark == "problem" else [])
        assert doctor.exit_code == (1 if doctor.problems else 0)
        assert len(doctor.report["findings"]) == 10
        assert doctor.marks("Secret") == doctor.marks("Webhook") == doctor.marks("Concurrency") == ["ok"]


def test_a_check_that_was_left_out_is_shown(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    local = deploy()
    record_left_out_check(local.table, "audit", "nightly", "The audit was left out: too much to read.")

    doctor = Doctor(capsys)

    assert doctor.marks("Audit") == ["warning"]
    assert "The audit was left out: too much to read. See docs/runbook.md#checksleftoutalarm." in doctor.words("Audit")
    assert doctor.exit_code == 0


def test_a_validity_that_ends_is_told_with_what_to_do_until_another_bundle_is_used(
    deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    local = deploy()
    seen = Validity(kind="trust_product", sid=PRODUCT, observed_at=datetime(2019, 12, 1, tzinfo=UTC), valid_until=PAST)
    record_validity(local.table, seen)

    doctor = Doctor(capsys)

    assert doctor.marks("Validity") == ["warning"]
    assert f"The Trust Product {PRODUCT} was valid until 2020-01-01 UTC (" in doctor.words("Validity")
    assert "ago), as a run saw on 2019-12-01 00:00 UTC See in the Console's Trust Hub" in doctor.words("Validity")
    assert (doctor.problems, doctor.exit_code) == ([], 0)
    used = seen.model_copy(
        update={"sid": PROFILE, "observed_at": PAST, "valid_until": datetime(2126, 1, 1, tzinfo=UTC)}
    )
    record_validity(local.table, used)
    doctor = Doctor(capsys)
    assert doctor.marks("Validity") == ["ok"]
    assert f"The Trust Product {PROFILE} is valid until 2126-01-01 UTC (in " in doctor.words("Validity")


@pytest.mark.parametrize(
    ("status", "mark"),
    [
        ("UPDATE_COMPLETE", Mark.OK),
        ("UPDATE_IN_PROGRESS", Mark.WARNING),
        ("UPDATE_ROLLBACK_COMPLETE", Mark.WARNING),
        ("UPDATE_ROLLBACK_FAILED", Mark.PROBLEM),
    ],
)
def test_where_the_last_deployment_stands_is_told(status: str, mark: Mark) -> None:
    stack = DeployedStack(STACK, status, {"StateMachineArn": "arn:..."}, boto3.Session())

    assert deployment(stack).mark is mark


@pytest.mark.parametrize("status", ["REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE"])
def test_a_stack_that_was_never_complete_is_in_the_way(status: str) -> None:
    found = deployment(DeployedStack(STACK, status, {}, boto3.Session()))

    assert found.mark is Mark.PROBLEM
    assert found.remedy
