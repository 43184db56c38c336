"""Which Trust Product a run uses, and how it becomes connected: one is created only when there is none."""

from types import SimpleNamespace
from typing import Any

import pytest

import find_or_create_trust_product
from tests.steps.conftest import Start
from tests.steps.steps import Steps
from tests.world import NAMED, NEVER, PRODUCT, PROFILE, posts, product, told

OTHER = "BU" + "3" * 32
CONNECT = "POST /v1/TrustProducts/{Sid}/EntityAssignments"
CREATE = "POST /v1/TrustProducts"
OTHER_NAME = {"trust_product": NAMED["trust_product"] | {"friendly_name": "Acme Support"}}


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


@pytest.mark.parametrize("request_", [{}, NAMED, OTHER_NAME], ids=["no name", "its name", "another name"])
def test_a_product_that_the_lists_do_not_show_yet_is_used(start: Start, request_: dict[str, Any]) -> None:
    steps = start(lag=NEVER)
    made = steps.begin(NAMED)["trust_product"]

    found = steps.begin(request_, "second")["trust_product"]

    assert (found["sid"], found["created"], found["connection_sid"]) == (made["sid"], False, None)
    assert steps.simulator.calls[CREATE] == 1


@pytest.mark.parametrize("request_", [{}, OTHER_NAME], ids=["no name", "another name"])
def test_a_product_whose_connection_the_list_does_not_show_yet_is_used(start: Start, request_: dict[str, Any]) -> None:
    steps = start()
    made = steps.begin(NAMED)["trust_product"]
    steps.simulator.controls.lag(NEVER)
    connection = connect(steps, made)

    found = steps.begin(request_, "second")["trust_product"]

    assert (found["sid"], found["connection_sid"]) == (made["sid"], connection["sid"])
    assert steps.simulator.calls[CREATE] == 1


def test_a_product_that_was_disconnected_by_hand_is_not_used_for_another_name(start: Start) -> None:
    steps = start()
    made = steps.begin(NAMED)["trust_product"]
    connect(steps, made)
    [product_] = steps.simulator.state.trust_products
    [entity] = product_.entities
    product_.entities.remove(entity.sid)

    assert steps.begin(OTHER_NAME, "second")["trust_product"]["created"]


def test_a_product_that_was_deleted_by_hand_is_not_used(start: Start) -> None:
    steps = start()
    made = steps.begin(NAMED)["trust_product"]
    steps.simulator.state.trust_products.remove(made["sid"])

    assert steps.begin(NAMED, "second")["trust_product"]["created"]


def test_a_request_without_names_is_refused_once_the_lists_have_settled(start: Start) -> None:
    steps = start()

    error, sentence = steps.failure(
        "find_or_create_trust_product", business_profile_sid=PROFILE, trust_product={"sid": None}
    )

    needed = "trust_product.friendly_name and trust_product.email: needed, since the account"
    none_yet = "has no SHAKEN/STIR Trust Product yet and one must be created"
    expected = f"The request was refused: {needed} {steps.simulator.account_sid} {none_yet}"
    assert (error, sentence) == ("InvalidRequest", told("InvalidRequest", expected))


def test_a_request_without_names_waits_for_a_product_whose_creation_was_not_answered(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = start(lag=NEVER, LIST_SETTLE_SECONDS="600")
    steps.simulator.controls.plan_fault(operation=CREATE, status=500, carried_out=True)
    wanted = {"business_profile_sid": PROFILE, "trust_product": NAMED["trust_product"]}
    assert steps.failure("find_or_create_trust_product", **wanted)[0] == "TwilioUnavailable"
    [made] = steps.simulator.state.trust_products
    waited: list[float] = []

    def settle(seconds: float) -> None:
        waited.append(seconds)
        steps.simulator.controls.lag(0)

    monkeypatch.setattr(find_or_create_trust_product, "time", SimpleNamespace(sleep=settle))

    # The product is not connected yet, and the request has no name by which it could be found.
    refused = steps.failure(
        "find_or_create_trust_product", execution="second", business_profile_sid=PROFILE, trust_product={}
    )
    assert refused[0] == "InvalidRequest"
    assert waited[0] > 0
    connect(steps, {"sid": made.sid, "connection_sid": None})

    found = steps.invoke(
        "find_or_create_trust_product", execution="third", business_profile_sid=PROFILE, trust_product={}
    )
    assert found["sid"] == made.sid


@pytest.mark.parametrize("named", [{"sid": PRODUCT}, NAMED["trust_product"]], ids=["named by SID", "not listed"])
def test_one_404_for_a_product_that_is_recorded_is_no_deletion(start: Start, named: dict[str, Any]) -> None:
    steps = start(products=[product(business_profile=PROFILE)])
    wanted: dict[str, Any] = {"business_profile_sid": PROFILE}
    assert steps.invoke("find_or_create_trust_product", **wanted, trust_product=named)["sid"] == PRODUCT
    nothing: dict[str, Any] = {"meta": {"key": "results"}, "results": []}
    steps.simulator.controls.plan_fault(kind="shape", operation="GET /v1/TrustProducts", body=nothing, times=0)
    lost = steps.simulator.controls.plan_fault(operation="GET /v1/TrustProducts/{Sid}", status=404, code=20404)

    found = steps.invoke("find_or_create_trust_product", execution="second", **wanted, trust_product=named)

    assert (found["sid"], lost.happened) == (PRODUCT, 1)
    assert len(steps.simulator.state.trust_products) == 1
