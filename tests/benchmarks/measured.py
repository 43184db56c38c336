"""One measurement in a process of its own: a run of the real state machine and functions, with Twilio in another one.

`python -m tests.benchmarks.measured KIND FLEET LATENCY [MAP_CONCURRENCY THREADS_PER_FUNCTION]`; KIND is a name in
`KINDS`, FLEET such as `40x10`, LATENCY the seconds that Twilio takes for each request. It writes a `Measured` as JSON.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

import requests
from moto.dynamodb.models import dynamodb_backends
from twilio.rest import Client

import audit_assignments
from onboarding import settings
from onboarding.phone_numbers import PhoneNumberRecord, Stage
from onboarding.table.dynamodb import to_item
from onboarding.twilio import trust_hub
from onboarding.twilio.trust_hub import SHAKEN_STIR_POLICY_SID
from shaken_stir.engine.engine import Engine
from shaken_stir.engine.intrinsics import ACCOUNT, REGION
from shaken_stir.project import EXAMPLE_EVENT, ROOT, TEMPLATE, load_event
from simulator.fleet import Fleet, Product, Profile, ReviewPlan, load_fleet
from tests.benchmarks.slow_twilio import SlowTwilio, UnderWay
from tests.simulator.redirected import RedirectedHttpClient
from tools.example_fleet import in_dynamodb_json

PROFILE: Final = "BU" + "1" * 32
PRODUCT: Final = "BU" + "2" * 32
PURCHASES: Final = 5
ASSIGNED: Final = "Summarise Subaccounts"
"""The state that follows when all subaccounts are through."""
_NEVER: Final = ReviewPlan(seconds=10_000_000)
_POLL_SECONDS: Final = 0.05

type Parameters = Mapping[str, str]


class Measured(NamedTuple):
    """What was measured.

    Attributes:
        numbers: How many phone numbers there were.
        seconds: How long it took.
        before: How much of it had passed when the first subaccount was begun.
        computed: The processor's seconds of the engine and the functions.
        most: The most requests that were under way at Twilio at once.
        under_way: How many were on average.
        requests: How many requests there were.
    """

    numbers: int
    seconds: float
    before: float
    computed: float
    most: int
    under_way: float
    requests: int


def measure(kind: str, fleet: str, latency: float, *split: int) -> Measured:
    """Measure in a fresh process.

    Args:
        kind: One of `KINDS`.
        fleet: Such as `40x10`.
        latency: The seconds that Twilio takes for each request.
        split: MapConcurrency and ThreadsPerFunction, nothing for the template's defaults.
    """
    command = [sys.executable, "-m", "tests.benchmarks.measured", kind, fleet, str(latency), *map(str, split)]
    answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return Measured(*json.loads(answer.stdout))


def onboarding(fleet: Fleet, parameters: Parameters) -> Measured:
    """Take a fleet from nothing to where all numbers are assigned; the verdict is not awaited."""
    return _run(fleet, parameters, load_event(EXAMPLE_EVENT), lambda _: None)


def unchanged(fleet: Fleet, parameters: Parameters) -> Measured:
    """Run a fleet of which all numbers are signed, and known to be."""
    return _run(_signed(fleet), parameters, {}, _know_all_numbers)


def bought(fleet: Fleet, parameters: Parameters) -> Measured:
    """Buy a number of a signed fleet, and have it signed by an event: from PutEvents on, the middle one of some."""
    took = []
    with _places(_signed(fleet), parameters) as (twilio, engine):
        account = fleet.subaccounts[0].sid
        twilio.under_way()
        for purchase in range(PURCHASES + 1):
            where = f"{twilio.url}/_simulator/accounts/{account}/numbers"
            sid = requests.post(where, data={"voice": "true"}, timeout=10).json()["sid"]
            began = time.time()
            arn = _put_event(engine, {"subaccounts": [account], "phone_numbers": [sid]})
            engine.wait(arn)
            if purchase:  # the first one is the process's start, too
                took.append(_entered(engine, arn)[ASSIGNED] - began)
        there = twilio.under_way()
    # The purchase itself is one of them, and not the run's.
    return Measured(1, median(took), 0, 0, there.most, 0, there.requests // (PURCHASES + 1) - 1)


def guide(fleet: Fleet, _: Parameters) -> Measured:
    """Follow Twilio's guide in a script: one call after the other, as its examples do."""
    with SlowTwilio(fleet) as twilio:
        account = twilio.secret["account_sid"]
        client = Client(account, twilio.secret["auth_token"], http_client=RedirectedHttpClient(twilio.url))
        hub = client.trusthub.v1
        began, computed, numbers = time.monotonic(), time.process_time(), 0
        profile = hub.customer_profiles.list()[0]
        name, email = "Acme Voice", "trust@acme.example"
        created = hub.trust_products.create(friendly_name=name, email=email, policy_sid=SHAKEN_STIR_POLICY_SID)
        product = hub.trust_products(created.sid)
        product.trust_products_entity_assignments.create(object_sid=profile.sid)
        product.trust_products_evaluations.create(policy_sid=SHAKEN_STIR_POLICY_SID)
        product.update(status="pending-review")
        before = time.monotonic() - began
        on_profile = hub.customer_profiles(profile.sid).customer_profiles_channel_endpoint_assignment
        on_product = product.trust_products_channel_endpoint_assignment
        for subaccount in client.api.v2010.accounts.list():
            for number in client.api.v2010.accounts(subaccount.sid).incoming_phone_numbers.list():
                for assignments in (on_profile, on_product):
                    assignments.create(channel_endpoint_type="phone-number", channel_endpoint_sid=number.sid)
                numbers += 1
        seconds = time.monotonic() - began
        return _measured(numbers, seconds, before, time.process_time() - computed, twilio.under_way())


