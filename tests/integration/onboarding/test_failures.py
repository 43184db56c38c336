"""What goes wrong on the way: it is told, it stops nothing else, and the next run mends it."""

import importlib
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.run import LocalStack
from local.twilio.app import App
from local.twilio.messages import Request, Response
from onboarding.models import Stage
from tests.integration.onboarding.conftest import Fault, Start
from tests.integration.onboarding.world import (
    NAMED,
    account,
    assignments,
    error,
    phone_number,
    stages,
    subaccount,
)


def test_a_subaccount_that_fails_stops_no_other_and_fails_the_run_after_the_verdict(
    start: Start, faults: list[Fault]
) -> None:
    def forbidden(request: Request) -> Response | None:
        return error(403, 20003, "Permission Denied") if f"{account(1)}/Incoming" in request.path else None

    local = start()
    faults.append(forbidden)

    report = local.run(NAMED)

    assert (report.status, report.error) == ("FAILED", "SubaccountsFailed")
    assert report.cause == (
        f"1 of 2 subaccounts failed ({account(1)}: Twilio refused GET /2010-04-01/Accounts/{account(1)}/"
        "IncomingPhoneNumbers.json with «Permission Denied» (code 20003, HTTP 403).)."
    )
    assert report.trust_product
    assert report.trust_product.status == "twilio-approved"
    assert report.subaccounts[account(2)].numbers == {Stage.ON_TRUST_PRODUCT: 2}

    faults.clear()
    assert local.run({}).numbers == {Stage.ON_TRUST_PRODUCT: 4}


def test_throttling_and_outages_are_waited_out(start: Start, faults: list[Fault]) -> None:
    seen: Counter[str] = Counter()

    def struggles(request: Request) -> Response | None:
        seen[request.method + request.path] += 1
        if seen[request.method + request.path] > 2 or "Assignments" not in request.path:
            return None
        return error(429, 20429, "Too Many Requests") if request.method == "POST" else error(503, 20503, "Unavailable")

    local = start()
    faults.append(struggles)

    report = local.run(NAMED)

    assert report.status == "SUCCEEDED"
    on_profile, on_product = assignments(local)
    assert len(on_profile) == len(on_product) == 4


def test_a_failed_post_is_not_repeated_before_a_look(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twilio carries the POST out, but its answer never arrives: the number must not be assigned twice."""
    answer, lost = App.answer, set()

    def answer_lost(app: App, request: Request) -> Response:
        response = answer(app, request)
        number = request.form.get("ChannelEndpointSid")
        if request.method == "POST" and number and (request.path, number) not in lost:
            lost.add((request.path, number))
            return error(500, 20500, "Internal Server Error")
        return response

    monkeypatch.setattr(App, "answer", answer_lost)
    local = start()

    report = local.run(NAMED)

    assert report.status == "SUCCEEDED"
    on_profile, on_product = assignments(local)
    assert sorted(on_profile) == sorted(on_product) == [phone_number(s, n) for s in (1, 2) for n in (0, 1)]


def test_a_post_that_times_out_is_not_repeated_before_a_look(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    answer, late = App.answer, threading.Event()

    def answer_late(app: App, request: Request) -> Response:
        response = answer(app, request)
        if (request.method, request.path) == ("POST", "/v1/TrustProducts") and not late.is_set():
            late.set()
            time.sleep(0.8)
        return response

    monkeypatch.setattr(App, "answer", answer_late)
    local = start()
    # The engine imports the layer afresh, as a new Lambda environment does.
    monkeypatch.setattr(importlib.import_module("onboarding.twilio_http"), "READ_TIMEOUT_SECONDS", 0.3)

    report = local.run(NAMED)

    assert report.status == "SUCCEEDED"
    assert report.trust_product
    assert not report.trust_product.created  # it was found by the look
    assert local.engine.invocations["find_or_create_trust_product"] == 2
    assert len(list(local.simulator.state.trust_products)) == 1


def test_a_second_assignment_that_twilio_refuses_counts_as_done(start: Start, faults: list[Fault]) -> None:
    """Some accounts refuse a second assignment; here a colleague was faster between the look and the POST."""
    local = start(subaccounts=[subaccount(1, numbers=1)])
    number = phone_number(1, 0)
    assigned: list[str] = []

    def colleague(request: Request) -> Response | None:
        if request.method != "POST" or not request.path.endswith("/ChannelEndpointAssignments"):
            return None
        if request.path in assigned:
            return None
        assigned.append(request.path)
        local.simulator._app.answer(request)
        return error(409, 20409, "Already assigned")

    faults.append(colleague)

    report = local.run(NAMED)

    assert report.status == "SUCCEEDED"
    assert stages(local, account(1)) == {number: "on_trust_product"}
    assert assignments(local) == ([number], [number])


def test_an_error_that_is_not_about_one_number_stops_the_batch_and_keeps_what_it_did(
    start: Start, faults: list[Fault]
) -> None:
    lock, taken = threading.Lock(), []

    def gone_after_five(request: Request) -> Response | None:
        if request.method != "POST" or "CustomerProfiles" not in request.path:
            return None
        with lock:
            taken.append(request.path)
            return error(404, 20404, "The profile was not found") if len(taken) > 5 else None

    local = start(subaccounts=[subaccount(1, numbers=40)])
    faults.append(gone_after_five)

    report = local.run(NAMED)

    assert (report.status, report.error) == ("FAILED", "SubaccountsFailed")
    on_profile, _ = assignments(local)
    recorded = [sid for sid, stage in stages(local, account(1)).items() if stage == "on_business_profile"]
    assert sorted(recorded) == sorted(on_profile)
    assert len(on_profile) == 5
    assert len(taken) < 40


def test_two_executions_at_once_make_one_product_and_no_duplicate(start: Start) -> None:
    local = start(subaccounts=[subaccount(number, numbers=5) for number in range(1, 5)])
    local.engine.execution_input(NAMED)

    with ThreadPoolExecutor(2) as pool:
        arns = list(pool.map(lambda _: local.engine.start_execution(NAMED), range(2)))
    ends = [local.engine.wait(arn, timeout=60) for arn in arns]

    assert [end["status"] for end in ends] == ["SUCCEEDED", "SUCCEEDED"]
    assert len(list(local.simulator.state.trust_products)) == 1
    [product] = local.simulator.state.trust_products
    assert len(list(product.entities)) == 1
    on_profile, on_product = assignments(local)
    assert sorted(on_profile) == sorted(on_product) == [phone_number(s, n) for s in range(1, 5) for n in range(5)]


def test_an_execution_that_was_stopped_is_finished_by_the_next_request(start: Start, faults: list[Fault]) -> None:
    started = threading.Event()

    def signal_first_assignment(request: Request) -> Response | None:
        if request.method == "POST" and "ChannelEndpointAssignments" in request.path:
            started.set()
        return None

    local = start(subaccounts=[subaccount(1, numbers=30)])
    faults.append(signal_first_assignment)
    stopped = local.engine.start_execution(NAMED)
    assert started.wait(10)
    local.engine.stop_execution(stopped)

    report = local.run(NAMED)

    assert report.status == "SUCCEEDED"
    assert each_once(local, 30)


def each_once(local: LocalStack, count: int) -> bool:
    on_profile, on_product = assignments(local)
    return len(on_profile) == len(set(on_profile)) == len(on_product) == len(set(on_product)) == count
