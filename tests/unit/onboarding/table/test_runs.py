"""What each run came to, kept by day and read since a day."""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from onboarding.phone_numbers import Stage
from onboarding.table.dynamodb import DAY_SECONDS, Table
from onboarding.table.runs import RunRecord, read_runs, record_run

if TYPE_CHECKING:
    from tests.unit.onboarding.table.conftest import Clock

NOW = datetime.now(UTC)


def run(name: str, days_ago: float = 0) -> RunRecord:
    return RunRecord(
        execution=name,
        summarised_at=NOW - timedelta(days=days_ago),
        whole_fleet=True,
        onboarded=2,
        failed=0,
        busy=0,
        changed=1,
        numbers={Stage.ON_TRUST_PRODUCT: 4},
        numbers_before={Stage.DISCOVERED: 4},
    )


def test_runs_are_read_in_the_order_in_which_they_were_summarised(table: Table) -> None:
    runs = [run("b", 40), run("c", 2), run("a", 1), run("z", 0.02), run("m", 0.01)]
    for it in reversed(runs):
        record_run(table, it)

    assert read_runs(table, (NOW - timedelta(days=400)).date()) == runs


@pytest.mark.parametrize(
    ("days", "found"), [(0, ["today"]), (33, ["33", "today"]), (399, ["390", "34", "33", "today"])]
)
def test_runs_before_the_day_that_is_asked_for_are_left_out(table: Table, days: int, found: list[str]) -> None:
    for days_ago in (390, 34, 33):
        record_run(table, run(str(days_ago), days_ago))
    record_run(table, run("today"))

    assert [it.execution for it in read_runs(table, (NOW - timedelta(days=days)).date())] == found


def test_a_step_that_is_done_again_records_its_run_once(table: Table) -> None:
    record_run(table, run("same", 0.002))
    record_run(table, run("same", 0.001))

    assert [it.summarised_at for it in read_runs(table, date(2020, 1, 1))] == [run("same", 0.001).summarised_at]


def test_a_run_is_kept_for_four_hundred_days(table: Table, clock: "Clock") -> None:
    record_run(table, run("today"))

    [item] = table.query("RUNS", "RUN#")

    assert item["expires_at"] == clock.now + 400 * DAY_SECONDS
