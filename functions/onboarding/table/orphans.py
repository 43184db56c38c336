"""Assigned phone numbers that live in no account, as the runs over the whole fleet have named them."""

from collections.abc import Iterable
from datetime import UTC, datetime

from onboarding.phone_numbers import OrphanRecord
from onboarding.table.dynamodb import Key, Table, is_newer, readable_ones, to_item


def name_orphans(
    table: Table, trust_product_sid: str, execution: str, started_at: datetime, accounts: dict[str, str | None]
) -> list[OrphanRecord]:
    """Record the orphans that a run over the whole fleet has found, instead of those that were known.

    Args:
        table: The progress table.
        trust_product_sid: `BU…`; the orphans are on it or on its Business Profile.
        execution: The run.
        started_at: When it began.
        accounts: The orphans (`PN…`), each with the account (`AC…`) where it was last, None where that is unknown.

    Returns:
        The orphans; each tells whether an earlier run had named it.
    """
    items = list(table.query(f"TRUST_PRODUCT#{trust_product_sid}", "ORPHAN#"))
    newer = {item["sk"].removeprefix("ORPHAN#") for item in items if is_newer(item)}
    known = {orphan.phone_number_sid: orphan for orphan in readable_ones(OrphanRecord, items)}
    now = datetime.now(UTC)
    orphans = [
        OrphanRecord(
            phone_number_sid=sid,
            account_sid=account_sid or (known[sid].account_sid if sid in known else None),
            named_by=execution,
            named_at=now,
            named_before=_named_before(known.get(sid), execution, started_at),
        )
        for sid, account_sid in accounts.items()
    ]
    written = (it for it in orphans if it.phone_number_sid not in newer)
    table.put_batch((_orphan(trust_product_sid, it.phone_number_sid), to_item(it)) for it in written)
    forget_orphans(table, trust_product_sid, known.keys() - accounts.keys())
    return orphans


def read_orphans(table: Table, trust_product_sid: str) -> list[OrphanRecord]:
    """Read the orphans that the last run over the whole fleet has named."""
    return list(readable_ones(OrphanRecord, table.query(f"TRUST_PRODUCT#{trust_product_sid}", "ORPHAN#")))


def forget_orphans(table: Table, trust_product_sid: str, phone_number_sids: Iterable[str]) -> None:
    """Forget orphans (`PN…`) that are none any more."""
    table.delete_batch(_orphan(trust_product_sid, sid) for sid in phone_number_sids)


def _orphan(trust_product_sid: str, phone_number_sid: str) -> Key:
    return Key(f"TRUST_PRODUCT#{trust_product_sid}", f"ORPHAN#{phone_number_sid}")


def _named_before(known: OrphanRecord | None, execution: str, started_at: datetime) -> str | None:
    """Which run named the orphan before this one began; a run that does a step again is not an earlier one."""
    if not known:
        return None
    return known.named_by if known.named_by != execution and known.named_at < started_at else known.named_before
