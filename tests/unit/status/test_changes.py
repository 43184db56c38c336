"""What happened to numbers since a given time: from their own times and the history of the Trust Product."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from onboarding.phone_numbers import Stage
from onboarding.trust_products import Status, StatusChange
from shaken_stir.cli.status_words import tell_changes
from shaken_stir.status.changes import Change, changes_since
from shaken_stir.status.model import NumberStatus, ProductStatus, ProfileStatus, Reason
from shaken_stir.status.reasons import Bundles

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PROFILE, PRODUCT, OTHER = (f"BU{number:032x}" for number in (1, 2, 3))


def hours(after: float) -> datetime:
    return NOON + timedelta(hours=after)


def number(index: int, stage: Stage, **more: object) -> NumberStatus:
    given: dict[str, object] = {
        "account_sid": f"AC{1:032x}",
        "account_name": "Shop",
        "phone_number_sid": f"PN{index:032x}",
        "phone_number": "+15125550100",
        "stage": stage,
        "reason": Reason.SIGNED,
        "explanation": "",
    }
    return NumberStatus.model_validate(given | more)


def on_both(index: int, assigned: float, **more: object) -> NumberStatus:
    bundles = {"business_profile_sid": PROFILE, "trust_product_sid": PRODUCT}
    return number(index, Stage.ON_TRUST_PRODUCT, assigned_at=hours(assigned), **bundles | more)


def bundles(
    *history: tuple[float, Status], profile: tuple[float, Status] = (-99, Status.APPROVED), connected: bool = True
) -> Bundles:
    changes = tuple(StatusChange(status=status, errors=[], observed_at=hours(at)) for at, status in history)
    product = ProductStatus(
        sid=PRODUCT, status=changes[-1].status, history=changes, connected=connected, connection_since=hours(-50)
    )
    return Bundles(product, ProfileStatus(sid=PROFILE, since=hours(profile[0]), status=profile[1]))


APPROVED = bundles((-90, Status.IN_REVIEW), (-9, Status.APPROVED))


def changes(numbers: list[NumberStatus], used: Bundles = APPROVED) -> list[tuple[Change, float, str]]:
    found = changes_since(numbers, used, NOON)
    return [(it.change, (it.at - NOON).total_seconds() / 3600, it.number.phone_number_sid[-1]) for it in found]


def test_numbers_come_are_signed_are_lost_and_go() -> None:
    numbers = [
        on_both(1, 2, came_at=hours(1)),
        number(2, Stage.DISCOVERED, came_at=hours(-9), since=hours(3), lost_at=hours(3)),
        number(3, Stage.RELEASED, came_at=hours(-9), since=hours(4), lost_at=hours(4)),
        on_both(4, -8, came_at=hours(-9)),
        number(5, Stage.REFUSED),
    ]

    assert changes(numbers) == [
        (Change.CAME, 1, "1"),
        (Change.SIGNED, 2, "1"),
        (Change.LOST, 3, "2"),
        (Change.WENT, 4, "3"),
    ]


def test_one_that_was_lost_and_signed_again_did_both() -> None:
    assert changes([on_both(1, 2, lost_at=hours(1))]) == [(Change.LOST, 1, "1"), (Change.SIGNED, 2, "1")]


def test_an_approval_signs_every_number_that_is_on_the_product_and_no_other() -> None:
    numbers = [on_both(1, -5), on_both(2, -4), on_both(3, -3, trust_product_sid=OTHER), number(4, Stage.REFUSED)]

    assert changes(numbers, bundles((-9, Status.IN_REVIEW), (2, Status.APPROVED))) == [
        (Change.SIGNED, 2, "1"),
        (Change.SIGNED, 2, "2"),
    ]


def test_an_assignment_to_a_product_under_review_signs_nothing() -> None:
    assert changes([on_both(1, 2)], bundles((1, Status.IN_REVIEW))) == []
    assert changes([number(1, Stage.DISCOVERED, lost_at=hours(2))], bundles((1, Status.IN_REVIEW))) == []


def test_a_revoked_product_loses_its_numbers_and_signs_them_again_once_approved() -> None:
    history = bundles((-9, Status.APPROVED), (1, Status.REJECTED), (2, Status.PENDING_REVIEW), (3, Status.APPROVED))

    assert changes([on_both(1, -5)], history) == [(Change.LOST, 1, "1"), (Change.SIGNED, 3, "1")]


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        (bundles((-9, Status.APPROVED), profile=(1, Status.REJECTED)), [(Change.LOST, 1, "1")]),
        (bundles((-9, Status.APPROVED), profile=(1, Status.APPROVED)), [(Change.SIGNED, 1, "1")]),
        (bundles((-60, Status.APPROVED), connected=False), []),
    ],
)
def test_the_profile_and_the_connection_count_too(used: Bundles, expected: list[object]) -> None:
    assert changes([on_both(1, -5)], used) == expected


def test_a_number_that_is_on_the_product_when_a_rejection_is_corrected_in_reasons_is_lost_once() -> None:
    history = bundles((-9, Status.APPROVED), (1, Status.REJECTED), (2, Status.REJECTED))

    assert changes([on_both(1, -5)], history) == [(Change.LOST, 1, "1")]


def test_twenty_changes_are_named_and_the_rest_is_counted() -> None:
    numbers = [on_both(index, index / 100) for index in range(1, 31)]
    text = io.StringIO()

    tell_changes(Console(file=text, width=200), changes_since(numbers, APPROVED, NOON))

    earlier, *named, counted = text.getvalue().strip().splitlines()
    assert earlier == "… 10 earlier changes (--json names them)"
    assert (len(named), counted) == (20, "0 came, 30 signed, 0 lost, 0 went.")
    assert f"PN{30:032x}" in named[-1]