KINDS: Final[dict[str, Callable[[Fleet, Parameters], Measured]]] = {
    it.__name__: it for it in (onboarding, unchanged, bought, guide)
}


def _run(
    fleet: Fleet, parameters: Parameters, request: Mapping[str, Any], prepare: Callable[[Fleet], object]
) -> Measured:
    with _places(fleet, parameters) as (twilio, engine):
        prepare(fleet)
        _warm_up(engine)
        twilio.under_way()
        computed = time.process_time()
        arn = engine.start_execution(request)
        engine.wait(arn, on_poll=lambda: _stop_when_all_is_assigned(engine, arn))
        computed, there = time.process_time() - computed, twilio.under_way()
        entered, began = _entered(engine, arn), _moment(engine.history(arn)[0])
    numbers = sum(len(it.numbers) for it in fleet.subaccounts)
    return _measured(numbers, entered[ASSIGNED] - began, entered["Onboard Subaccounts"] - began, computed, there)


def _warm_up(engine: Engine) -> None:
    """Call two functions that change nothing, so that clients are made and their data is read."""
    engine.invoke("find_business_profile", {"execution": "warm-up", "business_profile_sid": None})
    named: dict[str, Any] = {"subaccounts": None, "phone_numbers": None, "include_parent": False}
    engine.invoke("list_subaccounts", {"execution": "warm-up", **named})


def _stop_when_all_is_assigned(engine: Engine, arn: str) -> None:
    if engine.waiting_since(arn):
        engine.stop_execution(arn)


@contextmanager
def _places(fleet: Fleet, parameters: Parameters) -> Iterator[tuple[SlowTwilio, Engine]]:
    """Start Twilio, and the engine that speaks to it; what the functions log goes nowhere."""
    with (
        SlowTwilio(fleet) as twilio,
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        redirect_stdout(nowhere),
        Engine(TEMPLATE, parameters={"TwilioBaseUrl": twilio.url, **parameters}, twilio_secret=twilio.secret) as engine,
    ):
        yield twilio, engine


def _measured(numbers: int, seconds: float, before: float, computed: float, there: UnderWay) -> Measured:
    return Measured(numbers, seconds, before, computed, there.most, there.seconds / seconds, there.requests)


def _signed(fleet: Fleet) -> Fleet:
    """The same fleet with all its numbers on an approved Trust Product."""
    sids = [number.sid for subaccount in fleet.subaccounts for number in subaccount.numbers]
    profile = Profile(sid=PROFILE, numbers=sids)
    product = Product(sid=PRODUCT, status="twilio-approved", business_profile=PROFILE, numbers=sids)
    return fleet.model_copy(update={"profiles": [profile], "products": [product]})


def _know_all_numbers(fleet: Fleet) -> None:
    """Put into the table what earlier runs would have: moto's own way in, since this is not what is measured."""
    environment = settings.load()
    table = dynamodb_backends[ACCOUNT][REGION].tables[environment.table_name]
    assigned = audit_assignments.read(trust_hub.of_parent(environment), PROFILE, PRODUCT)
    for subaccount in fleet.subaccounts:
        for number in subaccount.numbers:
            record = PhoneNumberRecord(
                phone_number_sid=number.sid,
                phone_number=number.phone_number,
                stage=Stage.ON_TRUST_PRODUCT,
                business_profile_sid=PROFILE,
                business_profile_assignment_sid=assigned.on_business_profile[number.sid][0],
                trust_product_sid=PRODUCT,
                trust_product_assignment_sid=assigned.on_trust_product[number.sid][0],
            )
            key = {"pk": f"SUBACCOUNT#{subaccount.sid}", "sk": f"NUMBER#{number.sid}"}
            table.put_item(in_dynamodb_json(key | to_item(record) | {"updated_at": "2026-01-01T00:00:00+00:00"}))


def _put_event(engine: Engine, detail: Mapping[str, Any]) -> str:
    """Send a request to the stack's event bus; gives the execution (ARN) that it starts."""
    of_machine = {"stateMachineArn": engine.state_machine_arn}
    machine = engine.client("stepfunctions")
    before = {it["executionArn"] for it in machine.list_executions(**of_machine)["executions"]}
    event = {
        "EventBusName": engine.environment["EVENT_BUS_NAME"],
        "Source": "shaken-stir.onboarding",
        "DetailType": "Onboarding Requested",
        "Detail": json.dumps(detail),
    }
    engine.client("events").put_events(Entries=[event])
    while not (begun := {it["executionArn"] for it in machine.list_executions(**of_machine)["executions"]} - before):
        time.sleep(_POLL_SECONDS)
    return str(begun.pop())


def _entered(engine: Engine, arn: str) -> dict[str, float]:
    """When an execution entered each of its states, in seconds since 1970."""
    events = [event for event in engine.history(arn) if "stateEnteredEventDetails" in event]
    return {event["stateEnteredEventDetails"]["name"]: _moment(event) for event in events}


def _moment(event: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(str(event["timestamp"])).timestamp()


if __name__ == "__main__":
    wanted = load_fleet(sys.argv[2]).model_copy(update={"latency": float(sys.argv[3]), "review": _NEVER})
    names = ("MapConcurrency", "ThreadsPerFunction")
    result = KINDS[sys.argv[1]](wanted, dict(zip(names, sys.argv[4:], strict=False)))
    sys.stdout.write(json.dumps(result))
