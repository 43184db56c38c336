"""A deployed stack without AWS: its storage, handlers and state machine run locally, the rest of it is moto's."""

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Self

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse

from shaken_stir.defaults import STACK
from shaken_stir.deployed import executions
from shaken_stir.engine import surroundings
from shaken_stir.engine.intrinsics import read_template
from shaken_stir.engine.template import FUNCTION
from shaken_stir.project import TEMPLATE
from shaken_stir.simulated.place import SimulatedPlace
from simulator.fleet import Fleet
from tests.world import a_fleet

DOCUMENT = read_template(TEMPLATE)
OFTEN = 0.4
"""Seconds between looks at an execution, each of which is several requests."""
KEPT = {"AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::CloudWatch::Alarm"}
"""What of the template the doctor looks at, beside what the local stack has."""

type Deploy = Callable[..., SimulatedPlace]


@dataclass
class Room:
    """How many copies of a function may run at once by its logical id, and how many of all others together."""

    reserved: dict[str, int] = field(default_factory=dict)
    unreserved: int = 1000

    def answer(self, operation: str, url: str) -> dict[str, Any] | None:
        if operation == "GetAccountSettings":
            return {"AccountLimit": {"UnreservedConcurrentExecutions": self.unreserved}}
        if operation == "GetFunctionConcurrency":
            reserved = [number for name, number in self.reserved.items() if name in url]
            return {"ReservedConcurrentExecutions": reserved[0]} if reserved else {}
        return None


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    """What Lambda says of concurrency: moto knows nothing of an account's."""
    return room_told(monkeypatch)


def room_told(monkeypatch: pytest.MonkeyPatch) -> Room:
    room, moto = Room(), BotocoreStubber.__call__

    def answer(stubber: Any, event_name: str, request: Any, **more: Any) -> Any:
        told = room.answer(event_name.rpartition(".")[2], request.url)
        if told is None:
            return moto(stubber, event_name, request, **more)
        return AWSResponse(request.url, 200, HTTPHeaders(), MockRawResponse(json.dumps(told)))

    monkeypatch.setattr(BotocoreStubber, "__call__", answer)
    return room


@pytest.fixture
def deploy(_cloudformation: None, room: Room) -> Iterator[Deploy]:  # noqa: ARG001 - what the doctor is told
    """Deploy a stack for a fleet; it is deleted after the test."""
    with ExitStack() as stack:

        def _deploy(parameters: dict[str, str] | None = None, **fleet: Any) -> SimulatedPlace:
            local = SimulatedPlace(Fleet.model_validate(a_fleet(**fleet)), 0.01, parameters)
            stack.enter_context(local)
            create_stack(local)
            return local

        yield _deploy


@pytest.fixture(scope="module")
def standing() -> Iterator[SimulatedPlace]:
    """A stack for all tests of a file, which leave it as it is."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        have_own_credentials(monkeypatch)
        complete_cloudformation(monkeypatch)
        room_told(monkeypatch)
        with SimulatedPlace(Fleet.model_validate(a_fleet()), 0.01) as local:
            create_stack(local)
            yield local


@pytest.fixture(autouse=True)
def _own_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here can reach an AWS account."""
    have_own_credentials(monkeypatch)


def have_own_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")


@pytest.fixture
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a command that follows an execution look at it more often than every few seconds."""
    monkeypatch.setattr(executions, "POLL_SECONDS", OFTEN)
    monkeypatch.setattr(executions, "REVIEW_POLL_SECONDS", OFTEN)


@pytest.fixture
def _cloudformation(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto's CloudFormation, which knows neither alarms nor schedules by itself, and wants a function's code."""
    complete_cloudformation(monkeypatch)


def complete_cloudformation(monkeypatch: pytest.MonkeyPatch) -> None:
    if not getattr(sys.modules.get("moto.batch.utils"), "__file__", None):
        # The engine's stand-in will not do for all of moto.
        sys.modules.pop("moto.batch.utils", None)
    parsing = importlib.import_module("moto.cloudformation.parsing")
    for kind, create in (
        ("AWS::CloudWatch::Alarm", put_alarm),
        ("AWS::Lambda::Function", lambda *_: None),
        ("AWS::Scheduler::Schedule", create_schedule),
    ):
        monkeypatch.setitem(parsing.get_model_map(), kind, resource_made_by(kind, create))


