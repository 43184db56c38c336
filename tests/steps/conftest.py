"""One handler at a time: the real one, a simulated Twilio on a socket, and moto's AWS with the template's storage."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from moto import mock_aws

from onboarding import clients, process
from onboarding.table.dynamodb import Table
from shaken_stir.engine import moto_patches, surroundings
from shaken_stir.engine.functions import Functions
from shaken_stir.engine.intrinsics import read_template
from shaken_stir.engine.template import Template
from shaken_stir.project import TEMPLATE
from simulator.fleet import Fleet
from simulator.simulator import Simulator
from tests.steps.steps import Steps
from tests.world import NEVER, a_fleet

type Client = Callable[[str], Any]
type Start = Callable[..., Steps]
type Tell = Callable[..., None]

FAST = {"LIST_SETTLE_SECONDS": "0.02", "TWILIO_READ_SECONDS": "2"}
"""What a test need not wait for; the rest is as the template has it."""
EVENT_BUS = "steps"
_number = count()


@pytest.fixture(scope="session")
def template() -> Template:
    return Template(TEMPLATE, {})


@pytest.fixture(scope="session")
def template_environment(template: Template) -> dict[str, str]:
    """The variables that all functions have."""
    return template.environment() | FAST


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """The clients of moto's AWS, for all tests of a module: each has storage of its own."""
    with ExitStack() as stack:
        for layer in (surroundings.quiet(), moto_patches.fixed(), surroundings.of_aws(), mock_aws()):
            stack.enter_context(layer)
        stack.enter_context(surroundings.clients_kept())
        process.forget()
        stack.callback(process.forget)
        surroundings.client("events").create_event_bus(Name=EVENT_BUS)
        yield surroundings.client


@pytest.fixture
def start(
    template: Template, template_environment: dict[str, str], client: Client, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Start]:
    """Give the handlers storage and a Twilio with a fleet; what is named in capitals is of their environment."""
    with ExitStack() as stack:
        announced = stack.enter_context(announcements())

        def _start(**fleet_and_environment: Any) -> Steps:
            changed = {name: it for name, it in fleet_and_environment.items() if name.isupper()}
            fleet = {name: it for name, it in fleet_and_environment.items() if not name.isupper()}
            fleet.setdefault("review", {"seconds": NEVER})
            simulator = stack.enter_context(Simulator(Fleet.model_validate(a_fleet(**fleet)), time_scale=0.01))
            storage = create_storage(client, simulator)
            for name, value in (template_environment | storage | changed).items():
                monkeypatch.setenv(name, value)
            table = Table(clients.dynamodb(), storage["TABLE_NAME"])
            return Steps(Functions(template.functions.values(), []), simulator, table, announced)

        yield _start


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the HTTP client would have waited between its tries; it waits none."""
    seconds: list[float] = []
    monkeypatch.setattr("urllib3.util.retry.time", SimpleNamespace(sleep=seconds.append, time=time.time))
    return seconds


@pytest.fixture
def told(record_property: Callable[[str, object], None]) -> Tell:
    """Tell the results what was tried, as names and values: docs/reliability.md is written from them."""

    def tell(**tried: object) -> None:
        for name, value in tried.items():
            record_property(name, value)

    return tell


@contextmanager
def announcements() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """See what is put on the event bus, by detail type and detail."""
    told: list[tuple[str, dict[str, Any]]] = []
    events: Any = clients.event_bridge().meta.events

    def tell(params: Any, **_: Any) -> None:
        entries = json.loads(params["body"])["Entries"]
        told.extend((entry["DetailType"], json.loads(entry["Detail"])) for entry in entries)

    events.register_first("before-call.events.PutEvents", tell)
    yield told
    events.unregister("before-call.events.PutEvents", tell)


def create_storage(client: Client, simulator: Simulator) -> dict[str, str]:
    """Make what the template's resources would be; gives the variables that tell of it, and of Twilio."""
    name = f"steps-{next(_number)}"
    clients.dynamodb().create_table(TableName=name, **keys_and_billing())
    client("s3").create_bucket(Bucket=name)
    parent = {"account_sid": simulator.account_sid, "auth_token": simulator.auth_token}
    secret = client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(parent))
    return {
        "TABLE_NAME": name,
        "MANIFEST_BUCKET": name,
        "EVENT_BUS_NAME": EVENT_BUS,
        "TWILIO_SECRET_ARN": secret["ARN"],
        "TWILIO_BASE_URL": simulator.url,
    }


@cache
def keys_and_billing() -> Any:
    properties = read_template(TEMPLATE)["Resources"]["ProgressTable"]["Properties"]
    return {name: properties[name] for name in ("AttributeDefinitions", "KeySchema", "BillingMode")}
