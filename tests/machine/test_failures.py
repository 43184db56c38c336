"""What goes wrong on the way: it is told, it stops nothing else, and the next run puts it right."""

import threading

from onboarding.phone_numbers import Stage
from shaken_stir.simulated.place import SimulatedPlace
from simulator.messages import Request
from tests.machine.conftest import Start
from tests.world import (
    NAMED,
    account,
    announced,
    assignments,
    subaccount,
    wait_until,
)


def test_a_noncompliant_product_is_not_submitted(start: Start) -> None:
    local = start()
    [approved] = local.simulator.state.customer_profiles

    def revoke_once_connected(request: Request) -> None:
        if request.path.endswith("/Evaluations"):
            approved.status = "twilio-rejected"

    local.simulator.interpose(revoke_once_connected)

    report = local.run(NAMED)

    assert (report.status, report.error) == ("FAILED", "TrustProductNoncompliant")
    assert report.cause
    assert "noncompliant" in report.cause
    assert "POST /v1/TrustProducts/{Sid}" not in report.twilio_calls


def test_a_subaccount_that_fails_stops_no_other_and_fails_the_run_after_the_verdict(start: Start) -> None:
    local = start()
    local.simulator.controls.plan_fault(
        operation=f"GET */{account(1)}/IncomingPhoneNumbers.json",
        status=403,
        code=20003,
        message="Permission Denied",
        times=0,
    )

    report = local.run(NAMED)

    assert (report.status, report.error) == ("FAILED", "SubaccountsFailed")
    assert report.cause == (
        f"1 of 2 subaccounts failed: {account(1)}: Twilio refused GET /2010-04-01/Accounts/{account(1)}/"
        "IncomingPhoneNumbers.json with 'Permission Denied' (code 20003, HTTP 403); "
        "see https://www.twilio.com/docs/errors/20003; correct what it names, then send the request again "
        "(docs/errors.md#twilio-refused) (docs/errors.md#subaccounts-failed)."
    )
    assert report.trust_product
    assert report.trust_product.status == "twilio-approved"
    assert report.subaccounts[account(2)].numbers == {Stage.ON_TRUST_PRODUCT: 2}
    assert report.orphans is None  # whoever has not listed the whole fleet knows of none
    assert report.announced == ["Subaccounts Failed", "Trust Product Approved"]
    [failed] = announced(local, "Subaccounts Failed")
    assert (failed["onboarded"], failed["failed"], failed["message"]) == (1, 1, report.cause)

    local.simulator.controls.clear_faults()
    assert local.run({}).numbers == {Stage.ON_TRUST_PRODUCT: 4}


def test_an_outage_during_the_assigning_is_waited_out(start: Start) -> None:
    local = start()
    planned = [
        local.simulator.controls.plan_fault(operation=f"{method} */ChannelEndpointAssignments", kind="reset", times=3)
        for method in ("GET", "POST")
    ]

    report = local.run(NAMED)

    assert report.status == "SUCCEEDED"
    assert [it.happened for it in planned] == [3, 3]
    assert each_once(local, 4)


def test_an_outage_during_the_review_does_not_end_the_wait(start: Start) -> None:
    local = start(parameters={"PollSeconds": "60"})
    # The first look at the product is made before it is submitted.
    down = local.simulator.controls.plan_fault(operation="GET /v1/TrustProducts/{Sid}", kind="reset", after=1, times=0)
    arn = local.engine.start_execution(NAMED)
    # Once from Await Review, once from Check Trust Product.
    waited = wait_until(lambda: entered(local, arn).count("Wait Out The Outage") == 2, seconds=60)
    local.simulator.controls.clear_faults()

    assert waited
    assert down.happened
    assert local.engine.wait(arn, timeout=60)["status"] == "SUCCEEDED"
    assert each_once(local, 4)


def test_an_execution_that_was_stopped_is_finished_by_the_next_request(start: Start) -> None:
    assigning, stopped = threading.Event(), threading.Event()

    def hold_first_assignment(request: Request) -> None:
        if request.method == "POST" and "ChannelEndpointAssignments" in request.path:
            assigning.set()
            stopped.wait(60)

    local = start(time_scale=0.002, subaccounts=[subaccount(1, numbers=6)])
    local.simulator.interpose(hold_first_assignment)
    arn = local.engine.start_execution(NAMED)
    assert assigning.wait(60)
    local.engine.stop_execution(arn)
    stopped.set()

    report = local.run(NAMED)

    assert report.status == "SUCCEEDED"
    assert each_once(local, 6)


def entered(local: SimulatedPlace, arn: str) -> list[str]:
    """The states that an execution has entered, by name."""
    events = local.engine.history(arn)
    return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]


def each_once(local: SimulatedPlace, count: int) -> bool:
    on_profile, on_product = assignments(local)
    return len(on_profile) == len(set(on_profile)) == len(on_product) == len(set(on_product)) == count
