"""Submitting the product: once, whoever else does so meanwhile."""

import pytest

from tests.steps.conftest import Start
from tests.world import NEVER, PRODUCT, PROFILE, product

KNOWN = {"sid": PRODUCT, "status": "draft", "created": False, "connection_sid": None, "verdict_by": "none"}
LONG = {"seconds": NEVER}
SUBMIT = "POST /v1/TrustProducts/{Sid}"


@pytest.mark.parametrize("status", ["pending-review", "in-review", "twilio-approved"])
def test_what_was_submitted_meanwhile_is_not_submitted_again(start: Start, status: str) -> None:
    steps = start(products=[product(status=status, business_profile=PROFILE)], review=LONG, CALLBACK_URL="")

    submitted = steps.invoke("submit_trust_product", trust_product=KNOWN)

    assert submitted["status"] == status
    assert SUBMIT not in steps.simulator.calls


def test_a_refusal_is_no_failure_when_somebody_else_was_faster(start: Start) -> None:
    steps = start(products=[product(status="draft", business_profile=PROFILE)], review=LONG, CALLBACK_URL="")
    steps.simulator.controls.plan_fault(operation=SUBMIT, carried_out=True, status=400, code=22203)

    assert steps.invoke("submit_trust_product", trust_product=KNOWN)["status"] == "pending-review"


def test_a_refusal_of_a_draft_is_told(start: Start) -> None:
    steps = start(products=[product(status="draft", business_profile=PROFILE)], CALLBACK_URL="")
    steps.simulator.controls.plan_fault(operation=SUBMIT, status=400, code=22214, message="It cannot be submitted")

    error, sentence = steps.failure("submit_trust_product", trust_product=KNOWN)

    assert error == "TwilioRefused"
    assert "It cannot be submitted" in sentence
    assert "22214" in sentence


def test_twilio_is_told_where_to_call_back(start: Start) -> None:
    webhook = "https://hook.example/status-callback"
    steps = start(products=[product(status="draft", business_profile=PROFILE)], review=LONG, CALLBACK_URL=webhook)

    steps.invoke("submit_trust_product", trust_product=KNOWN)

    [submitted] = steps.simulator.state.trust_products
    assert submitted.status_callback == f"{webhook}?trust_product_sid={PRODUCT}"
