"""How the verdict on the Trust Product reaches a run, however its callback fares."""

import socket

from simulator.messages import Request
from simulator.reviews import UNDER_REVIEW
from tests.machine.conftest import Start
from tests.world import (
    NAMED,
    NEVER,
    PRODUCT,
    PROFILE,
    account,
    all_signed_once,
    assignments,
    decide_once_awaited,
    output,
    posts,
    product,
    wait_until,
    waiting,
)

SUBMIT = "POST /v1/TrustProducts/{Sid}"


def test_a_rejection_ends_the_run_and_the_product_is_submitted_again_only_when_asked(start: Start) -> None:
    local = start(review={"seconds": NEVER})

    rejected = local.run(NAMED, decide_once_awaited(local, "rejected", [18602]))

    assert (rejected.status, rejected.error) == ("FAILED", "TrustProductRejected")
    assert rejected.cause
    assert rejected.trust_product
    assert rejected.cause.startswith(f"Twilio rejected the Trust Product {rejected.trust_product.sid} (18602: ")
    assert rejected.cause.endswith("(docs/errors.md#trust-product-rejected).")
    assert (rejected.trust_product.status, rejected.trust_product.verdict_by) == ("twilio-rejected", "callback")
    assert rejected.announced == ["Subaccounts Onboarded", "Trust Product Rejected"]
    _, on_product = assignments(local)
    assert len(on_product) == 4

    refused = local.run({})
    assert (refused.status, refused.error) == ("FAILED", "TrustProductRejected")
    assert posts(refused.twilio_calls) == 0
    assert refused.announced == []

    again = local.run({"resubmit": True}, decide_once_awaited(local))
    assert again.status == "SUCCEEDED"
    assert again.twilio_calls[SUBMIT] == 1
    assert again.trust_product
    assert again.trust_product.verdict_by == "callback"


def test_a_rejected_product_that_is_approved_by_now_is_begun_with_again(start: Start) -> None:
    local = start(products=[product(status="twilio-rejected", business_profile=PROFILE, errors=[18602])])
    [rejected] = local.simulator.state.trust_products

    def approve(request: Request) -> None:
        if request.path == f"/v1/TrustProducts/{PRODUCT}":
            rejected.status, rejected.errors = "twilio-approved", []

    local.simulator.interpose(approve)

    report = local.run({})

    assert report.status == "SUCCEEDED"
    assert len(assignments(local)[1]) == 4


def test_a_verdict_that_came_before_the_wait_is_not_waited_for(start: Start) -> None:
    local = start(review={"seconds": NEVER}, parameters={"PollSeconds": str(NEVER)})
    local.simulator.controls.callbacks(drop=True)

    def decide(request: Request) -> None:
        for it in local.simulator.state.trust_products:
            if it.status in UNDER_REVIEW and "ChannelEndpointAssignments" in request.path:
                local.simulator.controls.decide(it.sid, "approved")

    local.simulator.interpose(decide)
    arn = local.engine.start_execution(NAMED)

    assert local.engine.wait(arn, timeout=60)["status"] == "SUCCEEDED"
    product_then = output(local, arn)["trust_product"]
    assert (product_then["status"], product_then["verdict_by"]) == ("twilio-approved", "poll")


def test_a_lost_callback_costs_only_the_time_until_the_poll(start: Start) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        local = start(review={"seconds": NEVER}, parameters={"PublicBaseUrl": url, "PollSeconds": "60"})

        report = local.run(NAMED, decide_once_awaited(local))

    assert report.status == "SUCCEEDED"
    assert report.trust_product
    assert report.trust_product.verdict_by == "poll"
    assert all(callback.error for callback in local.simulator.state.callbacks)
    assert posts(report.twilio_calls) == 1 + 1 + 1 + 1 + 8  # created, connected, evaluated, submitted, four numbers
    all_signed_once(local)


def test_of_several_executions_only_the_first_that_still_runs_waits_and_the_others_do_their_work(start: Start) -> None:
    local = start(review={"seconds": NEVER})
    first = local.engine.start_execution(NAMED, name="first")
    assert wait_until(lambda: waiting(local))
    bought, before = local.simulator.controls.buy(account(2)), local.twilio_calls()

    second = local.engine.start_execution({"subaccounts": [account(2)], "phone_numbers": [bought]})

    assert local.engine.wait(second, timeout=60)["status"] == "SUCCEEDED"
    assert output(local, second)["trust_product"]["status"] in {"pending-review", "in-review"}
    assert output(local, second)["review"]["Error"] == "ReviewAwaitedElsewhere"
    assert "the execution first awaits the verdict" in output(local, second)["review"]["Cause"]
    assert posts(local.twilio_calls() - before) == 2  # what is under review is not submitted again
    assert [bundle.count(bought) for bundle in assignments(local)] == [1, 1]
    assert local.engine.describe_execution(first)["status"] == "RUNNING"

    local.engine.stop_execution(first)
    assert local.engine.wait(first, timeout=60)["status"] == "ABORTED"
    third = local.run({}, decide_once_awaited(local))
    assert posts(third.twilio_calls) == 0
    assert third.trust_product
    assert (third.trust_product.status, third.trust_product.verdict_by) == ("twilio-approved", "callback")
    all_signed_once(local)
