"""The progress table as template.yaml makes it, in moto's DynamoDB; and time that passes when a test says so."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws

from onboarding import clients, process
from onboarding.table.dynamodb import Table
from shaken_stir.engine import moto_patches
from shaken_stir.engine.intrinsics import read_template

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TEMPLATE = Path(__file__).parents[4] / "template.yaml"
_number = count()


class Clock:
    """Stands for the module `time` where the table's code looks at it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture(scope="module")
def dynamodb() -> Iterator["DynamoDBClient"]:
    """The product's own client: making one takes longer than all else in a test."""
    with pytest.MonkeyPatch.context() as patched, moto_patches.fixed(), mock_aws():
        patched.setenv("AWS_DEFAULT_REGION", "us-east-1")
        process.forget()
        yield clients.dynamodb()
        process.forget()


@pytest.fixture(scope="module")
def keys_and_billing() -> Any:
    properties = read_template(TEMPLATE)["Resources"]["ProgressTable"]["Properties"]
    return {name: properties[name] for name in ("AttributeDefinitions", "KeySchema", "BillingMode")}


@pytest.fixture
def table(dynamodb: "DynamoDBClient", keys_and_billing: Any) -> Table:
    name = f"progress-{next(_number)}"
    dynamodb.create_table(TableName=name, **keys_and_billing)
    return Table(dynamodb, name)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("onboarding.table.dynamodb.time", clock)
    monkeypatch.setattr("onboarding.table.leases.time", clock)
    monkeypatch.setattr("onboarding.table.reviews.time", clock)
    return clock


@pytest.fixture
def on(dynamodb: "DynamoDBClient") -> Iterator[Callable[[str, Callable[..., Any]], None]]:
    """Has something called at an event of the client, such as `before-call.dynamodb.UpdateItem`, in this test only."""
    events: Any = dynamodb.meta.events
    registered: list[tuple[str, Callable[..., Any]]] = []

    def register(event: str, call: Callable[..., Any]) -> None:
        registered.append((event, call))
        events.register_first(event, call)

    yield register
    for event, call in registered:
        events.unregister(event, call)
