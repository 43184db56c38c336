"""What goes wrong on the way: it is told, it stops nothing else, and the next run puts it right."""

import re
import threading
import time
from collections import Counter

from onboarding.phone_numbers import Stage
from shaken_stir.simulated.place import SimulatedPlace
from simulator.messages import Request, Response
from tests.machine.conftest import Fault, Start
from tests.world import (
    NAMED,
    account,
    assignments,
    error,
    phone_number,
    stages,
    subaccount,
    wait_until,
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
        f"1 of 2 subaccounts failed: {account(1)}: Twilio refused GET /2010-04-01/Accounts/{account(1)}/"
        "IncomingPhoneNumbers.json with 'Permission Denied' (code 20003, HTTP 403); "
        "correct what it names, then send the request again (docs/errors.md#twilio-refused) "
        "(docs/errors.md#subaccounts-failed)."
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


def test_a_refusal_of_the_whole_product_is_not_booked_as_a_refusal_of_each_number(
    start: Start, faults: list[Fault]
) -> None:
    def frozen(request: Request) -> Response | None:
        if request.method == "POST" and "/TrustProducts/" in request.path and "Channel" in request.path:
            return error(400, 22203, "A Trust Product in review cannot be changed")
        return None

    local = start()
    faults.append(frozen)

    report = local.run(NAMED)

    assert (report.status, report.error) == ("FAILED", "SubaccountsFailed")
    assert report.numbers == {Stage.ON_BUSINESS_PROFILE: 4}
    faults.clear()
    assert local.run({}).numbers == {Stage.ON_TRUST_PRODUCT: 4}


def test_a_number_that_the_product_does_not_see_on_the_profile_yet_is_tried_once_more(
    start: Start, faults: list[Fault]
) -> None:
    refused: set[str] = set()

    def not_seen_yet(request: Request) -> Response | None:
        number = request.form.get("ChannelEndpointSid", "")
        if request.method == "POST" and "/TrustProducts/" in request.path and number and number not in refused:
            refused.add(number)
            return error(400, 22205, "It is not assigned to all the required supporting bundles")
        return None

    local = start()
    faults.append(not_seen_yet)

    report = local.run(NAMED)

    assert report.status == "SUCCEEDED"
    assert report.numbers == {Stage.ON_TRUST_PRODUCT: 4}


def test_a_refusal_before_the_batch_was_stopped_is_not_the_last_word(start: Start, faults: list[Fault]) -> None:
    turns: list[str] = []

    def refuse_then_throttle(request: Request) -> Response | None:
        if request.method != "POST" or "/TrustProducts/" not in request.path or "Channel" not in request.path:
            return None
        turns.append(request.form["ChannelEndpointSid"])
        if len(turns) == 1:
            return error(400, 22205, "It is not assigned to all the required supporting bundles")
        return error(429, 20429, "Too Many Requests") if len(turns) < 8 else None

    local = start(subaccounts=[subaccount(1)], parameters={"ThreadsPerFunction": "1"})
    faults.append(refuse_then_throttle)

    report = local.run(NAMED)

    assert report.status == "SUCCEEDED"
    assert report.numbers == {Stage.ON_TRUST_PRODUCT: 2}


def test_an_outage_during_the_review_does_not_end_the_wait(start: Start, faults: list[Fault]) -> None:
    down_until = time.monotonic() + 60
    onboarded = threading.Event()

    def down_once_onboarded(request: Request) -> Response | None:
        if request.method == "GET" and re.fullmatch(r"/v1/TrustProducts/BU\w+", request.path) and onboarded.is_set():
            return error(503, 20503, "Unavailable") if time.monotonic() < down_until else None
        if request.method == "POST" and "/TrustProducts/" in request.path and "Channel" in request.path:
            onboarded.set()
        return None

    local = start(parameters={"PollSeconds": "60"})
    faults.append(down_once_onboarded)
    arn = local.engine.start_execution(NAMED)
    seen_waiting = wait_until(lambda: any("Wait" in name for name in entered(local, arn)))
    down_until = 0

    assert seen_waiting
    assert local.engine.wait(arn, timeout=60)["status"] == "SUCCEEDED"


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


def entered(local: SimulatedPlace, arn: str) -> list[str]:
    """The states that an execution has entered, by name."""
    events = local.engine.history(arn)
    return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]


def each_once(local: SimulatedPlace, count: int) -> bool:
    on_profile, on_product = assignments(local)
    return len(on_profile) == len(set(on_profile)) == len(on_product) == len(set(on_product)) == count
