"""A status that Twilio does not document is no crash and no verdict: shown by its name, waited on, and logged once."""

from typing import Any

import pytest

from onboarding.table.products import read_trust_product
from onboarding.table.reviews import read_waiters
from tests.steps.conftest import Start
from tests.steps.steps import LATER, STARTED_AT, Steps
from tests.steps.whole_run import EXECUTIONS
from tests.world import NAMED, PRODUCT, PROFILE, product, told

UNKNOWN = "provisionally-approved"
STATE = {"sid": PRODUCT, "status": "in-review", "created": False, "connection_sid": None, "verdict_by": "none"}
KNOWN: dict[str, Any] = {"trust_product": STATE, "started_at": STARTED_AT, "review_deadline": LATER}


@pytest.fixture
def steps(start: Start) -> Steps:
    steps = start(products=[product(business_profile=PROFILE)], CALLBACK_URL="")
    steps.simulator.controls.set_status(PRODUCT, UNKNOWN)
    return steps


def test_the_product_is_used_as_it_is(steps: Steps) -> None:
    assert steps.begin(NAMED)["trust_product"]["status"] == UNKNOWN


def test_it_is_not_submitted(steps: Steps) -> None:
    assert steps.invoke("submit_trust_product", trust_product=STATE | {"status": "draft"})["status"] == UNKNOWN
    assert "POST /v1/TrustProducts/{Sid}" not in steps.simulator.calls


def test_it_is_waited_on(steps: Steps) -> None:
    steps.invoke(
        "await_review",
        trust_product_sid=PRODUCT,
        execution_arn=f"{EXECUTIONS}:first",
        task_token="token",
        poll_seconds=3600,
    )

    assert [waiter.execution for waiter in read_waiters(steps.table, PRODUCT)] == ["first"]


def test_it_is_recorded_by_its_name_and_announced_to_nobody(steps: Steps) -> None:
    assert steps.invoke("check_trust_product", **KNOWN)["status"] == UNKNOWN

    record = read_trust_product(steps.table, PRODUCT)
    assert record
    assert [change.status.value for change in record.history] == [UNKNOWN]
    assert steps.announced == []


def test_it_is_logged_once(steps: Steps, caplog: pytest.LogCaptureFixture) -> None:
    steps.simulator.controls.set_status(PRODUCT, "seen-by-nobody-before")
    for _ in range(3):
        steps.invoke("check_trust_product", **KNOWN)

    [logged] = [it for it in caplog.records if "not known here" in it.getMessage()]
    assert vars(logged)["status"] == "seen-by-nobody-before"


def test_a_profile_of_such_a_status_is_not_approved(start: Start) -> None:
    steps = start()
    [profile] = steps.simulator.state.customer_profiles
    profile.status = UNKNOWN

    sentence = (
        f"The Business Profile {PROFILE} is {UNKNOWN}, not twilio-approved; "
        "Twilio is still reviewing it: wait until it is approved, then send the request again."
    )
    error = "BusinessProfileNotApproved"
    assert steps.failure("find_business_profile", business_profile_sid=PROFILE) == (error, told(error, sentence))
