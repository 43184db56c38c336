"""Where each phone number of an account stands, and which numbers were listed or named."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

from onboarding.phone_numbers import PhoneNumberRecord, Stage
from onboarding.requests import NamedNumber
from onboarding.table.dynamodb import (
    DAY_SECONDS,
    ConditionFailed,
    Item,
    Key,
    Table,
    expires_after,
    is_newer,
    readable,
    readable_ones,
    to_item,
)

RELEASED_SECONDS = 30 * DAY_SECONDS
NAMED_SECONDS = 30 * DAY_SECONDS


class Correction(NamedTuple):
    """What is known of a phone number, and what it should be.

    Attributes:
        account_sid: Whose number it is, `AC…`.
        before: The record as it was read.
        after: The record as it should be.
        updated_at: When the record that was read had been written, in ISO 8601.
    """

    account_sid: str
    before: PhoneNumberRecord
    after: PhoneNumberRecord
    updated_at: str


class KnownNumbers(dict[str, PhoneNumberRecord]):
    """What is known of phone numbers, by SID (`PN…`); of one whose item cannot be read, nothing is.

    Attributes:
        newer: The numbers whose items a later version wrote: they must not be overwritten.
    """

    newer: frozenset[str] = frozenset()


def read_numbers(table: Table, account_sid: str, phone_number_sids: Iterable[str]) -> KnownNumbers:
    """Read what is known of phone numbers (`PN…`) of an account; unknown ones are left out."""
    items = list(table.get_batch(_number(account_sid, sid) for sid in phone_number_sids))
    known = KnownNumbers({it.phone_number_sid: it for it in readable_ones(PhoneNumberRecord, items)})
    known.newer = frozenset(_sid(item) for item in items if is_newer(item))
    return known


def read_all_numbers(table: Table, account_sid: str) -> list[PhoneNumberRecord]:
    """Read what is known of all phone numbers of an account."""
    return list(readable_ones(PhoneNumberRecord, table.query(_account(account_sid), "NUMBER#")))


def read_homes(table: Table, account_sid: str) -> Iterator[tuple[str, bool]]:
    """Read which phone numbers (`PN…`) an account has, and whether each was released, also of damaged items."""
    items = table.query(_account(account_sid), "NUMBER#", only="sk, stage")
    return ((_sid(item), item.get("stage") == Stage.RELEASED) for item in items)


def write_numbers(table: Table, account_sid: str, records: Iterable[PhoneNumberRecord]) -> None:
    """Write where phone numbers of an account, whose lease is held, stand now."""
    written = {"updated_at": datetime.now(UTC).isoformat()}
    released = written | expires_after(RELEASED_SECONDS)
    table.put_batch(
        (
            _number(account_sid, record.phone_number_sid),
            to_item(record) | (released if record.stage is Stage.RELEASED else written),
        )
        for record in records
    )


def count_stages(table: Table, account_sid: str, bundles: tuple[str, str] | None = None) -> dict[Stage, int]:
    """Count the phone numbers of an account by stage.

    Args:
        table: The progress table.
        account_sid: `AC…`.
        bundles: The Business Profile and the Trust Product (`BU…`) of the run: a number that is on others counts as
            discovered. None to count each number as it is recorded.
    """
    items = table.query(_account(account_sid), "NUMBER#", only="stage, business_profile_sid, trust_product_sid")
    stages = (_stage(item, bundles) for item in items)
    return dict(Counter(stage for stage in stages if stage))


def _stage(item: Item, bundles: tuple[str, str] | None) -> Stage | None:
    try:
        stage = Stage(str(item.get("stage")))
    except ValueError:
        return None
    on = (item.get("business_profile_sid"), item.get("trust_product_sid"))
    return Stage.DISCOVERED if bundles and stage is Stage.ON_TRUST_PRODUCT and on != bundles else stage


def compare_numbers(
    table: Table, account_sid: str, correct: Callable[[PhoneNumberRecord], PhoneNumberRecord]
) -> Iterator[Correction]:
    """Compare what is known of all phone numbers of an account with what it should be; yields what differs."""
    for item in table.query(_account(account_sid), "NUMBER#"):
        record = readable(PhoneNumberRecord, item)
        if not record or not isinstance(item.get("updated_at"), str):
            continue
        corrected = correct(record)
        if corrected != record:
            yield Correction(account_sid, record, corrected, item["updated_at"])


def correct_number(table: Table, correction: Correction) -> None:
    """Write a correction, unless whoever holds the subaccount's lease has written the number meanwhile."""
    with suppress(ConditionFailed):
        table.put_if(
            _number(correction.account_sid, correction.after.phone_number_sid),
            to_item(correction.after) | {"updated_at": datetime.now(UTC).isoformat()},
            condition="updated_at = :updated_at",
            values={"updated_at": correction.updated_at},
        )


def add_listing(
    table: Table, account_sid: str, execution: str, phone_number_sids: list[str], *, unreadable: bool = False
) -> None:
    """Remember one of several pages of an account's phone numbers until the last one is read.

    Args:
        table: The progress table.
        account_sid: `AC…`.
        execution: The run.
        phone_number_sids: The numbers on the page, `PN…`.
        unreadable: Whether other numbers on the page could not be read.
    """
    if phone_number_sids or unreadable:
        first = next(iter(phone_number_sids), "none")
        key = Key(_account(account_sid), f"LISTING#{execution}#{first}")
        page = {"phone_number_sids": phone_number_sids} | ({"unreadable": True} if unreadable else {})
        table.put_batch([(key, page | expires_after(DAY_SECONDS))])


def read_listed(table: Table, account_sid: str, execution: str) -> set[str] | None:
    """Read which phone numbers (`PN…`) were on the pages that an execution has read of an account.

    Returns:
        None if some numbers on them could not be read: then what is not listed may be there all the same.
    """
    pages = list(table.query(_account(account_sid), f"LISTING#{execution}#"))
    return None if any("unreadable" in it for it in pages) else {sid for it in pages for sid in it["phone_number_sids"]}


def write_named_numbers(table: Table, execution: str, numbers: Iterable[NamedNumber]) -> None:
    """Keep what Twilio said of the phone numbers that an execution's request names."""
    expires_at = expires_after(NAMED_SECONDS)
    table.put_batch(
        (Key(f"EXECUTION#{execution}", f"NUMBER#{it.phone_number_sid}"), to_item(it) | expires_at) for it in numbers
    )


def read_named_numbers(table: Table, execution: str) -> list[NamedNumber]:
    """Read what Twilio said of the phone numbers that an execution's request names; empty if it names none."""
    return list(readable_ones(NamedNumber, table.query(f"EXECUTION#{execution}", "NUMBER#")))


def _sid(item: Item) -> str:
    return str(item["sk"]).removeprefix("NUMBER#")


def _account(sid: str) -> str:
    return f"SUBACCOUNT#{sid}"


def _number(account_sid: str, phone_number_sid: str) -> Key:
    return Key(_account(account_sid), f"NUMBER#{phone_number_sid}")
