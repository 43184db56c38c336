"""Until when profiles and products are valid: the newest news count, and what was looked at last is in use."""

from datetime import UTC, datetime, timedelta

import pytest

from onboarding.table.dynamodb import Table
from onboarding.table.validities import read_validities_in_use, read_validity, record_validity
from onboarding.validity import BundleKind, Validity

PROFILE, PRODUCT, OTHER = (f"BU{number:032x}" for number in (1, 2, 3))
END = datetime(2027, 3, 1, tzinfo=UTC)


def seen(minute: int, sid: str = PRODUCT, valid_until: datetime | None = END, announced: int | None = None) -> Validity:
    kind: BundleKind = "business_profile" if sid == PROFILE else "trust_product"
    observed_at = datetime(2026, 5, 1, 12, tzinfo=UTC) + timedelta(minutes=minute)
    return Validity(kind=kind, sid=sid, observed_at=observed_at, valid_until=valid_until, announced=announced)


@pytest.mark.parametrize("validity", [seen(0), seen(0, announced=0), seen(0, PROFILE, None)])
def test_what_was_recorded_is_read(table: Table, validity: Validity) -> None:
    record_validity(table, validity)

    assert read_validity(table, validity.sid) == validity
    assert read_validity(table, OTHER) is None


def test_an_end_that_is_named_no_more_is_forgotten(table: Table) -> None:
    record_validity(table, seen(0, announced=30))
    record_validity(table, seen(1, valid_until=None))

    assert read_validity(table, PRODUCT) == seen(1, valid_until=None)


def test_older_news_never_overwrite_newer(table: Table) -> None:
    for minute in (1, 0):
        record_validity(table, seen(minute, announced=minute))

    assert read_validity(table, PRODUCT) == seen(1, announced=1)


def test_in_use_is_what_was_looked_at_last_of_each_kind(table: Table) -> None:
    for validity in (seen(2, OTHER), seen(0, PROFILE), seen(1, PRODUCT)):
        record_validity(table, validity)

    assert sorted(it.sid for it in read_validities_in_use(table)) == [PROFILE, OTHER]