def resource_made_by(kind: str, create: Callable[[str, dict[str, Any]], None]) -> type:
    class Resource:
        def __init__(self, name: str) -> None:
            self.physical_resource_id = name
            self.type = kind

        @classmethod
        def create_from_cloudformation_json(
            cls, resource_name: str, cloudformation_json: dict[str, Any], *_: Any, **__: Any
        ) -> Self:
            create(resource_name, cloudformation_json["Properties"])
            return cls(resource_name)

        @classmethod
        def delete_from_cloudformation_json(cls, *_: Any, **__: Any) -> None:
            """Nothing is left to be looked at."""

        def is_created(self) -> bool:
            return True

        @staticmethod
        def cloudformation_name_type() -> str:
            return ""

        @staticmethod
        def cloudformation_type() -> str:
            return kind

    return Resource


def put_alarm(name: str, properties: dict[str, Any]) -> None:
    numbers = {"EvaluationPeriods": int(properties["EvaluationPeriods"]), "Threshold": float(properties["Threshold"])}
    client("cloudwatch").put_metric_alarm(AlarmName=name, **properties | numbers)


def disable_schedule(stack: str = STACK) -> None:
    """Switch the daily run off, as the deployment does by default."""
    listed = client("cloudformation").list_stack_resources(StackName=stack)["StackResourceSummaries"]
    [name] = [
        it["PhysicalResourceId"] for it in listed if it["LogicalResourceId"] == "OnboardingStateMachineWholeFleet"
    ]
    it = client("scheduler").get_schedule(Name=name)
    kept = {key: it[key] for key in ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")}
    client("scheduler").update_schedule(**kept, State="DISABLED")


def create_schedule(name: str, properties: dict[str, Any]) -> None:
    client("scheduler").create_schedule(Name=name, **properties)


def create_stack(local: SimulatedPlace, name: str = STACK, architecture: str = "arm64", **outputs: str) -> None:
    """Create the stack in moto; what the local stack has comes in through the outputs, unless others are named."""
    resources = {name: it for name, it in DOCUMENT["Resources"].items() if it["Type"] in KEPT}
    functions = [name for name, it in DOCUMENT["Resources"].items() if it["Type"] == FUNCTION]
    resources |= {name: {"Type": "AWS::Lambda::Function", "Properties": {}} for name in functions}
    event = DOCUMENT["Resources"]["OnboardingStateMachine"]["Properties"]["Events"]["WholeFleet"]
    assert event["Type"] == "ScheduleV2"
    resources["OnboardingStateMachineWholeFleet"] = {
        "Type": "AWS::Scheduler::Schedule",
        "Properties": {
            "ScheduleExpression": "cron(0 6 * * ? *)",
            "State": "ENABLED",
            "FlexibleTimeWindow": event["Properties"]["FlexibleTimeWindow"],
            "Target": {"Arn": local.engine.state_machine_arn, "RoleArn": "arn:aws:iam::123456789012:role/any"},
        },
    }
    values: dict[str, Any] = {
        "StateMachineArn": local.engine.state_machine_arn,
        "CallbackUrl": f"{local.engine.public_url}/status-callback",
        "EventBusName": local.engine.environment["EVENT_BUS_NAME"],
        "DashboardUrl": "https://console.example/dashboard",
        "TwilioSecretArn": local.engine.environment["TWILIO_SECRET_ARN"],
        "ProgressTableName": local.engine.environment["TABLE_NAME"],
        "AlarmTopicArn": {"Ref": "AlarmTopic"},
        "FunctionLogGroupName": f"/aws/lambda/{name}",
        **outputs,
    }
    template = {
        "Conditions": {"HasRunAlarm": {"Fn::Equals": ["", ""]}},
        "Resources": resources,
        # What the alarms refer to and moto does not make.
        "Parameters": {
            "OnboardingStateMachine": {"Type": "String", "Default": local.engine.state_machine_arn},
            "ReviewAlarmHours": {"Type": "Number", "Default": 96},
            "RunAlarmDays": {"Type": "Number", "Default": 2},
            # What the deployment was given.
            "Architecture": {"Type": "String", "Default": architecture},
            "MapConcurrency": DOCUMENT["Parameters"]["MapConcurrency"],
        },
        "Outputs": {key: {"Value": values[key]} for key in DOCUMENT["Outputs"]},
    }
    client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))


def client(service: str) -> Any:
    return surroundings.client(service)
