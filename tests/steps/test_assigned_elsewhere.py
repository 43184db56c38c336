"""HTTP 409 is no success: what the lists do not show is not assigned, and a bundle that the refusal names is told."""

from typing import Any

import pytest

from onboarding.table.numbers import read_all_numbers
from tests.steps.conftest import Start
from tests.steps.steps import Steps
from tests.world import PRODUCT, PROFILE, account, phone_number, product, subaccount

OTHER = "BU" + "9" * 32
NUMBER = phone_number(1, 0)
ON_PRODUCT = "POST /v1/TrustProducts/{Sid}/ChannelEndpointAssignments"
ON_PROFILE = "POST /v1/CustomerProfiles/{Sid}/ChannelEndpointAssignments"
REMEDY = "; take it off there in the Console, and the next request that names the number tries again"


def refused(start: Start, operation: str, message: str, code: int = 20409, **fleet: Any) -> tuple[Steps, str | None]:
    """Have Twilio refuse an assignment like this; gives what is recorded of the number."""
    fault = {"operation": operation, "status": 409, "code": code, "message": message, "times": 0}
    steps = start(
        **{"products": [product(business_profile=PROFILE)], **fleet},
        subaccounts=[subaccount(1, numbers=1)],
        faults=[fault],
    )
    steps.onboard()
    [record] = read_all_numbers(steps.table, account(1))
    assert (record.stage, record.error_code) == ("refused", code)
    return steps, record.reason


@pytest.mark.parametrize(
    ("words", "code"),
    [(f"already mapped to a trust_product_sid: {OTHER}", 20409), (f"Number is already assigned to {OTHER}.", 70003)],
)
def test_a_product_that_has_the_number_is_told(start: Start, words: str, code: int) -> None:
    taken = product(OTHER, status="twilio-rejected", friendly_name="Old one")
    _, reason = refused(start, ON_PRODUCT, words, code, products=[product(business_profile=PROFILE), taken])

    assert reason == (f"{words.rstrip('.')}: it is on the Trust Product {OTHER} ('Old one', twilio-rejected){REMEDY}")


def test_a_profile_that_has_the_number_is_told(start: Start) -> None:
    profiles = [{"sid": PROFILE}, {"sid": OTHER, "primary": False, "friendly_name": "Franchise"}]
    words = f"already assigned to {OTHER}"
    _, reason = refused(start, ON_PROFILE, words, profiles=profiles)

    assert reason == f"{words}: it is on the Business Profile {OTHER} ('Franchise', twilio-approved){REMEDY}"


def test_a_bundle_of_nobody_is_told_as_such(start: Start) -> None:
    _, reason = refused(start, ON_PRODUCT, f"already assigned to {OTHER}")

    assert reason == f"already assigned to {OTHER}: it is on {OTHER}, which this account does not have{REMEDY}"


def test_a_refusal_that_names_this_bundle_alone_is_told_as_it_is(start: Start) -> None:
    _, reason = refused(start, ON_PRODUCT, f"already assigned to {PRODUCT}")

    assert reason == f"already assigned to {PRODUCT}"


def test_a_bundle_on_which_the_number_is_missing_is_not_taken_for_one_that_has_it(start: Start) -> None:
    words = f"It is not assigned to the required supporting bundle {PROFILE}"
    _, reason = refused(start, ON_PRODUCT, words)

    assert reason == words


def test_what_was_assigned_is_recorded_though_the_other_bundle_cannot_be_read(start: Start) -> None:
    steps = start(products=[product(business_profile=PROFILE)], subaccounts=[subaccount(1)])
    controls = steps.simulator.controls
    controls.plan_fault(operation=ON_PROFILE, mentioning=NUMBER, status=409, message=f"already assigned to {OTHER}")
    controls.plan_fault(operation=f"GET /v1/*/{OTHER}", times=0)

    steps.onboard()

    assert steps.stages() == {NUMBER: "refused", phone_number(1, 1): "on_trust_product"}
    reasons = {it.phone_number_sid: it.reason for it in read_all_numbers(steps.table, account(1))}
    assert reasons[NUMBER] == f"already assigned to {OTHER}: it is on {OTHER}{REMEDY}"
