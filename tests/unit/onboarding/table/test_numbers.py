"""Where each phone number stands, and which ones were listed or named, as the table remembers it."""

from typing import TYPE_CHECKING

import pytest

from onboarding.phone_numbers import PhoneNumberRecord, Stage
from onboarding.requests import NamedNumber
from onboarding.table.dynamodb import DAY_SECONDS, Item, Key, Table
from onboarding.table.numbers import (
    add_listing,
    compare_numbers,
    correct_number,
    count_stages,
    read_all_numbers,
    read_listed,
    read_named_numbers,
    read_numbers,
    write_named_numbers,
    write_numbers,
)

if TYPE_CHECKING:
    from tests.unit.onboarding.table.conftest import Clock

ACCOUNT, OTHER = f"AC{1:032x}", f"AC{2:032x}"
PROFILE, PRODUCT = f"BU{1:032x}", f"BU{2:032x}"
SIDS = [f"PN{number:032x}" for number in range(130)]


def number(place: int, stage: Stage = Stage.DISCOVERED) -> PhoneNumberRecord:
    return PhoneNumberRecord(phone_number_sid=SIDS[place], phone_number=f"+1512555{place:04}", stage=stage)


def item_of(table: Table, place: int) -> Item:
    return table.get(Key(f"SUBACCOUNT#{ACCOUNT}", f"NUMBER#{SIDS[place]}")) or {}


def test_numbers_come_back_as_they_were_written(table: Table) -> None:
    signed = number(0).on_business_profile(PROFILE, f"RA{1:032x}").on_trust_product(PRODUCT, f"RA{2:032x}")
    refused = number(1).on_business_profile(PROFILE, f"RA{3:032x}").refused(PRODUCT, "It is being ported out", 22216)
    written = [signed, refused, number(2, Stage.INELIGIBLE)]

    write_numbers(table, ACCOUNT, written)

    assert read_all_numbers(table, ACCOUNT) == written
    assert read_numbers(table, ACCOUNT, SIDS[:3]) == {it.phone_number_sid: it for it in written}


def test_a_number_that_is_written_again_keeps_nothing_of_what_it_was(table: Table) -> None:
    write_numbers(table, ACCOUNT, [number(0).refused(PROFILE, "No", 22216)])
    write_numbers(table, ACCOUNT, [number(0)])

    assert read_all_numbers(table, ACCOUNT) == [number(0)]


def test_unknown_numbers_and_those_of_another_account_are_left_out(table: Table) -> None:
    write_numbers(table, ACCOUNT, [number(0)])
    write_numbers(table, OTHER, [number(1)])

    assert read_numbers(table, ACCOUNT, SIDS[:3]) == {SIDS[0]: number(0)}
    assert read_all_numbers(table, ACCOUNT) == [number(0)]


def test_numbers_are_written_and_read_however_many_they_are(table: Table) -> None:
    written = [number(place) for place in range(len(SIDS))]

    write_numbers(table, ACCOUNT, written)

    assert read_all_numbers(table, ACCOUNT) == written
    assert read_numbers(table, ACCOUNT, SIDS) == dict(zip(SIDS, written, strict=True))


def test_released_numbers_expire_after_thirty_days_and_no_others(table: Table, clock: "Clock") -> None:
    write_numbers(table, ACCOUNT, [number(place, stage) for place, stage in enumerate(Stage)])

    expiries = {stage: item_of(table, place).get("expires_at") for place, stage in enumerate(Stage)}
    assert expiries.pop(Stage.RELEASED) == clock.now + 30 * DAY_SECONDS
    assert set(expiries.values()) == {None}


def test_a_released_number_that_comes_back_does_not_expire(table: Table) -> None:
    write_numbers(table, ACCOUNT, [number(0).released()])
    write_numbers(table, ACCOUNT, [number(0)])

    assert "expires_at" not in item_of(table, 0)


def test_numbers_are_counted_by_stage(table: Table) -> None:
    stages = [Stage.ON_TRUST_PRODUCT, Stage.REFUSED, Stage.ON_TRUST_PRODUCT]
    write_numbers(table, ACCOUNT, [number(place, stage) for place, stage in enumerate(stages)])
    write_numbers(table, OTHER, [number(3, Stage.DISCOVERED)])
    add_listing(table, ACCOUNT, "run", SIDS[:3])

    assert count_stages(table, ACCOUNT) == {Stage.ON_TRUST_PRODUCT: 2, Stage.REFUSED: 1}
    assert count_stages(table, f"AC{3:032x}") == {}


