"""How each subaccount came out: the fleet's progress, and the outcomes of one run."""

from collections.abc import Mapping
from datetime import UTC, datetime

from onboarding.phone_numbers import Stage
from onboarding.subaccounts import SubaccountOutcome, SubaccountStatus
from onboarding.table.dynamodb import DAY_SECONDS, ConditionFailed, Item, Key, Table, expires_after, from_item, to_item
from onboarding.table.leases import LEASE, LEASE_IS_FREE, milliseconds

OUTCOME_SECONDS = 30 * DAY_SECONDS


def record_outcome(table: Table, execution: str, outcome: SubaccountOutcome) -> None:
    """Record how a subaccount came out of a run, and give its lease back.

    The run's own outcome is kept beside the subaccount's progress, since a later run may change that before this
    one is summarised. A subaccount that another execution works on keeps the progress that one writes.
    """
    before = _record_progress(table, execution, outcome)
    # A step that is done again finds what it recorded itself, and knows no longer what was there before.
    changed = before.get("recorded_by") == execution or _kept(before.get("numbers", {})) != _kept(outcome.numbers)
    table.put(
        Key(f"EXECUTION#{execution}", f"SUBACCOUNT#{outcome.subaccount_sid}"),
        to_item(outcome.model_copy(update={"changed": changed})) | expires_after(OUTCOME_SECONDS),
    )


def read_outcomes(table: Table, execution: str) -> list[SubaccountOutcome]:
    """Read how the subaccounts came out of one run."""
    return [from_item(SubaccountOutcome, item) for item in table.query(f"EXECUTION#{execution}", "SUBACCOUNT#")]


def read_fleet(table: Table) -> list[Item]:
    """Read every subaccount's progress, as it is in the table."""
    return list(table.query("FLEET", "SUBACCOUNT#"))


def _record_progress(table: Table, execution: str, outcome: SubaccountOutcome) -> Item:
    """Give the subaccount's progress as it was before."""
    unchanged: Item = {"numbers": outcome.numbers}
    if outcome.status is SubaccountStatus.BUSY:
        return unchanged
    item = to_item(outcome, exclude={"changed"})
    try:
        return table.update(
            Key("FLEET", f"SUBACCOUNT#{outcome.subaccount_sid}"),
            item | {"recorded_by": execution, "recorded_at": datetime.now(UTC).isoformat()},
            remove=[*LEASE, *({"error", "message"} - item.keys())],
            condition=LEASE_IS_FREE,
            values={"execution": execution, "now": milliseconds()},
        )
    except ConditionFailed:
        return unchanged


def _kept[Name: str](numbers: Mapping[Name, int]) -> dict[Name, int]:
    """Leave out the released numbers: the table forgets them by itself."""
    return {stage: count for stage, count in numbers.items() if stage != Stage.RELEASED}
