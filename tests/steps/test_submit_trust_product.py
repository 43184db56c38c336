"""Submitting the product: until it has left the status that it was in, once, whoever else does so meanwhile."""

from typing import Any

import pytest

from tests.steps.conftest import Start
from tests.steps.steps import Steps
from tests.world import PRODUCT, PROFILE, product, told

KNOWN = {"sid": PRODUCT, "status": "draft", "created": False, "connection_sid": None, "verdict_by": "none"}
SUBMIT = "POST /v1/TrustProducts/{Sid}"


def with_product(start: Start, status: str = "draft", **environment: Any) -> Steps:
    products = [product(status=status, business_profile=PROFILE)]
    return start(products=products, **{"CALLBACK_URL": "", **environment})


@pytest.mark.parametrize("status", ["pending-review", "in-review", "twilio-approved"])
def test_what_was_submitted_meanwhile_is_not_submitted_again(start: Start, status: str) -> None:
    steps = with_product(start, status)

    assert steps.invoke("submit_trust_product", trust_product=KNOWN)["status"] == status
    assert SUBMIT not in steps.simulator.calls


def test_a_refusal_is_no_failure_when_somebody_else_was_faster(start: Start) -> None:
    steps = with_product(start)
    steps.simulator.controls.plan_fault(operation=SUBMIT, carried_out=True, status=400, code=22203)

    assert steps.invoke("submit_trust_product", trust_product=KNOWN)["status"] == "pending-review"


def test_a_refusal_of_a_draft_is_told(start: Start) -> None:
    steps = with_product(start)
    steps.simulator.controls.plan_fault(operation=SUBMIT, status=400, code=22214, message="It cannot be submitted")

    error, sentence = steps.failure("submit_trust_product", trust_product=KNOWN)

    assert error == "TwilioRefused"
    assert "It cannot be submitted" in sentence
    assert "22214" in sentence


def test_twilio_is_told_where_to_call_back(start: Start) -> None:
    webhook = "https://hook.example/status-callback"
    steps = with_product(start, CALLBACK_URL=webhook)

    steps.invoke("submit_trust_product", trust_product=KNOWN)

    [submitted] = steps.simulator.state.trust_products
    assert submitted.status_callback == f"{webhook}?trust_product_sid={PRODUCT}"


def test_a_submission_that_did_not_take_is_sent_once_more(start: Start) -> None:
    steps = with_product(start)
    steps.simulator.controls.plan_fault(operation=SUBMIT, kind="ignored")

    assert steps.invoke("submit_trust_product", trust_product=KNOWN)["status"] == "pending-review"
    assert steps.simulator.calls[SUBMIT] == 2


@pytest.mark.parametrize("sent", [1, 2])
def test_a_submission_that_takes_late_is_not_sent_again(start: Start, sent: int) -> None:
    steps = with_product(start)
    [draft] = steps.simulator.state.trust_products

    def take_late(request: Any) -> None:
        if request.method == "GET" and steps.simulator.calls.get(SUBMIT) == sent:
            draft.status = "in-review"

    steps.simulator.controls.plan_fault(operation=SUBMIT, kind="ignored", times=0)
    steps.simulator.interpose(take_late)

    assert steps.invoke("submit_trust_product", trust_product=KNOWN)["status"] == "in-review"
    assert steps.simulator.calls[SUBMIT] == sent


def test_a_submission_that_never_takes_is_told(start: Start) -> None:
    steps = with_product(start)
    steps.simulator.controls.plan_fault(operation=SUBMIT, kind="ignored", times=0)

    sentence = (
        f"Twilio took the submission of the Trust Product {PRODUCT} 2 times and answered HTTP 200, but left it draft; "
        "look at it in the Console's Trust Hub, submit it there, and send the request again."
    )
    error = "TrustProductNotSubmitted"
    assert steps.failure("submit_trust_product", trust_product=KNOWN) == (error, told(error, sentence))
    assert steps.simulator.calls[SUBMIT] == 2


def test_a_rejected_product_that_twilio_does_not_take_again_is_told_step_by_step(start: Start) -> None:
    steps = with_product(start, "twilio-rejected")
    words = {"code": 22203, "message": "User cannot perform this status update."}
    steps.simulator.controls.plan_fault(operation=SUBMIT, status=400, times=0, **words)

    sentence = (
        f"Twilio does not take the rejected Trust Product {PRODUCT} for review again ('User cannot perform this status "
        "update', code 22203, HTTP 400); in the Console's Trust Hub, first, create a new SHAKEN/STIR Trust Product; "
        "second, assign the Business Profile to it, and do not submit it; third, take the phone numbers off "
        f"{PRODUCT}; "
        'then send the request again with "trust_product": {"sid": "BU…"}, the new one\'s SID.'
    )
    error = "TrustProductNotResubmitted"
    assert steps.failure("submit_trust_product", trust_product=KNOWN) == (error, told(error, sentence))


def test_a_rejected_product_that_lacks_something_is_to_be_corrected(start: Start) -> None:
    steps = with_product(start, "twilio-rejected")
    steps.simulator.controls.plan_fault(operation=SUBMIT, status=400, code=22215, message="A field is missing")

    assert steps.failure("submit_trust_product", trust_product=KNOWN)[0] == "TwilioRefused"


def test_a_rejected_product_is_submitted_again(start: Start) -> None:
    steps = with_product(start, "twilio-rejected")

    assert steps.invoke("submit_trust_product", trust_product=KNOWN)["status"] == "pending-review"
