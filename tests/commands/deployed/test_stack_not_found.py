"""Without a stack, credentials or a region, a command says so in one sentence, with exit code 2."""

import json

import pytest
from moto import mock_aws

from shaken_stir.cli.main import execute
from shaken_stir.defaults import STACK
from shaken_stir.project import EXAMPLE_EVENT, SMALL_FLEET
from simulator.fleet import load_fleet
from simulator.simulator import Simulator
from tests.commands.deployed.conftest import client


def test_no_such_stack_and_one_of_something_else_are_told_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {}}}}
    with mock_aws():
        client("cloudformation").create_stack(StackName="other", TemplateBody=json.dumps(template))
        for stack, said in ("missing", "There is no stack missing in us-east-1"), ("other", "is not one of this appl"):
            capsys.readouterr()
            assert execute(["doctor", "--stack", stack]) == 2

            told = capsys.readouterr()
            assert told.out == ""
            assert told.err.count("\n") == 1
            assert said in told.err


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
