"""Who works on what: a lease keeps others out, and POSTs under way keep out even the same execution."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import pytest

from onboarding.errors import OnboardingError, SubaccountBusy, TrustProductBusy, section
from onboarding.table.dynamodb import Key, Table
from onboarding.table.leases import Lease, after_posts, before_posts, give_back, hold_subaccount, hold_trust_product

if TYPE_CHECKING:
    from tests.unit.onboarding.table.conftest import Clock

type Hold = Callable[[Table, str], Lease]


class Times(NamedTuple):
    lease_seconds: float = 60
    function_seconds: float = 20
    list_settle_seconds: float = 5


TIMES = Times()
SUBACCOUNT = f"AC{1:032x}"
PRODUCT = f"BU{1:032x}"


def hold_the_subaccount(table: Table, execution: str) -> Lease:
    return hold_subaccount(table, TIMES, SUBACCOUNT, execution)


def hold_for_connecting(table: Table, execution: str) -> Lease:
    return hold_trust_product(table, TIMES, execution, PRODUCT)


def hold_for_creating(table: Table, execution: str) -> Lease:
    return hold_trust_product(table, TIMES, execution)


TRUST_PRODUCT_LEASES = [hold_for_connecting, hold_for_creating]
LEASES = [hold_the_subaccount, *TRUST_PRODUCT_LEASES]
each_lease = pytest.mark.parametrize("hold", LEASES)
each_trust_product_lease = pytest.mark.parametrize("hold", TRUST_PRODUCT_LEASES)
busy = pytest.raises((SubaccountBusy, TrustProductBusy))


@each_lease
def test_a_lease_is_taken_when_it_is_free(table: Table, hold: Hold) -> None:
    lease = hold(table, "run")

    assert lease.pause == 0
    before_posts(table, lease)


@each_lease
def test_a_lease_is_renewed_with_a_new_token_and_the_old_one_is_refused(table: Table, hold: Hold) -> None:
    first = hold(table, "run")
    second = hold(table, "run")

    with busy:
        before_posts(table, first)
    for settled in (True, False):
        with busy:
            after_posts(table, first, settled=settled)
    assert "unsettled_until" not in (table.get(first.key) or {})
    before_posts(table, second)


@each_lease
def test_a_lease_keeps_another_execution_out_until_it_expires(table: Table, clock: "Clock", hold: Hold) -> None:
    first = hold(table, "run")

    for _ in range(2):
        with busy:
            hold(table, "other")
        clock.now += TIMES.lease_seconds / 2
    with busy:
        hold(table, "other")
    before_posts(table, first)
    after_posts(table, first, settled=True)

    clock.now += 1
    second = hold(table, "other")

    before_posts(table, second)
    with busy:
        before_posts(table, first)
    with busy:
        hold(table, "run")


@each_lease
def test_a_lease_that_is_renewed_holds_for_the_whole_time_again(table: Table, clock: "Clock", hold: Hold) -> None:
    hold(table, "run")
    clock.now += TIMES.lease_seconds
    hold(table, "run")
    clock.now += TIMES.lease_seconds

    with busy:
        hold(table, "other")


@each_lease
def test_a_lease_that_has_expired_is_still_held_as_long_as_nobody_else_takes_it(
    table: Table, clock: "Clock", hold: Hold
) -> None:
    lease = hold(table, "run")
    clock.now += 2 * TIMES.lease_seconds

    before_posts(table, lease)
    after_posts(table, lease, settled=True)


@each_lease
@pytest.mark.parametrize("execution", ["run", "other"])
def test_posts_under_way_keep_every_other_invocation_out_until_they_are_sure_to_have_ended(
    table: Table, clock: "Clock", hold: Hold, execution: str
) -> None:
    clock.now -= TIMES.lease_seconds + 1
    lease = hold(table, "run")
    clock.now += TIMES.lease_seconds + 1
    before_posts(table, lease)

    with busy:
        hold(table, execution)
    clock.now += TIMES.function_seconds - 0.5
    with busy:
        hold(table, execution)
    clock.now += 0.5

    assert hold(table, execution).pause == TIMES.list_settle_seconds


@each_lease
def test_who_is_kept_out_by_posts_keeps_their_sender_from_sending_more(table: Table, hold: Hold) -> None:
    lease = hold(table, "run")
    before_posts(table, lease)

    with busy:
        hold(table, "run")

    with busy:
        before_posts(table, lease)
    with busy:
        after_posts(table, lease, settled=True)
    with busy:
        hold(table, "run")


@each_lease
def test_posts_that_are_settled_let_the_next_one_look_at_once(table: Table, hold: Hold) -> None:
    lease = hold(table, "run")
    before_posts(table, lease)
    after_posts(table, lease, settled=True)

    assert hold(table, "run").pause == 0


@each_lease
@pytest.mark.parametrize(("later", "pause"), [(0, 5), (1.5, 3.5), (5, 0), (30, 0)])
def test_posts_that_are_not_settled_let_the_next_one_look_when_the_lists_show_them(
    table: Table, clock: "Clock", hold: Hold, later: float, pause: float
) -> None:
    lease = hold(table, "run")
    before_posts(table, lease)
    clock.now += 3
    after_posts(table, lease, settled=False)
    clock.now += later

    assert hold(table, "run").pause == pause


@each_trust_product_lease
def test_a_trust_products_lease_that_is_given_back_is_free(table: Table, hold: Hold) -> None:
    first = hold(table, "run")
    give_back(table, first)

    second = hold(table, "other")

    assert second.pause == 0
    before_posts(table, second)
    with busy:
        before_posts(table, first)


@each_trust_product_lease
def test_a_lease_that_is_given_back_after_posts_that_are_not_settled_gives_a_pause(table: Table, hold: Hold) -> None:
    lease = hold(table, "run")
    before_posts(table, lease)
    after_posts(table, lease, settled=False)
    give_back(table, lease)

    assert hold(table, "other").pause == TIMES.list_settle_seconds


@each_trust_product_lease
@pytest.mark.parametrize("execution", ["run", "other"])
def test_giving_back_a_lease_that_somebody_else_holds_now_does_nothing(
    table: Table, clock: "Clock", hold: Hold, execution: str
) -> None:
    first = hold(table, "run")
    clock.now += TIMES.lease_seconds + 1
    second = hold(table, execution)

    give_back(table, first)

    before_posts(table, second)
    with busy:
        hold(table, "third")


def test_different_things_have_leases_of_their_own(table: Table) -> None:
    leases = [
        hold_subaccount(table, TIMES, SUBACCOUNT, "a"),
        hold_subaccount(table, TIMES, f"AC{2:032x}", "b"),
        hold_trust_product(table, TIMES, "c"),
        hold_trust_product(table, TIMES, "d", PRODUCT),
        hold_trust_product(table, TIMES, "e", f"BU{2:032x}"),
    ]

    for lease in leases:
        before_posts(table, lease)


def test_a_subaccount_whose_lease_is_taken_is_in_progress_and_keeps_what_was_recorded(table: Table) -> None:
    key = Key("FLEET", f"SUBACCOUNT#{SUBACCOUNT}")
    table.put(key, {"status": "onboarded", "friendly_name": "Shop", "numbers": {"on_trust_product": 2}})

    lease = hold_the_subaccount(table, "run")

    assert lease.key == key
    item = table.get(key) or {}
    assert (item["status"], item["friendly_name"], item["numbers"]) == ("in_progress", "Shop", {"on_trust_product": 2})


def test_a_busy_subaccount_is_not_touched(table: Table) -> None:
    lease = hold_the_subaccount(table, "run")
    before = table.get(lease.key)

    with busy:
        hold_the_subaccount(table, "other")

    assert table.get(lease.key) == before


@each_trust_product_lease
def test_a_trust_products_lease_says_nothing_of_a_status(table: Table, hold: Hold) -> None:
    lease = hold(table, "run")

    assert table.get(lease.key) is not None
    assert "status" not in (table.get(lease.key) or {})


@pytest.mark.parametrize(
    ("hold", "error", "told"),
    [
        (hold_the_subaccount, SubaccountBusy, f"Another execution is working on {SUBACCOUNT}"),
        (hold_for_connecting, TrustProductBusy, "Another execution is creating or connecting the Trust Product"),
        (hold_for_creating, TrustProductBusy, "Another execution is creating or connecting the Trust Product"),
    ],
)
def test_who_is_kept_out_is_told_by_what(table: Table, hold: Hold, error: type[OnboardingError], told: str) -> None:
    sentence = f"{told}; send the request again when that one has ended ({section(error.__name__)})."
    lease = hold(table, "run")

    with pytest.raises(error, match=f"^{re.escape(sentence)}$"):
        hold(table, "other")

    hold(table, "run")
    with pytest.raises(error, match=f"^{re.escape(sentence)}$"):
        before_posts(table, lease)
