"""The controls, used as a person does, and what they do to the callbacks."""

import http.client
import json
import queue
import time
from collections.abc import Callable
from typing import Any

import pytest
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from simulator import deliveries
from simulator.fleet import CallbackPlan, Fleet, Product, Subaccount
from simulator.policies import SHAKEN_STIR
from simulator.sids import numbered_sid
from simulator.simulator import Simulator
from tests.simulator.receiver import Receiver

type Start = Callable[[Fleet], Simulator]
type ClientOf = Callable[[Simulator], Client]

PROFILE = Fleet().profiles[0].sid
PRODUCT, OTHER_PRODUCT = numbered_sid("BU", 1), numbered_sid("BU", 2)
SUBACCOUNT = numbered_sid("AC", 1)


def fleet(**changes: Any) -> Fleet:
    products = [Product(sid=sid, business_profile=PROFILE) for sid in (PRODUCT, OTHER_PRODUCT)]
    plan = {"seconds": 3600, "verdict": "approved"}
    return Fleet.model_validate(
        {"products": products, "subaccounts": [Subaccount(sid=SUBACCOUNT)], "review": plan} | changes
    )


def submit(simulator: Simulator, receiver: Receiver, *products: str) -> None:
    with simulator.state.lock:
        for sid in products:
            product = simulator.state.trust_products[sid]
            product.status_callback = f"{receiver.url}/?trust_product_sid={sid}"
            simulator._reviews.submit(product)


def received(receiver: Receiver) -> tuple[str, str]:
    form = receiver.received.get(timeout=5).form
    return form["BundleSid"], form["Status"]


def post(simulator: Simulator, path: str, body: str = "", **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(simulator.url.removeprefix("http://"), timeout=5)
    connection.request("POST", f"/_simulator{path}", body, headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, json.loads(content) if content else None


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", "phone_number=%2B14165550123&voice=false"),
        ("application/json; charset=utf-8", '{"phone_number": "+14165550123", "voice": false}'),
    ],
)
def test_a_number_that_was_bought_by_http_is_seen_by_twilio_s_library(
    start: Start, client_of: ClientOf, content_type: str, body: str
) -> None:
    simulator = start(fleet())
    headers = {"Content-Type": content_type}
    status, bought = post(simulator, f"/accounts/{SUBACCOUNT}/numbers", body, **headers)
    [number] = client_of(simulator).api.v2010.accounts(SUBACCOUNT).incoming_phone_numbers.list()
    assert (status, number.sid, number.phone_number) == (201, bought["sid"], "+14165550123")
    assert simulator.calls == {"GET /2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers.json": 1}


def test_a_post_without_body_and_credentials_is_enough(start: Start) -> None:
    simulator = start(fleet())
    assert post(simulator, f"/accounts/{SUBACCOUNT}/suspend") == (200, {"sid": SUBACCOUNT, "status": "suspended"})
    assert post(simulator, f"/accounts/{SUBACCOUNT}/suspend")[0] == 400
    assert simulator.calls == {}


def test_latency_is_twilio_s_and_not_the_controls(start: Start) -> None:
    assert post(start(fleet(latency=30)), "/lag", '{"seconds": 1}') == (200, {"seconds": 1})


def test_a_list_that_lags_lacks_what_the_library_just_created(start: Start, client_of: ClientOf) -> None:
    simulator = start(Fleet(lag=3600))
    products = client_of(simulator).trusthub.v1.trust_products
    created = products.create(friendly_name="Ours", email="us@example.com", policy_sid=SHAKEN_STIR)
    assert products.list() == []
    assert products(created.sid).fetch().status == "draft"
    simulator.controls.lag(0)
    assert [product.sid for product in products.list()] == [created.sid]


@pytest.mark.parametrize(
    ("errors", "reason", "told"),
    [([18601], None, "18601"), ([18602, 18606], None, "18602, 18606"), ([], "No website", "No website")],
)
def test_a_revoked_product_is_announced_signed(start: Start, errors: list[int], reason: str | None, told: str) -> None:
    simulator = start(fleet())
    with Receiver() as receiver:
        submit(simulator, receiver, PRODUCT)
        simulator.controls.decide(PRODUCT, "approved")
        assert received(receiver) == (PRODUCT, "twilio-approved")
        simulator.controls.revoke(PRODUCT, errors, reason)
        callback = receiver.received.get(timeout=5)
        url = f"{receiver.url}{callback.target}"
    assert callback.form["Status"] == "twilio-rejected"
    assert callback.form["FailureReason"] == told
    assert RequestValidator(simulator.auth_token).validate(url, callback.form, callback.signature)


