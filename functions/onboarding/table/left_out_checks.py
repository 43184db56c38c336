"""Checks that runs over the whole fleet left out, since there was too much to read."""

from datetime import UTC, datetime
from typing import Literal

from onboarding.models import Model
from onboarding.table.dynamodb import DAY_SECONDS, Key, Table, expires_after, readable_ones, to_item
from onboarding.table.runs import read_runs

type Check = Literal["audit", "orphans"]

KEPT_DAYS = 30


class LeftOutCheck(Model):
    """A check that a run left out, and the sentence that says why."""

    check: Check
    execution: str
    left_out_at: datetime
    message: str


def record_left_out_check(table: Table, check: Check, execution: str, message: str) -> None:
    """Record that a run left out a check; one item per check."""
    left_out = LeftOutCheck(check=check, execution=execution, left_out_at=datetime.now(UTC), message=message)
    key = Key("FLEET", f"LEFT_OUT#{check}")
    table.put_batch([(key, to_item(left_out) | expires_after(KEPT_DAYS * DAY_SECONDS))])


def read_left_out_checks(table: Table) -> list[LeftOutCheck]:
    """Read the checks that the newest run over the whole fleet left out."""
    found = list(readable_ones(LeftOutCheck, table.query("FLEET", "LEFT_OUT#")))
    if not found:
        return []
    runs = read_runs(table, min(it.left_out_at for it in found).date())
    newest = next((run for run in reversed(runs) if run.whole_fleet), None)
    # A run leaves out its audit before it is summarised, and orphans after that.
    return [
        it for it in found if not newest or newest.execution == it.execution or newest.summarised_at < it.left_out_at
    ]
