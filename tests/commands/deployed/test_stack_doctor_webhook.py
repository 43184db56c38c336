"""`shaken-stir doctor --stack` on the secret, which it never shows, and on the webhook that goes by it."""

import json
import socket
from datetime import UTC, datetime, timedelta

import pytest

from shaken_stir.defaults import STACK
from shaken_stir.simulated.place import SimulatedPlace
from tests.commands.deployed.conftest import Deploy, client, create_stack
from tests.commands.deployed.doctor import OTHER_TOKEN, Doctor
from tests.simulator.receiver import Receiver
from tests.world import account


def put_secret(local: SimulatedPlace, text: str) -> None:
    arn = local.engine.environment["TWILIO_SECRET_ARN"]
    client("secretsmanager").put_secret_value(SecretId=arn, SecretString=text)


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
