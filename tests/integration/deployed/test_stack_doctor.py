"""`shaken-stir doctor --stack`: each obstacle is named, with what to do about it."""

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends

from shaken_stir.cli.main import execute
from shaken_stir.defaults import STACK
from shaken_stir.deployed.checks import deployment
from shaken_stir.deployed.checkup import Mark
from shaken_stir.deployed.stack import DeployedStack
from shaken_stir.engine.intrinsics import REGION
from shaken_stir.project import EXAMPLE_EVENT, SMALL_FLEET
from shaken_stir.simulated.place import SimulatedPlace
from simulator.fleet import load_fleet
from simulator.simulator import Simulator
from tests.integration.ascii_output import run_in_ascii
from tests.integration.deployed.conftest import Deploy, client, create_stack, disable_schedule
from tests.integration.onboarding.world import NAMED, account
from tests.integration.twilio_simulator.receiver import Receiver

OTHER_TOKEN = "f" * 32


class Doctor:
    """What the doctor says of a stack."""

    def __init__(self, capsys: pytest.CaptureFixture[str], stack: str = STACK) -> None:
        capsys.readouterr()
        self.exit_code = execute(["doctor", "--stack", stack, "--json"])
        self.text = capsys.readouterr().out.splitlines()[-1]
        self.report: dict[str, Any] = json.loads(self.text)

    def marks(self, check: str) -> list[str]:
        return [it["mark"] for it in self.report["findings"] if it["check"] == check]

    def words(self, check: str) -> str:
        return " ".join(f"{it['says']} {it['remedy']}" for it in self.report["findings"] if it["check"] == check)

    @property
    def problems(self) -> list[str]:
        return [it["check"] for it in self.report["findings"] if it["mark"] == "problem"]


def physical(logical_id: str) -> str:
    pages = client("cloudformation").list_stack_resources(StackName=STACK)
    found: str = next(
        it["PhysicalResourceId"] for it in pages["StackResourceSummaries"] if it["LogicalResourceId"] == logical_id
    )
    return found


def topic() -> str:
    return physical("AlarmTopic")


def put_secret(local: SimulatedPlace, text: str) -> None:
    arn = local.engine.environment["TWILIO_SECRET_ARN"]
    client("secretsmanager").put_secret_value(SecretId=arn, SecretString=text)


