"""Callbacks that are lost, repeated, early, late or out of order change nothing but speed; nor does a long wait."""

import re
import threading
from typing import Any

import pytest
import requests

from onboarding.table.products import read_trust_product
from onboarding.table.reviews import read_waiters
from onboarding.trust_products import Status
from shaken_stir.simulated.place import SimulatedPlace
from simulator import deliveries
from simulator.messages import Request
from tests.machine.conftest import Start
from tests.world import (
    NAMED,
    NEVER,
    account,
    all_signed_once,
    announced,
    posts,
    sign,
    wait_until,
    waiting,
)

SCALE = 0.002
POLL = {"PollSeconds": "60"}


@pytest.mark.parametrize(
    "callbacks",
    [
        {"every_status": True, "repeat": 2, "reorder": True},
        {"delay_seconds": 1000, "repeat": 2, "every_status": True, "reorder": True},
    ],
    ids=["early, repeated and out of order", "late, too"],
)
def test_callbacks_change_nothing_but_speed(start: Start, callbacks: dict[str, Any]) -> None:
    local = start(SCALE, POLL, review={"seconds": 500}, callbacks=callbacks)

    report = local.run(NAMED)

    assert report.status == "SUCCEEDED"
    assert report.trust_product
    assert report.trust_product.status == "twilio-approved"
    assert posts(report.twilio_calls) == 1 + 1 + 1 + 1 + 8  # created, connected, evaluated, submitted, four numbers
    all_signed_once(local)


def test_callbacks_after_the_run_has_ended_are_taken_in_and_change_nothing(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "LONGEST_HOLD_SECONDS", NEVER)
    local = start(SCALE, POLL, callbacks={"reorder": True, "repeat": 1})
    report = local.run(NAMED)
    assert report.trust_product
    sid = report.trust_product.sid
    before = read_trust_product(local.table, sid)

    local.simulator.controls.revoke(sid)  # its callback lets go of that of the approval
    assert wait_until(lambda: len(local.simulator.state.callbacks) == 4)

    told = [(callback.parameters["Status"], callback.response_status) for callback in local.simulator.state.callbacks]
    assert told == [("twilio-rejected", 204)] * 2 + [("twilio-approved", 204)] * 2
    assert report.trust_product.verdict_by == "poll"
    assert read_trust_product(local.table, sid) == before
    all_signed_once(local)


def test_a_callback_before_there_is_a_verdict_leaves_the_run_waiting_whatever_it_claims(start: Start) -> None:
    local = start(review={"seconds": NEVER})
    arn = local.engine.start_execution(NAMED)
    assert wait_until(lambda: waiting(local))
    [product] = local.simulator.state.trust_products
    assert product.status_callback
    woken = set[str]()

    def waits_anew() -> bool:
        return not woken.issuperset(it.task_token for it in read_waiters(local.table, product.sid))

    for claimed in ("in-review", "twilio-approved", "twilio-rejected"):
        assert wait_until(waits_anew)
        woken.update(it.task_token for it in read_waiters(local.table, product.sid))
        signed = {"X-Twilio-Signature": sign(local.simulator.auth_token, product.status_callback, {"Status": claimed})}
        answer = requests.post(product.status_callback, data={"Status": claimed}, headers=signed, timeout=5)
        assert answer.status_code == 204
    assert wait_until(waits_anew)
    assert len(awaits(local, arn)) == 1 + len(woken) == 1 + 3
    local.simulator.controls.decide(product.sid, "approved")
    assert local.engine.wait(arn, timeout=60)["status"] == "SUCCEEDED"


def test_after_a_review_that_took_too_long_the_same_request_waits_anew(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters = {"PollSeconds": "3600", "ReviewTimeoutDays": "1"}
    local = start(0.00001, parameters, review={"seconds": NEVER})
    assert local.run(NAMED).error == "ReviewTimedOut"
    [product] = local.simulator.state.trust_products
    monkeypatch.setenv("REVIEW_TIMEOUT_DAYS", "1")  # a real day: this time the verdict comes before it
    again = local.engine.start_execution(NAMED)
    assert wait_until(lambda: bool(awaits(local, again)))

    local.simulator.controls.decide(product.sid, "approved")

    assert local.engine.wait(again, timeout=60)["status"] == "SUCCEEDED"
    all_signed_once(local)


def test_a_revoked_product_is_noticed_recorded_and_announced_by_the_next_run(start: Start) -> None:
    local = start()
    first = local.run(NAMED)
    assert first.trust_product
    sid = first.trust_product.sid
    local.simulator.controls.revoke(sid, [18602])

    report = local.run({})

    assert (report.status, report.error) == ("FAILED", "TrustProductRejected")
    assert report.cause
    assert "18602" in report.cause
    assert report.announced == ["Trust Product Rejected"]
    [rejection] = announced(local, "Trust Product Rejected")
    assert (rejection["trust_product_sid"], rejection["errors"]) == (sid, [18602])
    assert posts(report.twilio_calls) == 0
    record = read_trust_product(local.table, sid)
    assert record
    assert (record.status, record.errors) == (Status.REJECTED, [18602])
    all_signed_once(local)  # the numbers stay where they are

    assert local.run({"resubmit": True}).status == "SUCCEEDED"


def test_a_product_that_is_revoked_while_numbers_are_assigned_fails_the_run(start: Start) -> None:
    local = start()
    local.run(NAMED)
    [product] = local.simulator.state.trust_products
    revoked = threading.Lock()

    def revoke_first(request: Request) -> None:
        is_assignment = request.method == "POST" and re.search("/TrustProducts/.*/Channel", request.path)
        if is_assignment and revoked.acquire(blocking=False):
            local.simulator.controls.revoke(product.sid, [18602])

    local.simulator.interpose(revoke_first)
    local.simulator.controls.buy(account(1))

    report = local.run({})

    assert revoked.locked()
    assert (report.status, report.error) == ("FAILED", "TrustProductRejected")
    record = read_trust_product(local.table, product.sid)
    assert record
    assert record.status is Status.REJECTED


def awaits(local: SimulatedPlace, arn: str) -> list[int]:
    """Where in its history an execution entered Await Review."""
    return [
        place
        for place, event in enumerate(local.engine.history(arn))
        if event.get("stateEnteredEventDetails", {}).get("name") == "Await Review"
    ]
