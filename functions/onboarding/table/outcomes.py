"""How each subaccount came out: the fleet's progress, and the outcomes of one run."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime

from onboarding.errors import TwilioUnavailable
from onboarding.phone_numbers import Stage, counts_in
from onboarding.subaccounts import SubaccountOutcome, SubaccountStatus
from onboarding.table.dynamodb import (
    DAY_SECONDS,
    ConditionFailed,
    IfAbsent,
    Item,
    Key,
    Table,
    expires_after,
    readable_ones,
    to_item,
)
from onboarding.table.leases import LEASE, LEASE_IS_FREE, milliseconds, values_of_lease
from onboarding.table.numbers import count_stages
from onboarding.words import first_of, plural

OUTCOME_SECONDS = 30 * DAY_SECONDS
ALL_WAS_READABLE = "(attribute_not_exists(unreadable_by) OR unreadable_by <> :execution)"
FIRST_TOLD = 3


def record_outcome(table: Table, execution: str, outcome: SubaccountOutcome) -> None:
    """Record how a subaccount came out of a run, and give its lease back.

    The run's own outcome is kept beside the subaccount's progress, since a later run may change that before this
    one is summarised. A subaccount that another execution works on keeps the progress that one writes.
    """
    before, outcome = _record_progress(table, execution, outcome)
    # A step that is done again finds what it recorded itself, and knows no longer what was there before.
    again = before.get("recorded_by") == execution
    if again:
        before = next(table.query(_execution(execution), f"SUBACCOUNT#{outcome.subaccount_sid}"), {})
    counted = counts_in(before.get("numbers_before" if again else "numbers"))
    changed = again or _kept(counted) != _kept(outcome.numbers)
    told = outcome.model_copy(update={"changed": changed, "numbers_before": counted})
    key = Key(_execution(execution), f"SUBACCOUNT#{outcome.subaccount_sid}")
    table.put(key, to_item(told) | expires_after(OUTCOME_SECONDS))


def read_outcomes(table: Table, execution: str) -> list[SubaccountOutcome]:
    """Read how the subaccounts came out of one run."""
    return list(stream_outcomes(table, execution))


def stream_outcomes(table: Table, execution: str) -> Iterator[SubaccountOutcome]:
    """Read how the subaccounts came out of one run, page by page, in the order of their SIDs."""
    return readable_ones(SubaccountOutcome, table.query(_execution(execution), "SUBACCOUNT#"))


def read_fleet(table: Table) -> list[Item]:
    """Read every subaccount's progress, as it is in the table."""
    return list(table.query("FLEET", "SUBACCOUNT#"))


def read_fleet_sids(table: Table) -> set[str]:
    """Read which subaccounts (`AC…`) the table has."""
    items = table.query("FLEET", "SUBACCOUNT#", only="sk")
    return {item["sk"].removeprefix("SUBACCOUNT#") for item in items}


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


def note_unreadable(table: Table, account_sid: str, execution: str, page: str, records: list[str]) -> None:
    """Note that records of an account's numbers cannot be read: the account's outcome of this run names them.

    Args:
        table: The progress table.
        account_sid: `AC…`; the execution holds its lease.
        execution: The run.
        page: The page that they are on; one that is read again replaces its own note.
        records: Each with what is wrong with it.
    """
    key = Key("FLEET", f"SUBACCOUNT#{account_sid}")
    item = table.get(key) or {}
    pages = item.get("unreadable", {}) if item.get("unreadable_by") == execution else {}
    noted = {"unreadable_by": execution, "unreadable": pages | {page: records}}
    with suppress(ConditionFailed):
        table.update(key, noted, condition="lease_execution = :execution", values={"execution": execution})


def record_unreadable_account(table: Table, execution: str, account_sid: str, what: str) -> None:
    """Record that a run leaves out an account (`AC…`), since Twilio's record of it cannot be read."""
    outcome = SubaccountOutcome(
        subaccount_sid=account_sid,
        status=SubaccountStatus.FAILED,
        error=TwilioUnavailable.__name__,
        message=str(
            TwilioUnavailable(
                f"The account was left out, since Twilio's record of it cannot be read ({what}); send the request "
                "again later."
            )
        ),
    )
    key = Key(_execution(execution), f"SUBACCOUNT#{account_sid}")
    table.put(key, to_item(outcome) | expires_after(OUTCOME_SECONDS))


def _record_progress(table: Table, execution: str, outcome: SubaccountOutcome) -> tuple[Item, SubaccountOutcome]:
    """Give the subaccount's progress as it was before, and the outcome: a failure if records are unreadable."""
    unchanged: Item = {"numbers": outcome.numbers}
    if outcome.status is SubaccountStatus.BUSY:
        return unchanged, outcome
    key = Key("FLEET", f"SUBACCOUNT#{outcome.subaccount_sid}")
    now = datetime.now(UTC).isoformat()
    item = to_item(outcome, exclude={"changed", "numbers_before"}) | {"recorded_by": execution, "recorded_at": now}
    failed = outcome.status is SubaccountStatus.FAILED
    condition = LEASE_IS_FREE if failed else f"({LEASE_IS_FREE}) AND {ALL_WAS_READABLE}"
    try:
        before = table.update(
            key,
            item | ({"failing_since": IfAbsent(now)} if failed else {"last_success_at": now}),
            remove=[*LEASE, *(() if failed else ("failing_since",)), *({"error", "message"} - item.keys())],
            condition=condition,
            values=values_of_lease(execution, milliseconds()),
        )
    except ConditionFailed:
        noted = {} if failed else table.get(key) or {}
        if noted.get("unreadable_by") == execution:
            return _record_progress(table, execution, _with_unreadable(outcome, noted["unreadable"]))
        return unchanged, outcome
    return before, outcome


def _with_unreadable(outcome: SubaccountOutcome, pages: Mapping[str, list[str]]) -> SubaccountOutcome:
    records = [record for page in sorted(pages) for record in pages[page]]
    error = TwilioUnavailable(
        f"{plural(len(records), 'record')} of Twilio's could not be read and {'was' if len(records) == 1 else 'were'} "
        f"left out ({first_of(records, FIRST_TOLD)}); the other numbers were worked on; send the request again later."
    )
    update = {"status": SubaccountStatus.FAILED, "error": type(error).__name__, "message": str(error)}
    return outcome.model_copy(update=update)


def _execution(name: str) -> str:
    return f"EXECUTION#{name}"


def _kept[Name: str](numbers: Mapping[Name, int]) -> dict[Name, int]:
    """Leave out the released numbers: the table forgets them by itself."""
    return {stage: count for stage, count in numbers.items() if stage != Stage.RELEASED}