def test_only_what_differs_is_to_be_corrected(table: Table) -> None:
    write_numbers(table, ACCOUNT, [number(0), number(1, Stage.ON_TRUST_PRODUCT)])

    corrections = list(
        compare_numbers(table, ACCOUNT, lambda it: it.model_copy(update={"stage": Stage.ON_TRUST_PRODUCT}))
    )

    [correction] = corrections
    assert (correction.account_sid, correction.before) == (ACCOUNT, number(0))
    assert correction.after == number(0, Stage.ON_TRUST_PRODUCT)
    assert read_all_numbers(table, ACCOUNT)[0] == number(0)


def test_a_correction_is_written(table: Table) -> None:
    write_numbers(table, ACCOUNT, [number(0).refused(PROFILE, "No", 22216)])
    [correction] = compare_numbers(table, ACCOUNT, lambda _: number(0))

    correct_number(table, correction)

    assert read_all_numbers(table, ACCOUNT) == [number(0)]
    assert item_of(table, 0)["updated_at"] != correction.updated_at


@pytest.mark.parametrize("later", [number(0, Stage.ON_TRUST_PRODUCT), number(0)], ids=["changed", "the same again"])
def test_a_correction_loses_against_a_later_write(table: Table, later: PhoneNumberRecord) -> None:
    write_numbers(table, ACCOUNT, [number(0)])
    [correction] = compare_numbers(table, ACCOUNT, lambda _: number(0, Stage.REFUSED))
    write_numbers(table, ACCOUNT, [later])

    correct_number(table, correction)

    assert read_all_numbers(table, ACCOUNT) == [later]


def test_of_two_corrections_of_one_number_the_first_stays(table: Table) -> None:
    write_numbers(table, ACCOUNT, [number(0)])
    [first] = compare_numbers(table, ACCOUNT, lambda _: number(0, Stage.REFUSED))
    [second] = compare_numbers(table, ACCOUNT, lambda _: number(0, Stage.INELIGIBLE))

    correct_number(table, first)
    correct_number(table, second)

    assert read_all_numbers(table, ACCOUNT) == [number(0, Stage.REFUSED)]


def test_a_correction_of_a_number_that_is_gone_does_not_bring_it_back(table: Table) -> None:
    write_numbers(table, ACCOUNT, [number(0)])
    [correction] = compare_numbers(table, ACCOUNT, lambda _: number(0, Stage.REFUSED))
    table.delete_batch([Key(f"SUBACCOUNT#{ACCOUNT}", f"NUMBER#{SIDS[0]}")])

    correct_number(table, correction)

    assert read_all_numbers(table, ACCOUNT) == []


def test_a_listing_is_all_its_pages(table: Table) -> None:
    add_listing(table, ACCOUNT, "run", SIDS[:2])
    add_listing(table, ACCOUNT, "run", SIDS[2:3])
    add_listing(table, ACCOUNT, "run", SIDS[:2])
    add_listing(table, ACCOUNT, "run", [])

    assert read_listed(table, ACCOUNT, "run") == set(SIDS[:3])


def test_a_listing_is_that_of_one_execution_and_one_account(table: Table) -> None:
    add_listing(table, ACCOUNT, "run", SIDS[:1])
    add_listing(table, ACCOUNT, "run-2", SIDS[1:2])
    add_listing(table, OTHER, "run", SIDS[2:3])

    assert read_listed(table, ACCOUNT, "run") == {SIDS[0]}
    assert read_listed(table, ACCOUNT, "ru") == set()


def test_a_listing_is_no_number_and_expires_after_a_day(table: Table, clock: "Clock") -> None:
    add_listing(table, ACCOUNT, "run", SIDS[:2])

    [page] = table.query(f"SUBACCOUNT#{ACCOUNT}", "LISTING#")
    assert page["expires_at"] == clock.now + DAY_SECONDS
    assert read_all_numbers(table, ACCOUNT) == []


def test_named_numbers_are_those_of_one_execution(table: Table) -> None:
    found = NamedNumber(phone_number_sid=SIDS[0], phone_number="+15125550100", voice=True)
    left_out = NamedNumber(phone_number_sid=SIDS[1], left_out="it is not a number of the account")

    write_named_numbers(table, "run", [left_out, found])
    write_named_numbers(table, "run-2", [NamedNumber(phone_number_sid=SIDS[2])])

    assert read_named_numbers(table, "run") == [found, left_out]
    assert read_named_numbers(table, "ru") == []


def test_named_numbers_expire_after_thirty_days(table: Table, clock: "Clock") -> None:
    write_named_numbers(table, "run", [NamedNumber(phone_number_sid=SIDS[0])])

    [item] = table.query("EXECUTION#run", "NUMBER#")
    assert item["expires_at"] == clock.now + 30 * DAY_SECONDS
