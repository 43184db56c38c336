"""How each subaccount came out: the fleet's progress, and the outcomes of one run."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from onboarding.phone_numbers import Stage
from onboarding.subaccounts import SubaccountOutcome, SubaccountStatus
from onboarding.table.dynamodb import (
    DAY_SECONDS,
    ConditionFailed,
    IfAbsent,
    Item,
    Key,
    Table,
    expires_after,
    from_item,
    to_item,
)
from onboarding.table.leases import LEASE, LEASE_IS_FREE, milliseconds
from onboarding.table.numbers import count_stages

OUTCOME_SECONDS = 30 * DAY_SECONDS


def record_outcome(table: Table, execution: str, outcome: SubaccountOutcome) -> None:
    """Record how a subaccount came out of a run, and give its lease back.

    The run's own outcome is kept beside the subaccount's progress, since a later run may change that before this
    one is summarised. A subaccount that another execution works on keeps the progress that one writes.
    """
    before = _record_progress(table, execution, outcome)
    # A step that is done again finds what it recorded itself, and knows no longer what was there before.
    again = before.get("recorded_by") == execution
    if again:
        before = next(table.query(_execution(execution), f"SUBACCOUNT#{outcome.subaccount_sid}"), {})
    numbers_before = before.get("numbers_before" if again else "numbers", {})
    changed = again or _kept(numbers_before) != _kept(outcome.numbers)
    counted = {Stage(stage): int(count) for stage, count in numbers_before.items()}
    told = outcome.model_copy(update={"changed": changed, "numbers_before": counted})
    key = Key(_execution(execution), f"SUBACCOUNT#{outcome.subaccount_sid}")
    table.put(key, to_item(told) | expires_after(OUTCOME_SECONDS))


def read_outcomes(table: Table, execution: str) -> list[SubaccountOutcome]:
    """Read how the subaccounts came out of one run."""
    return [from_item(SubaccountOutcome, item) for item in table.query(_execution(execution), "SUBACCOUNT#")]


def read_fleet(table: Table) -> list[Item]:
    """Read every subaccount's progress, as it is in the table."""
    return list(table.query("FLEET", "SUBACCOUNT#"))


def recount(table: Table, account_sid: str, bundles: tuple[str, str]) -> None:
    """Count the numbers of a recorded account again, after corrections to them.

    An account that an execution works on is left alone: that execution records the counts.

    Args:
        table: The progress table.
        account_sid: `AC…`.
        bundles: The Business Profile and the Trust Product (`BU…`) to count for.
    """
    key = Key("FLEET", f"SUBACCOUNT#{account_sid}")
    item = table.get(key)
    if not item or "recorded_at" not in item or "lease_execution" in item:
        return
    counted = {
        "numbers": dict(count_stages(table, account_sid, bundles)),
        "business_profile_sid": bundles[0],
        "trust_product_sid": bundles[1],
    }
    with suppress(ConditionFailed):
        table.update(
            key,
            counted,
            condition="recorded_at = :recorded_at AND attribute_not_exists(lease_execution)",
            values={"recorded_at": item["recorded_at"]},
        )


def _record_progress(table: Table, execution: str, outcome: SubaccountOutcome) -> Item:
    """Give the subaccount's progress as it was before."""
    unchanged: Item = {"numbers": outcome.numbers}
    if outcome.status is SubaccountStatus.BUSY:
        return unchanged
    now = datetime.now(UTC).isoformat()
    item = to_item(outcome, exclude={"changed", "numbers_before"}) | {"recorded_by": execution, "recorded_at": now}
    failed = outcome.status is SubaccountStatus.FAILED
    try:
        return table.update(
            Key("FLEET", f"SUBACCOUNT#{outcome.subaccount_sid}"),
            item | ({"failing_since": IfAbsent(now)} if failed else {"last_success_at": now}),
            remove=[*LEASE, *(() if failed else ("failing_since",)), *({"error", "message"} - item.keys())],
            condition=LEASE_IS_FREE,
            values={"execution": execution, "now": milliseconds()},
        )
    except ConditionFailed:
        return unchanged


def _execution(name: str) -> str:
    return f"EXECUTION#{name}"


def _kept[Name: str](numbers: Mapping[Name, int]) -> dict[Name, int]:
    """Leave out the released numbers: the table forgets them by itself."""
    return {stage: count for stage, count in numbers.items() if stage != Stage.RELEASED}