class TestCallbacks:
    def test_a_dropped_one_is_not_sent_but_remembered(self, start: Start) -> None:
        simulator = start(fleet(callbacks={"drop": True}))
        with Receiver() as receiver:
            submit(simulator, receiver, PRODUCT)
            simulator.controls.decide(PRODUCT, "approved")
            [dropped] = simulator.state.callbacks
            assert (dropped.response_status, dropped.error) == (None, "dropped by the simulator")
            simulator.controls.callbacks()
            simulator.controls.revoke(PRODUCT)
            assert received(receiver) == (PRODUCT, "twilio-rejected")
            assert receiver.received.empty()

    def test_a_repeated_one_is_the_same_each_time(self, start: Start) -> None:
        simulator = start(fleet())
        simulator.controls.callbacks(repeat=2)
        with Receiver() as receiver:
            submit(simulator, receiver, PRODUCT)
            simulator.controls.decide(PRODUCT, "approved")
            first, *others = [receiver.received.get(timeout=5) for _ in range(3)]
        assert others == [first, first]

    def test_a_late_one_is_late(self) -> None:
        with (
            Simulator(fleet(callbacks={"delay_seconds": 1000}), time_scale=0.0002) as simulator,
            Receiver() as receiver,
        ):
            submit(simulator, receiver, PRODUCT)
            began = time.monotonic()
            simulator.controls.decide(PRODUCT, "approved")
            assert received(receiver) == (PRODUCT, "twilio-approved")
            assert time.monotonic() - began >= 0.2

    def test_they_come_the_other_way_round(self, start: Start) -> None:
        simulator = start(fleet())
        simulator.controls.callbacks(reorder=True)
        with Receiver() as receiver:
            submit(simulator, receiver, PRODUCT, OTHER_PRODUCT)
            for sid in (PRODUCT, OTHER_PRODUCT):
                simulator.controls.decide(sid, "approved")
            assert [received(receiver)[0] for _ in range(2)] == [OTHER_PRODUCT, PRODUCT]

    def test_a_revocation_can_overtake_the_approval(self, start: Start) -> None:
        simulator = start(fleet())
        simulator.controls.callbacks(reorder=True, repeat=1)
        with Receiver() as receiver:
            submit(simulator, receiver, PRODUCT)
            simulator.controls.decide(PRODUCT, "approved")
            simulator.controls.revoke(PRODUCT)
            statuses = [received(receiver)[1] for _ in range(4)]
        assert statuses == ["twilio-rejected"] * 2 + ["twilio-approved"] * 2

    def test_one_that_none_overtakes_is_sent_in_the_end(self, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(deliveries, "LONGEST_HOLD_SECONDS", 0.01)
        simulator = start(fleet(callbacks={"reorder": True}))
        with Receiver() as receiver:
            submit(simulator, receiver, PRODUCT)
            simulator.controls.decide(PRODUCT, "approved")
            assert received(receiver) == (PRODUCT, "twilio-approved")

    def test_those_of_a_review_that_begins_are_sent_when_asked_for(self, start: Start) -> None:
        simulator = start(fleet(callbacks={"every_status": True}, review={"seconds": 0.1}))
        with Receiver() as receiver:
            submit(simulator, receiver, PRODUCT)
            assert {received(receiver)[1] for _ in range(2)} == {"in-review", "twilio-approved"}

    def test_one_that_is_under_way_is_not_changed_by_what_is_said_later(self, start: Start) -> None:
        simulator = start(fleet(callbacks={"delay_seconds": 3600}))
        with Receiver() as receiver:
            submit(simulator, receiver, PRODUCT, OTHER_PRODUCT)
            simulator.controls.decide(PRODUCT, "approved")
            simulator.controls.callbacks()
            simulator.controls.decide(OTHER_PRODUCT, "approved")
            assert received(receiver)[0] == OTHER_PRODUCT
            with pytest.raises(queue.Empty):
                receiver.received.get_nowait()

    @pytest.mark.parametrize("plan", [CallbackPlan(delay_seconds=3600), CallbackPlan(reorder=True)])
    def test_stopping_sends_none_that_waits(self, start: Start, plan: CallbackPlan) -> None:
        simulator = start(fleet(callbacks=plan))
        with Receiver() as receiver:
            submit(simulator, receiver, PRODUCT, OTHER_PRODUCT)
            simulator.controls.decide(PRODUCT, "approved")
            simulator.stop()
            simulator.controls.decide(OTHER_PRODUCT, "approved")
            assert receiver.received.empty()
        assert simulator.state.callbacks == []
