"""`shaken-stir doctor --stack` on the secret, which it never shows, and on the webhook that goes by it."""

import json
import socket
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from onboarding.credentials import TwilioCredentials
from shaken_stir.defaults import STACK
from shaken_stir.deployed.checkup import Finding, Mark
from shaken_stir.deployed.stack import DeployedStack, aws_session, find
from shaken_stir.deployed.webhook_checks import callback, secret
from shaken_stir.simulated.place import SimulatedPlace
from tests.commands.deployed.conftest import client, create_stack
from tests.commands.deployed.doctor import OTHER_TOKEN, Doctor
from tests.simulator.receiver import Receiver
from tests.world import account

type With = Callable[..., DeployedStack]


@pytest.fixture
def stack_with(standing: SimulatedPlace) -> With:  # noqa: ARG001 - it is found by its name
    """Give the stack with other outputs."""
    found = find(aws_session(), STACK)
    return lambda **outputs: replace(found, outputs={**found.outputs, **outputs})


@pytest.fixture
def credentials(standing: SimulatedPlace) -> TwilioCredentials:
    """What the secret holds."""
    return TwilioCredentials(account_sid=standing.simulator.account_sid, auth_token=standing.simulator.auth_token)


def holding(content: str) -> str:
    """Create a secret."""
    return str(client("secretsmanager").create_secret(Name=str(uuid4()), SecretString=content)["ARN"])


def the_problem(findings: Iterable[Finding]) -> str:
    """The only finding, which is in the way."""
    [found] = findings
    assert found.mark is Mark.PROBLEM
    return f"{found.says} {found.remedy}"


def test_a_secret_that_holds_nothing_is_said_with_the_command_that_fills_it(stack_with: With) -> None:
    empty = client("secretsmanager").create_secret(Name="empty")["ARN"]

    fill = f"aws secretsmanager put-secret-value --secret-id {empty} --secret-string file:///dev/stdin, then type {{"
    assert fill in the_problem(secret(stack_with(TwilioSecretArn=empty)))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("not JSON", "not JSON of the form"),
        ("[]", "not JSON of the form"),
        (json.dumps({"account_sid": OTHER_TOKEN, "auth_token": OTHER_TOKEN}), "account_sid must be AC"),
        (json.dumps({"account_sid": account(1)}), "auth_token must be the Auth Token"),
        (
            json.dumps({"account_sid": account(1), "auth_token": OTHER_TOKEN, "secondary_auth_token": ""}),
            "secondary_auth_token must be left out",
        ),
    ],
)
def test_a_malformed_secret_is_described_and_never_shown(content: str, told: str, stack_with: With) -> None:
    words = the_problem(secret(stack_with(TwilioSecretArn=holding(content))))

    assert told in words
    assert OTHER_TOKEN not in words


def test_without_the_secret_the_webhook_is_not_tried(
    standing: SimulatedPlace, capsys: pytest.CaptureFixture[str]
) -> None:
    malformed = holding(json.dumps({"account_sid": "", "auth_token": OTHER_TOKEN}))
    create_stack(standing, "malformed", TwilioSecretArn=malformed)

    doctor = Doctor(capsys, "malformed")

    assert (doctor.exit_code, doctor.problems, doctor.marks("Webhook")) == (1, ["Secret"], ["warning"])
    assert OTHER_TOKEN not in doctor.text


def test_a_webhook_that_does_not_answer_is_in_the_way(stack_with: With, credentials: TwilioCredentials) -> None:
    with socket.socket() as bound_only:
        bound_only.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound_only.getsockname()[1]}/status-callback"

        assert f"{url} does not answer" in the_problem(callback(stack_with(CallbackUrl=url), [credentials]))


@pytest.mark.parametrize(
    ("status", "told"), [(400, "to a forged request"), (502, "502 Bad Gateway to a signed request")]
)
def test_something_else_at_the_webhook_s_address_is_in_the_way(
    status: int, told: str, stack_with: With, credentials: TwilioCredentials
) -> None:
    with Receiver(status=status) as other:
        assert told in the_problem(callback(stack_with(CallbackUrl=other.url), [credentials]))


def measure_refused_signatures(stack: str, count: float, minutes_ago: int) -> None:
    measured = {
        "MetricName": "RefusedSignatures",
        "Dimensions": [{"Name": "service", "Value": stack}],
        "Timestamp": datetime.now(UTC) - timedelta(minutes=minutes_ago),
        "Value": count,
    }
    client("cloudwatch").put_metric_data(Namespace="ShakenStirOnboarding", MetricData=[measured])


def test_trying_the_webhook_leaves_nothing_behind_and_raises_no_alarm(
    standing: SimulatedPlace, capsys: pytest.CaptureFixture[str]
) -> None:
    create_stack(standing, "attacked")
    measure_refused_signatures("attacked", 4, minutes_ago=90)
    measure_refused_signatures("attacked", 3, minutes_ago=30)

    def calls() -> int:
        return standing.engine.invocations.get("status_callback", 0)

    before = calls()
    doctor = Doctor(capsys, "attacked")

    assert doctor.marks("Webhook") == ["ok"]
    assert "refuses a forged one" in doctor.words("Webhook")
    assert calls() == before + 2
    assert client("dynamodb").scan(TableName=standing.engine.environment["TABLE_NAME"])["Items"] == []

    measure_refused_signatures("attacked", 1, minutes_ago=0)
    doctor = Doctor(capsys, "attacked")

    assert doctor.marks("Webhook") == ["ok"]
    assert "was not tried" in doctor.words("Webhook")
    assert calls() == before + 3


def test_a_webhook_that_goes_by_another_token_is_in_the_way(
    standing: SimulatedPlace,
    stack_with: With,
    credentials: TwilioCredentials,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # From now on the webhook knows the secret, for some minutes.
    [accepted] = callback(stack_with(), [credentials])
    assert accepted.mark is Mark.OK
    new = json.dumps({"account_sid": credentials.account_sid, "auth_token": OTHER_TOKEN})
    create_stack(standing, "changed", TwilioSecretArn=holding(new))

    doctor = Doctor(capsys, "changed")

    assert doctor.problems == ["Webhook"]
    assert "refuses what is signed" in doctor.words("Webhook")
    assert "look again in 5 minutes" in doctor.words("Webhook")
