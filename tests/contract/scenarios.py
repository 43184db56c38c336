"""What the product does in earnest, from an event to Twilio and back."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import pytest

from onboarding.twilio import assignments
from onboarding.twilio.assignments import ChannelEndpointAssignments
from onboarding.twilio.trust_hub import TrustHub
from shaken_stir.simulated.place import SimulatedPlace
from simulator.errors import STATUS_WITH_PROPERTIES
from simulator.fleet import Fleet
from tests.contract.exchanges import Exchange, recording
from tests.machine.conftest import TIME_SCALE
from tests.world import (
    NAMED,
    NEVER,
    PRODUCT,
    PROFILE,
    a_fleet,
    account,
    phone_number,
    product,
    small_pages,
    subaccount,
)

LOOK_UP = 2
TWO_LOOK_UPS = subaccount(1, numbers=LOOK_UP + 1)
PAGE = LOOK_UP + 1
OTHER_PROFILE = "BU" + "3" * 32
THREE_PAGES = [{"sid": phone_number(3, index), "voice": False} for index in range(2 * PAGE + 1)]


@dataclass
class Traffic:
    """What was said between the product and Twilio, and which calls of the product's client said it."""

    exchanges: list[Exchange] = field(default_factory=list)
    calls: set[str] = field(default_factory=set)


def first_run_and_later_ones(traffic: Traffic) -> None:
    by_hand = [number["sid"] for number in TWO_LOOK_UPS["numbers"]]
    fleet = a_fleet(
        parent={"sid": account(9), "numbers": [{"sid": phone_number(9, 0)}]},
        profiles=[{"sid": PROFILE, "numbers": by_hand}],
        subaccounts=[TWO_LOOK_UPS, subaccount(2), {**subaccount(3), "numbers": THREE_PAGES}],
    )
    with pytest.MonkeyPatch.context() as patch, _onboarding(fleet, traffic) as run:
        # The other scenarios ask for pages and look-ups of the usual size.
        small_pages(patch, phone_numbers=PAGE)
        patch.setattr(assignments, "SIDS_PER_FILTER", LOOK_UP)
        run({**NAMED, "include_parent": True})
        run({"subaccounts": [account(2)]})
        run({"subaccounts": [account(2)], "phone_numbers": [phone_number(2, 1)]})


def resubmission_of_a_named_product(traffic: Traffic) -> None:
    """At a Twilio that takes callback and status only one by one, as it documents for other bundles (22204)."""
    rejected = product(status="twilio-rejected", errors=[18602])
    named = {"business_profile_sid": PROFILE, "trust_product": {"sid": PRODUCT}}
    apart = {"operation": f"POST /v1/TrustProducts/{PRODUCT}", "mentioning": "StatusCallback", "times": 1}
    refusal = {
        "status": 400,
        "code": STATUS_WITH_PROPERTIES,
        "message": "not both together",
    }
    with _onboarding(a_fleet(products=[rejected], faults=[apart | refusal]), traffic) as run:
        run(named, ends="FAILED")
        run({**named, "resubmit": True})
    submission = [it for it in traffic.exchanges if it.form.keys() & {"Status", "StatusCallback"}]
    assert [it.answer.status_code for it in submission] == [400, 200, 200]


def release_of_an_orphan(traffic: Traffic) -> None:
    """And one of the other numbers is on a product that the account does not have."""
    on_both: dict[str, Any] = {"numbers": [phone_number(1, 0)]}
    elsewhere = {
        "operation": f"POST /v1/TrustProducts/{PRODUCT}/ChannelEndpointAssignments",
        "mentioning": phone_number(2, 0),
        "status": 409,
        "message": f"Already assigned to BU{'9' * 32}",
        "times": 0,
    }
    fleet = a_fleet(
        profiles=[{"sid": PROFILE, **on_both}],
        products=[product(business_profile=PROFILE, **on_both)],
        faults=[elsewhere],
    )
    with _onboarding(fleet, traffic, released=[phone_number(1, 0)]) as run:
        run({})
        run({})
        run({"release_orphans": True})


def first_run_beside_another_pair(traffic: Traffic) -> None:
    """It stops to ask whose numbers these are; then it leaves alone a number that is on the other pair."""
    customers: dict[str, Any] = {"numbers": [phone_number(1, 0)]}
    fleet = a_fleet(
        profiles=[{"sid": PROFILE}, {"sid": OTHER_PROFILE, "primary": False, **customers}],
        products=[product(business_profile=OTHER_PROFILE, **customers)],
    )
    with _onboarding(fleet, traffic) as run:
        run(NAMED, ends="FAILED")
        run({**NAMED, "own_numbers": True})


def a_number_bought_while_lists_lag(traffic: Traffic) -> None:
    """The lists do not show the product that was just created: it is fetched by its recorded SID, as its connection."""
    with _onboarding(a_fleet(lag=NEVER), traffic) as run:
        run(NAMED)
        run({"subaccounts": [account(2)], "phone_numbers": [phone_number(2, 1)]})


SCENARIOS: list[Callable[[Traffic], None]] = [
    first_run_and_later_ones,
    resubmission_of_a_named_product,
    release_of_an_orphan,
    first_run_beside_another_pair,
    a_number_bought_while_lists_lag,
]


def client_calls() -> dict[str, Callable[..., Any]]:
    """Everything that the product's Twilio client can be asked for, by name."""
    return {
        f"{resource.__name__}.{name}": call
        for resource in (TrustHub, ChannelEndpointAssignments)
        for name, call in inspect.getmembers(resource, inspect.isfunction)
        if not name.startswith("_")
    }


@contextmanager
def _onboarding(fleet: dict[str, Any], traffic: Traffic, released: Iterable[str] = ()) -> Iterator[Callable[..., None]]:
    """The product as it is deployed, with Twilio's own addresses; gives what runs an event.

    The `released` numbers are released once the first run has seen them.
    """
    to_be_released = list(released)
    with (
        SimulatedPlace(Fleet.model_validate(fleet), TIME_SCALE, {"TwilioBaseUrl": ""}) as local,
        pytest.MonkeyPatch.context() as patch,
        recording(local.simulator.url) as exchanges,
    ):
        for name, call in client_calls().items():
            patch.setattr(f"onboarding.twilio.trust_hub.{name}", _noting(traffic.calls, name, call))

        def run(event: dict[str, Any], ends: str = "SUCCEEDED") -> None:
            report = local.run(event)
            assert report.status == ends, report.cause
            while to_be_released:
                local.simulator.controls.release(to_be_released.pop())

        yield run
    traffic.exchanges += exchanges


def _noting(calls: set[str], name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def noted(*args: Any, **options: Any) -> Any:
        calls.add(name)
        return call(*args, **options)

    return noted
