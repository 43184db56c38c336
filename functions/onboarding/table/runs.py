"""Runs: those that are going on, and what each finished one did to the subaccounts."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from pydantic import Field

from onboarding.models import Model
from onboarding.phone_numbers import Stage
from onboarding.table.dynamodb import DAY_SECONDS, Key, Table, expires_after, readable_ones, to_item

RUN_SECONDS = 400 * DAY_SECONDS
STARTED_SECONDS = 2 * DAY_SECONDS


class RunRecord(Model):
    """A run's item in the table, written when its subaccounts are summarised; the review may go on after it.

    `numbers` counts the numbers of the run's subaccounts by stage, `numbers_before` what they were recorded as before.
    """

    execution: str
    summarised_at: datetime
    whole_fleet: bool
    onboarded: int
    failed: int
    busy: int
    changed: int
    numbers: dict[Stage, int] = Field(default_factory=dict)
    numbers_before: dict[Stage, int] = Field(default_factory=dict)


class StartedRun(Model):
    """A run that has begun to work on its subaccounts; `accounts` counts them, `noted_at` is when this was recorded."""

    execution: str
    started_at: datetime
    noted_at: datetime
    accounts: int


def record_start(table: Table, run: StartedRun) -> None:
    """Record that a run begins to work on its subaccounts; it is over once `record_run` has recorded it, too."""
    table.put(_started(run.execution), to_item(run) | expires_after(STARTED_SECONDS))


def forget_start(table: Table, execution: str) -> None:
    """Forget that an execution began to work on its subaccounts."""
    table.delete_batch([_started(execution)])


def read_started(table: Table) -> list[StartedRun]:
    """Read the runs that have begun in the last two days, also those that are over, oldest first."""
    items = readable_ones(StartedRun, table.query(_started("").pk, _started("").sk))
    return sorted(items, key=lambda run: run.started_at)


def record_run(table: Table, run: RunRecord) -> None:
    """Record a summarised run; a repeated step replaces its own record, unless the day has changed in between."""
    key = Key("RUNS", f"RUN#{run.summarised_at.date().isoformat()}#{run.execution}")
    table.put(key, to_item(run) | expires_after(RUN_SECONDS))


def read_runs(table: Table, since: date) -> list[RunRecord]:
    """Read the runs since a day, in the order in which they were summarised; at the most those of 400 days."""
    months = _months(since, datetime.now(UTC).date())
    items = (item for month in months for item in table.query("RUNS", f"RUN#{month}"))
    runs = readable_ones(RunRecord, items)
    return sorted((run for run in runs if run.summarised_at.date() >= since), key=lambda run: run.summarised_at)


def _started(execution: str) -> Key:
    return Key("RUNS", f"STARTED#{execution}")


def _months(first: date, last: date) -> Iterator[str]:
    """Name the months from one day to another, such as 2026-11."""
    for month in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield f"{month // 12}-{month % 12 + 1:02}"
