"""Where a number stands when it is listed: what is known of it decides whether there is work to do."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from list_phone_numbers import ListPhoneNumbersEvent, classify, needs_work
from onboarding.models import PhoneNumberRecord, Stage
from onboarding.twilio.trust_hub import PhoneNumber

NUMBER = PhoneNumber("PN" + "1" * 32, "+15125550100", voice=True)
PROFILE, PRODUCT, OTHER = ("BU" + digit * 32 for digit in "123")
ASSIGNMENT = "RA" + "1" * 32
NEW = PhoneNumberRecord(phone_number_sid=NUMBER.sid, phone_number=NUMBER.phone_number, stage=Stage.DISCOVERED)
ON_PROFILE = NEW.on_business_profile(PROFILE, ASSIGNMENT)
SIGNED = ON_PROFILE.on_trust_product(PRODUCT, ASSIGNMENT)


def event(**changes: Any) -> ListPhoneNumbersEvent:
    asked = {
        "execution": "run",
        "subaccount_sid": "AC" + "1" * 32,
        "phone_numbers": None,
        "page_url": None,
        "regions": ["US"],
        "business_profile_sid": PROFILE,
        "trust_product_sid": PRODUCT,
    }
    return ListPhoneNumbersEvent.model_validate(asked | changes)


def refused(by: str, days_ago: float) -> PhoneNumberRecord:
    at = datetime.now(UTC) - timedelta(days=days_ago)
    return ON_PROFILE.refused(by, "no", 22205).model_copy(update={"refused_at": at})


@pytest.mark.parametrize(
    ("known", "stage"),
    [
        (None, Stage.DISCOVERED),
        (SIGNED, Stage.ON_TRUST_PRODUCT),
        (ON_PROFILE, Stage.ON_BUSINESS_PROFILE),
        (SIGNED.on_trust_product(OTHER, ASSIGNMENT), Stage.ON_BUSINESS_PROFILE),
        (NEW.on_business_profile(OTHER, ASSIGNMENT), Stage.DISCOVERED),
        (refused(PRODUCT, days_ago=6.9), Stage.REFUSED),
        (refused(PRODUCT, days_ago=7.1), Stage.ON_BUSINESS_PROFILE),
        (refused(OTHER, days_ago=0), Stage.ON_BUSINESS_PROFILE),
        (SIGNED.released(), Stage.DISCOVERED),
    ],
)
def test_what_is_known_decides_what_is_left_to_do(known: PhoneNumberRecord | None, stage: Stage) -> None:
    record = classify(NUMBER, known, event())

    assert record.stage is stage
    assert needs_work(record) is (stage in {Stage.DISCOVERED, Stage.ON_BUSINESS_PROFILE})


@pytest.mark.parametrize("known", [SIGNED, refused(PRODUCT, days_ago=1)])
def test_a_number_without_work_is_left_as_it_is(known: PhoneNumberRecord) -> None:
    assert classify(NUMBER, known, event()) == known


def test_a_refused_number_that_is_named_is_tried_again() -> None:
    assert needs_work(classify(NUMBER, refused(PRODUCT, days_ago=0), event(phone_numbers=[NUMBER.sid])))
