"""What numbers did since a moment: each by its own times."""

from datetime import UTC, datetime, timedelta

from onboarding.phone_numbers import Stage
from shaken_stir.status.changes import Change, changes_since
from shaken_stir.status.model import NumberStatus, Reason

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def hours(after: float) -> datetime:
    return NOON + timedelta(hours=after)


def number(index: int, stage: Stage, **times: datetime) -> NumberStatus:
    given = {"account_sid": f"AC{1:032x}", "account_name": "Shop", "phone_number_sid": f"PN{index:032x}"}
    told = {"phone_number": "+15125550100", "stage": stage, "reason": Reason.SIGNED, "explanation": "", **times}
    return NumberStatus.model_validate(given | told)


def test_numbers_come_are_signed_are_lost_and_go() -> None:
    numbers = [
        number(1, Stage.ON_TRUST_PRODUCT, came_at=hours(1), since=hours(2)),
        number(2, Stage.DISCOVERED, came_at=hours(-9), since=hours(3), lost_at=hours(3)),
        number(3, Stage.RELEASED, came_at=hours(-9), since=hours(4), lost_at=hours(4)),
        number(4, Stage.ON_TRUST_PRODUCT, came_at=hours(-9), since=hours(-8)),
        number(5, Stage.REFUSED),
    ]

    told = [(it.change, it.at, it.number.phone_number_sid[-1]) for it in changes_since(numbers, NOON)]

    assert told == [
        (Change.CAME, hours(1), "1"),
        (Change.SIGNED, hours(2), "1"),
        (Change.LOST, hours(3), "2"),
        (Change.WENT, hours(4), "3"),
    ]


def test_one_that_was_lost_and_signed_again_did_both() -> None:
    again = number(1, Stage.ON_TRUST_PRODUCT, came_at=hours(-9), lost_at=hours(1), since=hours(2))

    assert [it.change for it in changes_since([again], NOON)] == [Change.LOST, Change.SIGNED]
