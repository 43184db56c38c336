"""Twilio takes an assignment twice, and its lists lag: whatever becomes of an answer, nothing is made twice."""

from typing import Any

import pytest

from tests.steps.conftest import Start
from tests.steps.patience import patient
from tests.steps.steps import LIST, Steps
from tests.world import NAMED, PRODUCT, PROFILE, account, phone_number, product, subaccount

NUMBERS = [phone_number(1, number) for number in range(4)]
OF: dict[str, Any] = {"subaccount_sid": account(1)}
LAG = 40
"""Seconds by which lists lag, before the simulator's time scale: almost as long as LIST_SETTLE_SECONDS."""
TIMES = {"LIST_SETTLE_SECONDS": "0.5", "FUNCTION_SECONDS": "5", "TWILIO_READ_SECONDS": "1"}
FAULTS: dict[str, dict[str, Any]] = {
    "answered with an error": {"kind": "error", "status": 500, "carried_out": True},
    "cut off before its answer": {"kind": "reset", "carried_out": True},
    "cut off in its answer": {"kind": "truncated"},
    "answered too late": {"kind": "late", "seconds": 1.5},
}
MADE_BY = {
    "find_or_create_trust_product": "POST /v1/TrustProducts",
    "connect_business_profile": "POST */EntityAssignments",
    "assign_to_business_profile": "POST /v1/CustomerProfiles/{Sid}/ChannelEndpointAssignments",
    "assign_to_trust_product": "POST /v1/TrustProducts/{Sid}/ChannelEndpointAssignments",
}


def prepared(start: Start, function: str) -> tuple[Steps, dict[str, Any]]:
    """The steps before this one, and what it is told."""
    connected = {"business_profile": PROFILE} if function.startswith("assign") else {}
    products = [] if function.startswith("find") else [product(status="draft", **connected)]
    steps = start(products=products, subaccounts=[subaccount(1, numbers=4)], lag=LAG, **TIMES)
    bundles = {"business_profile_sid": PROFILE, "trust_product_sid": PRODUCT}
    if function == "find_or_create_trust_product":
        return steps, {"business_profile_sid": PROFILE, "trust_product": NAMED["trust_product"] | {"sid": None}}
    if function == "connect_business_profile":
        return steps, {**bundles, "connection_sid": None}
    steps.invoke("list_phone_numbers", **OF, **LIST, **bundles)
    on_profile = {**OF, "business_profile_sid": PROFILE, "phone_numbers": NUMBERS}
    if function == "assign_to_business_profile":
        return steps, on_profile
    steps.invoke("assign_to_business_profile", **on_profile)
    return steps, {**OF, "trust_product_sid": PRODUCT, "phone_numbers": NUMBERS}


def made(steps: Steps, function: str) -> list[str]:
    """What the step has made at Twilio."""
    products = list(steps.simulator.state.trust_products)
    on_profile, on_product = steps.assignments()
    match function:
        case "find_or_create_trust_product":
            return [it.friendly_name for it in products]
        case "connect_business_profile":
            return [entity.object_sid for it in products for entity in it.entities]
        case "assign_to_business_profile":
            return sorted(on_profile)
    return sorted(on_product)


EXPECTED = {
    "find_or_create_trust_product": [NAMED["trust_product"]["friendly_name"]],
    "connect_business_profile": [PROFILE],
    "assign_to_business_profile": NUMBERS,
    "assign_to_trust_product": NUMBERS,
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("function", MADE_BY)
def test_a_post_that_is_carried_out_but(start: Start, function: str, fault: str) -> None:
    steps, event = prepared(start, function)
    planned = steps.simulator.controls.plan_fault(operation=MADE_BY[function], **FAULTS[fault])

    patient(steps).invoke(function, **event)

    assert planned.happened == 1
    assert made(steps, function) == EXPECTED[function]


def test_each_post_that_is_carried_out_but_answered_with_an_error_the_first_time(start: Start) -> None:
    function = "assign_to_business_profile"
    steps, event = prepared(start, function)
    steps.simulator.controls.plan_fault(operation=MADE_BY[function], status=500, carried_out=True, each=True)

    patient(steps).invoke(function, **event)

    assert made(steps, function) == EXPECTED[function]
    assert set(steps.stages().values()) == {"on_business_profile"}


def test_a_throttle_after_an_unanswered_post_does_not_make_one_forget_it(start: Start) -> None:
    function = "assign_to_business_profile"
    steps, event = prepared(start, function)
    steps.simulator.controls.plan_fault(operation=MADE_BY[function], status=500, carried_out=True)
    throttle = steps.simulator.controls.plan_fault(operation=MADE_BY[function], status=429, times=11)

    patient(steps).invoke(function, **event)

    assert throttle.happened == 11
    assert made(steps, function) == EXPECTED[function]
