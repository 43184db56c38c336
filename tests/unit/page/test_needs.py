"""What needs a person, and in which words."""

import pytest

from onboarding.trust_products import Status
from shaken_stir.page.needs import LISTED, what_needs_a_person, worth_reading
from shaken_stir.status.model import (
    ProductStatus,
    ProfileStatus,
    Reason,
)
from tests.unit.page.fleets import PRODUCT, fleet, number, subaccount


def test_a_cause_is_said_once_for_all_that_it_concerns() -> None:
    one = subaccount(1, {Reason.REFUSED: 3})
    remedy = "look at it (docs/errors.md#22205)"
    numbers = [
        number(one, 1, Reason.REFUSED, "Twilio refused it: A", remedy),
        number(one, 2, Reason.REFUSED, "Twilio refused it: A", remedy),
        number(one, 3, Reason.REFUSED, "Twilio refused it: B", remedy),
    ]

    [need] = what_needs_a_person(fleet(one), numbers)

    assert need.title == "3 numbers refused by Twilio"
    assert [(it.why, it.remedy, it.sections, len(it.entries)) for it in need.causes] == [
        ("Twilio refused it: A.", "Look at it.", ("docs/errors.md#22205",), 2),
        ("Twilio refused it: B.", "Look at it.", ("docs/errors.md#22205",), 1),
    ]


def test_subaccounts_that_failed_come_before_numbers_each_with_its_own_message() -> None:
    first = subaccount(1, {Reason.TO_DO: 1}, status="failed", error="SubaccountBusy", message="busy (docs/errors.md#x)")
    second = subaccount(2, status="failed", error="SubaccountBusy", message="busy elsewhere")

    needs = what_needs_a_person(fleet(first, second), [number(first, 1, Reason.TO_DO)])

    assert [it.title for it in needs] == ["2 subaccounts failed", "1 number to do"]
    [cause] = needs[0].causes
    assert [(it.name, it.says) for it in cause.entries] == [
        ("Subaccount 1", "Busy."),
        ("Subaccount 2", "Busy elsewhere."),
    ]
    assert cause.sections[:2] == ("docs/errors.md#subaccount-busy", "docs/errors.md#x")


def test_a_rejection_is_one_need_with_the_sections_of_its_codes() -> None:
    explanation = (
        'Twilio rejected it (18601: why). Correct it in the Console, then send the request again with "resubmit": true.'
    )
    product = ProductStatus(sid=PRODUCT, status=Status.REJECTED, explanation=explanation, errors=(18601,))

    [need] = what_needs_a_person(fleet(subaccount(1, {Reason.REJECTED: 2_000}), product=product), [])

    assert need.title == "Twilio rejected the Trust Product: 2,000 numbers on it"
    [cause] = need.causes
    assert (cause.why, cause.remedy) == (explanation, "")
    assert cause.sections == ("docs/errors.md#trust-product-rejected", "docs/errors.md#18601")


@pytest.mark.parametrize(
    ("status", "titles"),
    [
        (Status.REJECTED, ["The Business Profile is not approved: 3 numbers on it"]),
        (Status.IN_REVIEW, []),
        (Status("provisionally-approved"), []),
    ],
)
def test_a_profile_needs_a_person_unless_twilio_reviews_it(status: Status, titles: list[str]) -> None:
    numbers = subaccount(1, {Reason.PROFILE_NOT_APPROVED: 3})

    needs = what_needs_a_person(fleet(numbers, profile=ProfileStatus(sid=PRODUCT, status=status)), [])

    assert [it.title for it in needs] == titles


def test_a_product_that_was_not_submitted_is_one_need() -> None:
    [need] = what_needs_a_person(fleet(subaccount(1, {Reason.NOT_SUBMITTED: 2})), [])

    assert need.title == "The Trust Product was not submitted: 2 numbers on it"
    assert need.causes[0].remedy == "Send the request again."


@pytest.mark.parametrize("reason", [Reason.SIGNED, Reason.IN_REVIEW, Reason.UNDER_WAY, Reason.INELIGIBLE])
def test_what_is_nobody_s_move_is_no_need(reason: Reason) -> None:
    one = subaccount(1, {reason: 2})

    assert what_needs_a_person(fleet(one), [number(one, 1, reason)]) == []
    assert worth_reading(fleet(one)) == []


def test_of_many_only_so_many_are_named_and_read_and_the_others_counted() -> None:
    several = [subaccount(number, {Reason.REFUSED: 10}) for number in range(9)]
    read = worth_reading(fleet(*several))
    numbers = [number(it, index, Reason.REFUSED) for it in read for index in range(10)]

    [need] = what_needs_a_person(fleet(*several), numbers)

    assert read == several[:3]
    assert sum(len(cause.entries) for cause in need.causes) == LISTED
    assert need.unnamed == 90 - LISTED
