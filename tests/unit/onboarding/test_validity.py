"""When the end of a validity is announced, and in which words."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from onboarding.trust_products import Status
from onboarding.validity import (
    MONTH_BEFORE,
    ON_THE_DAY,
    Validity,
    announcement_due,
    days_left,
    describe_validity,
    explain_validity,
    is_ending,
    with_known,
)

SID = f"BU{1:032x}"
END = datetime(2027, 3, 1, 15, tzinfo=UTC)


def days_before(days: int) -> datetime:
    return END - timedelta(days=days)


def seen(days: int, announced: int | None = None, valid_until: datetime | None = END) -> Validity:
    """A look so many days before the end."""
    return Validity(
        kind="trust_product", sid=SID, observed_at=days_before(days), valid_until=valid_until, announced=announced
    )


@pytest.mark.parametrize(
    ("days", "announced", "due"),
    [
        (31, None, None),
        (30, None, MONTH_BEFORE),
        (1, None, MONTH_BEFORE),
        (0, None, ON_THE_DAY),
        (-400, None, ON_THE_DAY),
        (29, MONTH_BEFORE, None),
        (0, MONTH_BEFORE, ON_THE_DAY),
        (-1, MONTH_BEFORE, ON_THE_DAY),
        (0, ON_THE_DAY, None),
        (-400, ON_THE_DAY, None),
    ],
)
def test_an_end_is_announced_a_month_before_and_on_the_day_once_each(
    days: int, announced: int | None, due: int | None
) -> None:
    assert announcement_due(seen(days, announced)) == due


def test_what_has_no_end_is_never_announced() -> None:
    assert announcement_due(seen(0, valid_until=None)) is None


def test_what_was_announced_of_the_same_end_is_not_due_again() -> None:
    assert with_known(seen(20, MONTH_BEFORE), seen(10)).announced == MONTH_BEFORE


@pytest.mark.parametrize(
    "known", [None, seen(20, MONTH_BEFORE, END - timedelta(seconds=1)), seen(20, valid_until=None)]
)
def test_another_end_is_announced_anew(known: Validity | None) -> None:
    assert with_known(known, seen(10)).announced is None


def test_a_status_holds_since_it_was_first_seen() -> None:
    first = with_known(None, seen(20).model_copy(update={"status": Status.APPROVED}))
    again = with_known(first, seen(10).model_copy(update={"status": Status.APPROVED}))
    other = with_known(again, seen(5).model_copy(update={"status": Status.REJECTED}))

    assert (first.status_since, again.status_since) == (first.observed_at, first.observed_at)
    assert other.status_since == other.observed_at


def test_days_are_those_of_utc_s_calendar_whatever_the_hour() -> None:
    late = days_before(0).replace(hour=23, minute=59)
    in_the_east = datetime(2027, 3, 2, 8, tzinfo=timezone(timedelta(hours=9)))

    assert [days_left(END, now) for now in (late, in_the_east, days_before(1).replace(hour=0))] == [0, 0, 1]


@pytest.mark.parametrize(("days", "ending"), [(31, False), (30, True), (0, True), (-1, True)])
def test_an_end_is_near_for_a_month_and_stays_so(days: int, *, ending: bool) -> None:
    assert is_ending(END, days_before(days)) is ending


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (97, "is valid until 2027-03-01 UTC (in 97 days)"),
        (1, "is valid until 2027-03-01 UTC (in 1 day)"),
        (0, "is valid until 2027-03-01 UTC (today)"),
        (-1, "was valid until 2027-03-01 UTC (1 day ago)"),
        (-2, "was valid until 2027-03-01 UTC (2 days ago)"),
    ],
)
def test_a_validity_is_told_by_its_last_day(days: int, words: str) -> None:
    assert describe_validity("business_profile", SID, END, days_before(days)) == f"The Business Profile {SID} {words}"


@pytest.mark.parametrize(
    ("days", "look"),
    [
        (31, None),
        (30, "look at it in the Console's Trust Hub before then"),
        (0, "see in the Console's Trust Hub whether its status has changed"),
        (-3, "see in the Console's Trust Hub whether its status has changed"),
    ],
)
def test_an_end_that_is_near_or_past_is_explained_with_what_to_do(days: int, look: str | None) -> None:
    now = days_before(days)
    what_to_do = (
        f"; {look}, and renew it there or with Twilio's support, since Twilio does not document what it does at the "
        "end; runs go on assigning numbers (docs/runbook.md#validity-ending)"
    )

    said = explain_validity("trust_product", SID, END, now)

    assert said == f"{describe_validity('trust_product', SID, END, now)}{what_to_do if look else ''}."
