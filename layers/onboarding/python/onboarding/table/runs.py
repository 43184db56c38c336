"""What each run came to: one item per run, for as long as anybody asks."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from pydantic import Field

from onboarding.models import Model
from onboarding.phone_numbers import Stage
from onboarding.table.dynamodb import DAY_SECONDS, Key, Table, expires_after, from_item, to_item

RUN_SECONDS = 400 * DAY_SECONDS


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


def record_run(table: Table, run: RunRecord) -> None:
    """Record a run; a step that is done again replaces what it wrote, unless a day has begun in between."""
    key = Key("RUNS", f"RUN#{run.summarised_at.date().isoformat()}#{run.execution}")
    table.put(key, to_item(run) | expires_after(RUN_SECONDS))


def read_runs(table: Table, since: date) -> list[RunRecord]:
    """Read the runs since a day, in the order in which they were summarised; at the most those of 400 days."""
    months = _months(since, datetime.now(UTC).date())
    items = (item for month in months for item in table.query("RUNS", f"RUN#{month}"))
    runs = (from_item(RunRecord, item) for item in items)
    return sorted((run for run in runs if run.summarised_at.date() >= since), key=lambda run: run.summarised_at)


def _months(first: date, last: date) -> Iterator[str]:
    """Name the months from one day to another, such as 2026-11."""
    for month in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield f"{month // 12}-{month % 12 + 1:02}"
