"""Runs side by side: one of them makes the Trust Product, and no subaccount is worked on by two of them."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from onboarding.table.outcomes import read_fleet, read_outcomes
from shaken_stir.engine.functions import Answer, Functions
from shaken_stir.simulated.place import SimulatedPlace
from tests.machine.conftest import Start
from tests.world import NAMED, account, all_signed_once, subaccount

SCALE = 0.005
"""A function may work for 1.5 seconds, a lease ends after 4.5, and who is busy tries again after 0.15 on average."""
LAG = 8
"""Almost as many seconds as the template says that lists may lag, before the time scale."""
BURST = 5
BURST_SCALE = 0.02
"""Who is busy tries again for 26 seconds or longer."""


class AtWork:
    """Which executions assign numbers of a subaccount at this moment, and whether two ever did at once."""

    def __init__(self) -> None:
        self._now: dict[str, list[str]] = {}
        self._lock = threading.Lock()
        self.seen: set[str] = set()
        self.at_once: set[frozenset[str]] = set()

    def begins(self, subaccount_sid: str, execution: str) -> None:
        with self._lock:
            now = self._now.setdefault(subaccount_sid, [])
            now.append(execution)
            self.seen.add(execution)
            if len(set(now)) > 1:
                self.at_once.add(frozenset(now))

    def ends(self, subaccount_sid: str, execution: str) -> None:
        with self._lock:
            self._now[subaccount_sid].remove(execution)


@pytest.fixture
def at_work(monkeypatch: pytest.MonkeyPatch) -> AtWork:
    """Watch the steps that assign numbers."""
    watched, invoke = AtWork(), Functions.invoke

    def invoke_watched(functions: Functions, name: str, payload: str) -> Answer:
        if not functions._by_name[name].module.startswith("assign_to_"):
            return invoke(functions, name, payload)
        event = json.loads(payload)
        watched.begins(event["subaccount_sid"], event["execution"])
        try:
            return invoke(functions, name, payload)
        finally:
            watched.ends(event["subaccount_sid"], event["execution"])

    monkeypatch.setattr(Functions, "invoke", invoke_watched)
    return watched


def side_by_side(local: SimulatedPlace, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Start an execution for each request, all at once, and give how they ended."""
    together = threading.Barrier(len(requests))

    def start(request: dict[str, Any]) -> str:
        together.wait(10)
        return local.engine.start_execution(request)

    with ThreadPoolExecutor(len(requests)) as pool:
        arns = list(pool.map(start, requests))
    return [local.engine.wait(arn, timeout=120) for arn in arns]


@pytest.mark.parametrize("review_seconds", [0, 100])
def test_two_runs_over_the_fleet_make_one_product_and_no_assignment_twice(
    start: Start, at_work: AtWork, review_seconds: int
) -> None:
    subaccounts = [subaccount(number) for number in range(1, 4)]
    local = start(SCALE, lag=LAG, review={"seconds": review_seconds}, subaccounts=subaccounts)
    local.run({"subaccounts": ["AC1"]})  # warms the engine's clients up

    ends = side_by_side(local, [NAMED, NAMED])

    assert [end["status"] for end in ends] == ["SUCCEEDED", "SUCCEEDED"]
    all_signed_once(local)
    assert at_work.at_once == set()
    assert [it["status"] for it in read_fleet(local.table) if "status" in it] == ["onboarded"] * len(subaccounts)
    outcomes = [outcome.status for end in ends for outcome in read_outcomes(local.table, end["name"])]
    assert outcomes == ["onboarded"] * 2 * len(subaccounts)


def test_a_burst_of_bought_numbers_all_end_on_the_product(start: Start, at_work: AtWork) -> None:
    local = start(BURST_SCALE, lag=LAG, review={"seconds": 0})
    local.run(NAMED)
    at_work.seen.clear()
    bought = [local.simulator.controls.buy(account(1)) for _ in range(BURST)]

    ends = side_by_side(local, [{"subaccounts": [account(1)], "phone_numbers": [sid]} for sid in bought])

    assert [end["status"] for end in ends] == ["SUCCEEDED"] * BURST
    summaries = [json.loads(end["output"])["summary"] for end in ends]
    assert [summary["onboarded"] for summary in summaries] == [1] * BURST
    assert len(at_work.seen) == BURST
    all_signed_once(local)
    assert at_work.at_once == set()
