"""Who waits for the verdict on a Trust Product, and which callbacks came."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from onboarding.table.dynamodb import DAY_SECONDS, Table
from onboarding.table.reviews import Waiter, add_waiter, may_wake, read_waiters, record_callback, remove_waiter

if TYPE_CHECKING:
    from tests.unit.onboarding.table.conftest import Clock

SID, OTHER = f"BU{1:032x}", f"BU{2:032x}"


def waiter(execution: str, since: int = 1_800_000_000_000, token: str = "") -> Waiter:
    return Waiter(since, execution, f"arn:aws:states:us-east-1:123456789012:execution:onboarding:{execution}", token)


def test_who_has_waited_longest_comes_first(table: Table) -> None:
    late, early, between = waiter("a", 30), waiter("b", 7), waiter("c", 20)

    for it in (late, early, between):
        add_waiter(table, SID, it, 60)

    assert read_waiters(table, SID) == [early, between, late]


def test_waiters_are_those_of_one_product(table: Table) -> None:
    add_waiter(table, SID, waiter("a"), 60)
    record_callback(table, SID, "digest", {"Status": "twilio-approved"})

    assert read_waiters(table, SID) == [waiter("a")]
    assert read_waiters(table, OTHER) == []


def test_an_execution_waits_once_with_its_last_token(table: Table) -> None:
    add_waiter(table, SID, waiter("a", token="old"), 60)
    add_waiter(table, SID, waiter("a", token="new"), 60)

    assert read_waiters(table, SID) == [waiter("a", token="new")]


def test_a_waiter_that_is_removed_waits_no_longer(table: Table) -> None:
    add_waiter(table, SID, waiter("a"), 60)
    add_waiter(table, SID, waiter("b"), 60)

    remove_waiter(table, SID, waiter("a"))
    remove_waiter(table, SID, waiter("a"))

    assert read_waiters(table, SID) == [waiter("b")]


def test_a_waiter_that_has_another_token_now_is_not_removed(table: Table) -> None:
    add_waiter(table, SID, waiter("a", token="old"), 60)
    [read] = read_waiters(table, SID)
    add_waiter(table, SID, waiter("a", token="new"), 60)

    remove_waiter(table, SID, read)

    assert read_waiters(table, SID) == [waiter("a", token="new")]


def test_a_waiter_expires_a_day_after_it_would_wait_no_longer(table: Table, clock: "Clock") -> None:
    add_waiter(table, SID, waiter("a"), 14 * DAY_SECONDS)

    [item] = table.query(f"TRUST_PRODUCT#{SID}", "WAITER#")
    assert item["expires_at"] == clock.now + 15 * DAY_SECONDS


def test_a_callback_is_kept_for_ninety_days_by_its_signature_with_its_latest_time(table: Table, clock: "Clock") -> None:
    callbacks = [{"Status": "in-review", "FailureReason": ""}, {"Status": "twilio-approved"}]
    began = datetime.now(UTC)

    for parameters in (*callbacks, callbacks[1]):
        record_callback(table, SID, parameters["Status"], parameters)

    items = list(table.query(f"TRUST_PRODUCT#{SID}", "CALLBACK#"))
    assert [item["sk"] for item in items] == ["CALLBACK#in-review", "CALLBACK#twilio-approved"]
    assert [item["parameters"] for item in items] == callbacks
    assert all(item["expires_at"] == clock.now + 90 * DAY_SECONDS for item in items)
    times = [datetime.fromisoformat(item["received_at"]) for item in items]
    assert began <= times[0] <= times[1]


def test_a_signature_wakes_once_in_its_time(table: Table, clock: "Clock") -> None:
    record_callback(table, SID, "digest", {})
    record_callback(table, SID, "other", {})

    assert [may_wake(table, SID, "digest", 3600) for _ in range(3)] == [True, False, False]
    assert may_wake(table, SID, "other", 3600)
    clock.now += 3599
    assert not may_wake(table, SID, "digest", 3600)
    clock.now += 1
    record_callback(table, SID, "digest", {})
    assert [may_wake(table, SID, "digest", 3600) for _ in range(2)] == [True, False]


def test_of_replays_at_once_one_wakes(table: Table) -> None:
    record_callback(table, SID, "digest", {})

    woke = table.for_each(lambda _: may_wake(table, SID, "digest", 3600), range(16))

    assert sum(woke) == 1
