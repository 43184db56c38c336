"""Which Trust Product a run uses, and how it becomes connected: one is created only when there is none."""

from typing import Any

from tests.steps.conftest import Start
from tests.steps.steps import Steps
from tests.world import NAMED, PRODUCT, PROFILE, posts, product

OTHER = "BU" + "3" * 32
CONNECT = "POST /v1/TrustProducts/{Sid}/EntityAssignments"


def connect(steps: Steps, chosen: dict[str, Any]) -> Any:
    return steps.invoke(
        "connect_business_profile",
        trust_product_sid=chosen["sid"],
        business_profile_sid=PROFILE,
        connection_sid=chosen["connection_sid"],
    )


def test_one_is_created_and_connected_when_there_is_none(start: Start) -> None:
    steps = start()

    created = steps.begin(NAMED)["trust_product"]

    [made] = steps.simulator.state.trust_products
    assert (created["sid"], created["status"], created["created"]) == (made.sid, "draft", True)
    assert (made.friendly_name, made.email) == tuple(NAMED["trust_product"].values())
    assert connect(steps, created)["created"]
    again = steps.begin({}, "second")["trust_product"]
    assert (again["sid"], again["created"]) == (made.sid, False)
    assert not connect(steps, again)["created"]
    assert steps.simulator.calls[CONNECT] == 1


def test_a_product_that_twilio_created_is_found_by_its_connection(start: Start) -> None:
    steps = start(products=[product(status="draft", business_profile=PROFILE)])

    found = steps.begin({})["trust_product"]

    assert (found["sid"], found["created"]) == (PRODUCT, False)
    before = dict(steps.simulator.calls)
    assert posts(before) == 0
    assert not connect(steps, found)["created"]
    assert steps.simulator.calls == before  # it is known: nobody looks again


def test_a_product_of_the_same_name_is_connected_and_used(start: Start) -> None:
    steps = start(products=[product(status="draft", friendly_name="Acme Voice")])

    found = steps.begin(NAMED)["trust_product"]

    assert (found["sid"], found["created"], found["connection_sid"]) == (PRODUCT, False, None)
    assert connect(steps, found)["created"]
    assert steps.simulator.calls[CONNECT] == 1


def test_of_several_connected_products_the_approved_one_is_used(start: Start) -> None:
    connected = [product(OTHER, status="draft", business_profile=PROFILE), product(PRODUCT, business_profile=PROFILE)]
    steps = start(products=connected)

    assert steps.begin({})["trust_product"]["sid"] == PRODUCT


def test_the_product_that_the_request_names_comes_before_all_others(start: Start) -> None:
    connected = [product(OTHER, business_profile=PROFILE), product(PRODUCT, status="draft", business_profile=PROFILE)]
    steps = start(products=connected)

    assert steps.begin({"trust_product": {"sid": PRODUCT}})["trust_product"]["sid"] == PRODUCT
