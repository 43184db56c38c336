"""Why a product was rejected: from its errors, from the callback of this review, from its newest evaluation."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from onboarding.table.products import read_trust_product, record_trust_product
from onboarding.table.reviews import record_callback
from onboarding.trust_products import Status, TrustProductRecord
from tests.steps.conftest import Start
from tests.steps.steps import LATER, STARTED_AT, Steps
from tests.world import NEVER, PRODUCT, PROFILE, product

STATE = {"sid": PRODUCT, "status": "in-review", "created": False, "connection_sid": None, "verdict_by": "none"}
SEEN: dict[str, Any] = {"trust_product": STATE, "started_at": STARTED_AT, "review_deadline": LATER}
WEBSITE = "The website could not be reached."


def rejected(start: Start, errors: list[int] | None = None, **review: Any) -> Steps:
    """A product that was submitted, and then rejected by Twilio."""
    reviewed = product(status="in-review", business_profile=PROFILE)
    steps = start(products=[reviewed], review={"seconds": NEVER, "errors": errors or [], **review})
    submitted = TrustProductRecord(sid=PRODUCT, status=Status.PENDING_REVIEW)
    record_trust_product(steps.table, submitted, datetime.now(UTC) - timedelta(hours=1))
    steps.simulator.controls.decide(PRODUCT, "rejected")
    return steps


def called_back(steps: Steps, reason: str) -> None:
    """Twilio's verified callback of the rejection."""
    record_callback(steps.table, PRODUCT, reason, {"Status": "twilio-rejected", "FailureReason": reason})


def cause(steps: Steps) -> str:
    error, sentence = steps.failure("check_trust_product", **SEEN)
    assert error == "TrustProductRejected"
    return sentence


def test_the_reason_of_the_callback_is_told_kept_and_announced(start: Start) -> None:
    steps = rejected(start)
    called_back(steps, WEBSITE)

    told = cause(steps)

    assert told.startswith(
        f"Twilio rejected the Trust Product {PRODUCT} (Twilio says: The website could not be reached). Correct it in "
    )
    record = read_trust_product(steps.table, PRODUCT)
    assert record
    assert record.reasons == record.history[-1].reasons == [WEBSITE]
    [(kind, detail)] = steps.announced
    assert kind == "Trust Product Rejected"
    assert (detail["errors"], detail["reasons"]) == ([], [WEBSITE])
    assert WEBSITE.rstrip(".") in detail["message"]


def test_codes_in_the_callback_are_codes(start: Start) -> None:
    steps = rejected(start, errors=[18601])
    called_back(steps, "18601, 18606")

    told = cause(steps)

    assert "18601: the business name or website" in told
    assert "18606: a representative's e-mail" in told
    assert "Twilio says" not in told


def test_the_newest_callback_counts(start: Start) -> None:
    steps = rejected(start)
    called_back(steps, "An older one")
    called_back(steps, WEBSITE)

    assert "An older one" not in cause(steps)
    assert WEBSITE.rstrip(".") in cause(steps)


def test_a_callback_without_a_reason_that_comes_late_hides_none(start: Start) -> None:
    steps = rejected(start)
    called_back(steps, WEBSITE)
    record_callback(steps.table, PRODUCT, "late", {"Status": "in-review", "FailureReason": ""})

    assert WEBSITE.rstrip(".") in cause(steps)


def test_a_reason_that_comes_after_the_verdict_was_seen_joins_the_history(start: Start) -> None:
    steps = rejected(start)
    cause(steps)
    called_back(steps, WEBSITE)

    assert WEBSITE.rstrip(".") in cause(steps)
    record = read_trust_product(steps.table, PRODUCT)
    assert record
    assert [change.reasons for change in record.history] == [[], [WEBSITE]]


def test_a_callback_of_an_earlier_review_says_nothing_of_this_one(start: Start) -> None:
    steps = rejected(start)
    called_back(steps, WEBSITE)
    resubmitted = TrustProductRecord(sid=PRODUCT, status=Status.IN_REVIEW)
    record_trust_product(steps.table, resubmitted, datetime.now(UTC))

    assert "Twilio named no reason" in cause(steps)


def test_what_an_evaluation_finds_is_told(start: Start) -> None:
    steps = rejected(start, evaluation="The business name does not match")

    assert "(Twilio says: Primary Customer Profile Bundle: The business name does not match)" in cause(steps)


def test_all_three_are_told_together(start: Start) -> None:
    steps = rejected(start, errors=[18602], evaluation="The business name does not match")
    called_back(steps, WEBSITE)

    told = cause(steps)

    assert told.index("18602") < told.index("The website") < told.index("The business name")


def test_the_status_comes_from_the_api_alone(start: Start) -> None:
    steps = start(products=[product(status="in-review", business_profile=PROFILE)])
    called_back(steps, WEBSITE)

    assert steps.invoke("check_trust_product", **SEEN)["status"] == "in-review"
    assert steps.announced == []


def test_evaluations_that_cannot_be_read_are_left_out(start: Start) -> None:
    steps = rejected(start, errors=[18602])
    steps.simulator.controls.plan_fault(operation="GET */Evaluations", status=403, times=0)

    assert "18602" in cause(steps)


def test_a_phone_number_in_a_reason_leaves_the_table_masked(start: Start) -> None:
    steps = rejected(start)
    called_back(steps, "+15125550123 does not answer")

    assert "5125550123" not in cause(steps)
    [(_, detail)] = steps.announced
    assert "5125550123" not in str(detail)
    record = read_trust_product(steps.table, PRODUCT)
    assert record
    assert record.reasons == ["+15125550123 does not answer"]


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_callback_without_a_reason_names_none(start: Start, reason: str) -> None:
    steps = rejected(start)
    called_back(steps, reason)

    assert "Twilio named no reason: look into the Console's Trust Hub" in cause(steps)
