"""What Twilio says of the product is recorded, and each verdict announced once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from onboarding.table.products import read_trust_product, record_trust_product
from onboarding.trust_products import Status, TrustProductRecord, VerdictBy
from tests.steps.conftest import Start
from tests.steps.steps import Steps
from tests.steps.whole_fleet import APPROVED, seen, to_be_checked
from tests.world import PRODUCT, PROFILE, product, told

REJECTED = "Trust Product Rejected"


def check(steps: Steps, status: str = "twilio-approved", **of: Any) -> Any:
    return steps.invoke("check_trust_product", **to_be_checked(seen(status, **of)))


def is_rejected(steps: Steps, status: str = "twilio-approved", **of: Any) -> str:
    error, sentence = steps.failure("check_trust_product", **to_be_checked(seen(status, **of)))
    assert error == "TrustProductRejected"
    return sentence


def test_an_approval_is_announced_once(start: Start) -> None:
    steps = start(products=[APPROVED])

    for _ in range(2):
        check(steps)

    [(kind, approval)] = steps.announced
    assert (kind, approval["trust_product_sid"]) == ("Trust Product Approved", PRODUCT)
    assert approval["message"] == f"Twilio has approved the Trust Product {PRODUCT}."


@pytest.mark.parametrize(
    ("before", "woken_by", "verdict_by"),
    [
        ("in-review", "none", "poll"),
        ("in-review", "callback", "callback"),
        ("twilio-approved", "none", "none"),
    ],
)
def test_who_brought_the_verdict_is_told(start: Start, before: str, woken_by: VerdictBy, verdict_by: VerdictBy) -> None:
    steps = start(products=[APPROVED])

    assert check(steps, before, verdict_by=woken_by)["verdict_by"] == verdict_by


def test_a_revoked_product_is_noticed_recorded_and_announced_once(start: Start) -> None:
    steps = start(products=[APPROVED])
    check(steps)
    steps.simulator.controls.revoke(PRODUCT, errors=[18601])
    steps.announced.clear()

    for _ in range(2):
        is_rejected(steps)

    [(kind, rejection)] = steps.announced
    assert kind == REJECTED
    assert rejection["id"].startswith(f"{PRODUCT}/twilio-rejected/20")
    assert (rejection["trust_product_sid"], rejection["errors"]) == (PRODUCT, [18601])
    record = read_trust_product(steps.table, PRODUCT)
    assert record
    assert [(it.status.value, it.errors) for it in record.history] == [
        ("twilio-approved", []),
        ("twilio-rejected", [18601]),
    ]


def test_a_rejection_is_told_with_twilio_s_codes_and_what_to_correct(start: Start) -> None:
    steps = start(products=[product(status="twilio-rejected", business_profile=PROFILE, errors=[18601, 18606])])

    assert is_rejected(steps) == told(
        "TrustProductRejected",
        f"Twilio rejected the Trust Product {PRODUCT} (18601: the business name or website does not "
        "match public records: correct it in the Business Profile; 18606: a representative's e-mail is not of the "
        "business's domain: use one that is). Correct it in the Console, then send the request again with "
        '"resubmit": true.',
    )


def test_each_rejection_of_a_product_is_announced_and_kept(start: Start) -> None:
    steps = start(products=[product(status="draft", business_profile=PROFILE)])
    steps.begin({})
    for status in ("draft", "twilio-rejected"):
        steps.invoke("submit_trust_product", trust_product=seen(status))
        steps.simulator.controls.decide(PRODUCT, "rejected", [18602])
        is_rejected(steps, "pending-review")

    assert [kind for kind, _ in steps.announced] == [REJECTED, REJECTED]
    record = read_trust_product(steps.table, PRODUCT)
    assert record
    assert [(it.status.value, it.errors) for it in record.history] == [
        ("draft", []),
        ("pending-review", []),
        ("twilio-rejected", [18602]),
        ("pending-review", []),
        ("twilio-rejected", [18602]),
    ]


def test_an_answer_that_newer_news_have_overtaken_is_not_announced(start: Start) -> None:
    steps = start(products=[APPROVED])
    revoked = TrustProductRecord(sid=PRODUCT, status=Status.REJECTED, announced=Status.REJECTED)
    record_trust_product(steps.table, revoked, datetime.now(UTC) + timedelta(hours=1))

    check(steps)

    assert steps.announced == []


def test_a_review_that_takes_too_long_is_said(start: Start) -> None:
    steps = start(products=[product(status="in-review", business_profile=PROFILE)])
    assert check(steps, "pending-review")["status"] == "in-review"

    over = to_be_checked(seen("in-review"), review_deadline="2026-01-02T03:04:00+00:00")
    assert steps.failure("check_trust_product", **over) == (
        "ReviewTimedOut",
        told(
            "ReviewTimedOut",
            f"Twilio gave no verdict on the Trust Product {PRODUCT} by 2026-01-02 03:04 UTC (it is in-review); "
            "ask Twilio's support, then send the request again.",
        ),
    )


def test_a_product_that_was_deleted_meanwhile_counts_as_rejected(start: Start) -> None:
    steps = start()

    assert f"The Trust Product {PRODUCT} was deleted from the account" in is_rejected(steps, "in-review")
