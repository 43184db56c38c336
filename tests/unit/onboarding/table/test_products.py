"""What Twilio said of a Trust Product: the newest counts, the history grows, two writers lose nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from onboarding.table.dynamodb import Key, Table, to_item
from onboarding.table.products import note_announced, read_trust_product, record_trust_product
from onboarding.trust_products import Status, StatusChange, TrustProductRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SID, PROFILE = f"BU{1:032x}", f"BU{2:032x}"


def at(minute: float) -> datetime:
    return datetime(2026, 5, 1, 12, tzinfo=UTC) + timedelta(minutes=minute)


def news(status: Status, errors: list[int] | None = None, **more: Any) -> TrustProductRecord:
    return TrustProductRecord(sid=SID, status=status, **({} if errors is None else {"errors": errors}), **more)


def change(status: Status, minute: float, errors: list[int] | None = None) -> StatusChange:
    return StatusChange(status=status, errors=errors or [], observed_at=at(minute))


def read(table: Table) -> TrustProductRecord:
    record = read_trust_product(table, SID)
    assert record
    return record


def test_a_product_that_was_never_recorded_is_none(table: Table) -> None:
    record_trust_product(table, TrustProductRecord(sid=PROFILE, status=Status.DRAFT), at(0))

    assert read_trust_product(table, SID) is None


def test_what_was_recorded_is_returned_and_read(table: Table) -> None:
    said = news(Status.REJECTED, [18601], business_profile_sid=PROFILE, created_by="run", verdict_by="callback")

    returned = record_trust_product(table, said, at(0))

    assert returned == read(table)
    assert returned == said.model_copy(update={"history": [change(Status.REJECTED, 0, [18601])]})


def test_what_the_news_leave_out_stays_as_it_is(table: Table) -> None:
    first = news(Status.DRAFT, business_profile_sid=PROFILE, created_by="run", verdict_by="poll")
    record_trust_product(table, first, at(0))

    record = record_trust_product(table, news(Status.DRAFT), at(1))

    assert record == read(table)
    assert (record.business_profile_sid, record.created_by, record.verdict_by) == (PROFILE, "run", "poll")


@pytest.mark.parametrize("earlier", [1, 0.25 / 60])
def test_older_news_never_overwrite_newer(table: Table, earlier: float) -> None:
    newer = record_trust_product(table, news(Status.APPROVED), at(5))

    returned = record_trust_product(table, news(Status.IN_REVIEW, [18601], created_by="run"), at(5 - earlier))

    assert returned == newer
    assert read(table) == newer


def test_news_of_the_same_moment_count(table: Table) -> None:
    record_trust_product(table, news(Status.IN_REVIEW), at(0))
    record_trust_product(table, news(Status.APPROVED), at(0))

    assert read(table).status is Status.APPROVED


def test_the_history_grows_with_each_change_of_the_status_only(table: Table) -> None:
    statuses = [Status.DRAFT, Status.IN_REVIEW, Status.IN_REVIEW, Status.APPROVED, Status.APPROVED, Status.IN_REVIEW]

    for minute, status in enumerate(statuses):
        record = record_trust_product(table, news(status), at(minute))

    assert record == read(table)
    assert record.history == [
        change(Status.DRAFT, 0),
        change(Status.IN_REVIEW, 1),
        change(Status.APPROVED, 3),
        change(Status.IN_REVIEW, 5),
    ]


def test_the_history_learns_the_codes_of_a_rejection_later(table: Table) -> None:
    record_trust_product(table, news(Status.IN_REVIEW), at(0))
    record_trust_product(table, news(Status.REJECTED), at(1))

    record = record_trust_product(table, news(Status.REJECTED, [18601, 18602]), at(2))

    assert record == read(table)
    assert record.errors == [18601, 18602]
    assert record.history == [change(Status.IN_REVIEW, 0), change(Status.REJECTED, 1, [18601, 18602])]


def test_a_second_rejection_with_other_codes_joins_the_history(table: Table) -> None:
    record_trust_product(table, news(Status.REJECTED, [18601]), at(0))
    record_trust_product(table, news(Status.REJECTED, [18601]), at(1))

    record = record_trust_product(table, news(Status.REJECTED, [18602]), at(2))

    assert record.history == [change(Status.REJECTED, 0, [18601]), change(Status.REJECTED, 2, [18602])]


def test_who_looks_at_the_status_alone_does_not_forget_the_codes(table: Table) -> None:
    before = record_trust_product(table, news(Status.REJECTED, [18601]), at(0))

    assert record_trust_product(table, news(Status.REJECTED), at(1)) == before
    assert read(table) == before


def test_the_codes_of_a_rejection_go_with_it(table: Table) -> None:
    record_trust_product(table, news(Status.REJECTED, [18601]), at(0))

    record = record_trust_product(table, news(Status.PENDING_REVIEW), at(1))

    assert record == read(table)
    assert (record.errors, record.history[-1]) == ([], change(Status.PENDING_REVIEW, 1))


def test_the_history_is_the_last_hundred_changes(table: Table) -> None:
    changes = [change(Status.REJECTED, minute, [minute]) for minute in range(100)]
    full = news(Status.REJECTED, [99], history=changes)
    table.put(Key(f"TRUST_PRODUCT#{SID}", "STATUS"), to_item(full) | {"observed_at": at(99).isoformat()})

    with_codes = record_trust_product(table, news(Status.REJECTED, [100]), at(100))
    assert with_codes.history == [*changes[1:], change(Status.REJECTED, 100, [100])]

    with_status = record_trust_product(table, news(Status.IN_REVIEW), at(101))
    assert with_status.history == [*with_codes.history[1:], change(Status.IN_REVIEW, 101)]
    assert len(with_status.history) == 100


@pytest.mark.parametrize("first", [True, False], ids=["nothing was recorded before", "something was"])
def test_nothing_is_lost_when_another_writes_between_the_look_and_the_write(
    table: Table, on: Callable[..., None], dynamodb: "DynamoDBClient", *, first: bool
) -> None:
    event = "before-call.dynamodb.UpdateItem"
    if not first:
        record_trust_product(table, news(Status.DRAFT), at(0))
    before = [] if first else [change(Status.DRAFT, 0)]

    def meanwhile(**_: Any) -> None:
        dynamodb.meta.events.unregister(event, meanwhile)
        record_trust_product(table, news(Status.IN_REVIEW, created_by="other"), at(1))

    on(event, meanwhile)
    record = record_trust_product(table, news(Status.APPROVED, business_profile_sid=PROFILE), at(2))

    assert record == read(table)
    assert (record.status, record.created_by, record.business_profile_sid) == (Status.APPROVED, "other", PROFILE)
    assert record.history == [*before, change(Status.IN_REVIEW, 1), change(Status.APPROVED, 2)]


def test_who_was_overtaken_by_newer_news_writes_nothing(
    table: Table, on: Callable[..., None], dynamodb: "DynamoDBClient"
) -> None:
    event = "before-call.dynamodb.UpdateItem"

    def meanwhile(**_: Any) -> None:
        dynamodb.meta.events.unregister(event, meanwhile)
        record_trust_product(table, news(Status.APPROVED), at(2))

    on(event, meanwhile)
    record = record_trust_product(table, news(Status.IN_REVIEW), at(1))

    assert record == read(table)
    assert record.history == [change(Status.APPROVED, 2)]


def test_a_verdict_that_was_announced_is_noted_beside_all_the_rest(table: Table) -> None:
    before = record_trust_product(table, news(Status.APPROVED, created_by="run"), at(0))

    note_announced(table, SID, Status.APPROVED)

    assert before.announced is None
    assert read(table) == before.model_copy(update={"announced": Status.APPROVED})


def test_a_product_that_was_never_recorded_has_nothing_announced(table: Table) -> None:
    note_announced(table, SID, Status.APPROVED)

    assert table.get(Key(f"TRUST_PRODUCT#{SID}", "STATUS")) is None


def test_what_was_announced_stays_while_the_status_does_and_is_forgotten_when_it_changes(table: Table) -> None:
    record_trust_product(table, news(Status.REJECTED), at(0))
    note_announced(table, SID, Status.REJECTED)

    assert record_trust_product(table, news(Status.REJECTED, [18601]), at(1)).announced is Status.REJECTED
    assert read(table).announced is Status.REJECTED

    assert record_trust_product(table, news(Status.IN_REVIEW), at(2)).announced is None
    assert record_trust_product(table, news(Status.REJECTED), at(3)).announced is None
    assert read(table).announced is None