def test_an_output_that_takes_only_ascii_gets_the_rest_as_numbers(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy()

    code, told = run_in_ascii(monkeypatch, "doctor", "--stack", STACK)

    assert code == 0
    assert "\n\\u2713 Secret: " in told


def test_a_stack_that_works_is_ticked_off(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    local = deploy(parent={"sid": account(77), "auth_token": OTHER_TOKEN})
    client("sns").subscribe(TopicArn=topic(), Protocol="email", Endpoint="ops@acme.example")
    local.run(NAMED)
    capsys.readouterr()

    assert execute(["doctor", "--stack", STACK]) == 0

    told = capsys.readouterr().out
    ticked = {line.removeprefix("✓ ").partition(":")[0] for line in told.splitlines() if line.startswith("✓")}
    assert ticked == {
        "Stack", "Secret", "Webhook", "Schedule", "Alarm e-mail", "Alarms", "Runs", "Undelivered events"
    }  # fmt: skip
    assert "accepts a signed request and refuses a forged one" in told
    assert "cron(0 6 * * ? *) in UTC" in told
    assert "ops@acme.example hears of alarms" in told
    assert "Nothing is in the way." in told
    assert OTHER_TOKEN not in told


def test_trying_the_webhook_leaves_nothing_behind(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    local = deploy()

    doctor = Doctor(capsys)

    assert doctor.marks("Webhook") == ["ok"]
    assert local.engine.invocations["status_callback"] == 2
    assert client("dynamodb").scan(TableName=local.engine.environment["TABLE_NAME"])["Items"] == []


def test_a_secret_that_holds_nothing_is_said_with_the_command_that_fills_it(
    deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    local = deploy()
    empty = client("secretsmanager").create_secret(Name="empty")["ARN"]
    create_stack(local, "new", TwilioSecretArn=empty)

    doctor = Doctor(capsys, "new")

    assert (doctor.exit_code, doctor.problems, doctor.marks("Webhook")) == (1, ["Secret"], ["warning"])
    fill = f"aws secretsmanager put-secret-value --secret-id {empty} --secret-string file:///dev/stdin, then type {{"
    assert fill in doctor.words("Secret")


def test_a_malformed_secret_is_described_and_never_shown(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    local = deploy()
    for content, told in (
        ("not JSON", "not JSON of the form"),
        ("[]", "not JSON of the form"),
        (json.dumps({"account_sid": OTHER_TOKEN, "auth_token": OTHER_TOKEN}), "account_sid must be AC"),
        (json.dumps({"account_sid": account(1)}), "auth_token must be the Auth Token"),
        (
            json.dumps({"account_sid": account(1), "auth_token": OTHER_TOKEN, "secondary_auth_token": ""}),
            "secondary_auth_token must be left out",
        ),
    ):
        put_secret(local, content)

        doctor = Doctor(capsys)

        assert doctor.problems == ["Secret"]
        assert told in doctor.words("Secret")
        assert OTHER_TOKEN not in doctor.text


def test_a_webhook_that_goes_by_another_token_is_in_the_way(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    local = deploy()
    Doctor(capsys)
    put_secret(local, json.dumps({"account_sid": local.simulator.account_sid, "auth_token": OTHER_TOKEN}))

    doctor = Doctor(capsys)

    assert doctor.problems == ["Webhook"]
    assert "refuses what is signed" in doctor.words("Webhook")
    assert "look again in 5 minutes" in doctor.words("Webhook")


def test_a_webhook_that_does_not_answer_is_in_the_way(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as bound_only:
        bound_only.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound_only.getsockname()[1]}/status-callback"
        create_stack(deploy(), "new", CallbackUrl=url)

        doctor = Doctor(capsys, "new")

    assert doctor.problems == ["Webhook"]
    assert f"{url} does not answer" in doctor.words("Webhook")


@pytest.mark.parametrize(
    ("status", "told"), [(400, "to a forged request"), (502, "502 Bad Gateway to a signed request")]
)
def test_something_else_at_the_webhook_s_address_is_in_the_way(
    status: int, told: str, deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    with Receiver(status=status) as other:
        create_stack(deploy(), "new", CallbackUrl=other.url)

        doctor = Doctor(capsys, "new")

    assert doctor.problems == ["Webhook"]
    assert told in doctor.words("Webhook")


def measure_refused_signatures(count: float, minutes_ago: int) -> None:
    measured = {
        "MetricName": "RefusedSignatures",
        "Dimensions": [{"Name": "service", "Value": STACK}],
        "Timestamp": datetime.now(UTC) - timedelta(minutes=minutes_ago),
        "Value": count,
    }
    client("cloudwatch").put_metric_data(Namespace="ShakenStirOnboarding", MetricData=[measured])


def test_no_forged_request_is_sent_when_it_would_raise_an_alarm(
    deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    local = deploy()
    measure_refused_signatures(4, minutes_ago=90)
    measure_refused_signatures(3, minutes_ago=30)

    assert "refuses a forged one" in Doctor(capsys).words("Webhook")

    measure_refused_signatures(1, minutes_ago=0)
    calls_before = local.engine.invocations["status_callback"]
    doctor = Doctor(capsys)

    assert doctor.marks("Webhook") == ["ok"]
    assert "was not tried" in doctor.words("Webhook")
    assert local.engine.invocations["status_callback"] == calls_before + 1


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


@dataclass(frozen=True)
class Obstacle:
    happens: Callable[[], None]
    check: str
    mark: str
    told: tuple[str, ...]


OBSTACLES = (
    Obstacle(
        disable_schedule,
        "Schedule",
        "warning",
        ("only when somebody asks", "make deploy PARAMETERS='ScheduleExpression=\"cron(0 6 * * ? *)\"'"),
    ),
    Obstacle(delete_the_schedule, "Schedule", "problem", ("AWS refused GetSchedule (ResourceNotFoundException",)),
    Obstacle(subscribe_without_confirming, "Alarm e-mail", "warning", ("ops@acme.example has not confirmed",)),
    Obstacle(
        raise_an_alarm,
        "Alarms",
        "problem",
        ("ReviewOverdueAlarm is in ALARM since", "Twilio has had the Trust Product under review"),
    ),
    Obstacle(
        leave_an_event_undelivered,
        "Undelivered events",
        "problem",
        ("1 did not reach the state machine", "aws sqs receive-message --queue-url http"),
    ),
)


@pytest.mark.parametrize("obstacle", OBSTACLES, ids=lambda it: it.happens.__name__)
def test_what_does_not_work_is_named_and_all_else_still_looked_at(
    obstacle: Obstacle, deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy()
    obstacle.happens()

    doctor = Doctor(capsys)

    assert doctor.marks(obstacle.check) == [obstacle.mark]
    assert [words for words in obstacle.told if words not in doctor.words(obstacle.check)] == []
    assert doctor.problems == ([obstacle.check] if obstacle.mark == "problem" else [])
    assert doctor.exit_code == (1 if doctor.problems else 0)
    assert len(doctor.report["findings"]) == 8


def test_the_last_run_s_cause_is_told(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    local = deploy()
    local.run(NAMED)
    local.run(NAMED | {"subaccounts": [account(9)]})

    doctor = Doctor(capsys)

    assert doctor.problems == ["Runs"]
    assert account(9) in doctor.words("Runs")
    assert [run["status"] for run in doctor.report["runs"]] == ["FAILED", "SUCCEEDED"]
    assert doctor.report["runs"][0]["error"] == "InvalidRequest"
    assert execute(["doctor", "--stack", STACK]) == 1
    assert "InvalidRequest: " in capsys.readouterr().out


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


def test_no_such_stack_is_told_in_one_sentence(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    deploy()
    capsys.readouterr()

    assert execute(["doctor", "--stack", "missing"]) == 2

    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "There is no stack missing in us-east-1" in told.err


def test_a_stack_of_something_else_is_told_in_one_sentence(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    deploy()
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {}}}}
    client("cloudformation").create_stack(StackName="other", TemplateBody=json.dumps(template))
    capsys.readouterr()

    assert execute(["doctor", "--stack", "other"]) == 2

    assert "is not one of this application" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("missing", "told"), [("AWS_ACCESS_KEY_ID", "No AWS credentials"), ("AWS_DEFAULT_REGION", "No AWS region")]
)
def test_without_credentials_or_region_it_says_so(
    missing: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(missing)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    assert execute(["doctor", "--stack", STACK]) == 2

    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("variables", "region"),
    [
        ({"AWS_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-1"}, "eu-west-1"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "us-east-1"}, "us-east-1"),
        ({"AWS_DEFAULT_REGION": "us-east-1"}, "us-east-1"),
    ],
    ids=["AWS_REGION", "both", "empty", "AWS_DEFAULT_REGION"],
)
@pytest.mark.parametrize("command", [["doctor"], ["request", "--event", str(EXAMPLE_EVENT)]], ids=["doctor", "request"])
def test_the_region_is_the_one_that_aws_s_variables_name(
    command: list[str],
    variables: dict[str, str],
    region: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with mock_aws():
        assert execute([*command, "--stack", STACK]) == 2

    assert f"There is no stack {STACK} in {region}: " in capsys.readouterr().err


def test_a_profile_that_there_is_not_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "missing")

    assert execute(["doctor", "--stack", STACK]) == 2

    assert "The config profile (missing) could not be found); see the AWS_ variables" in capsys.readouterr().err


def test_an_answer_that_is_not_aws_s_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Simulator(load_fleet(str(SMALL_FLEET))) as twilio:
        monkeypatch.setenv("AWS_ENDPOINT_URL", twilio.url)

        assert execute(["doctor", "--stack", STACK]) == 2

    assert "Something else answers in AWS's place" in capsys.readouterr().err
