"""What Lambda turns away for want of room is tried again until there is some: no subaccount fails for it."""

import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest

import list_phone_numbers
from shaken_stir.engine.concurrency import Concurrency
from shaken_stir.simulated.place import SimulatedPlace
from tests.machine.conftest import Start
from tests.world import NAMED, all_signed_once, subaccount, wait_until

SCALE = 0.005
"""Whoever finds no room is patient for 13 seconds on average; a function works for a fraction of one."""
TIMES = 8
"""How often an invocation is turned away at first, on average: more often than an outage is retried."""

type Crowd = Callable[[SimulatedPlace, int, int], None]


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> Crowd:
    """Has the Map's first invocations, which take all the room, last until the others were turned away often enough."""
    handler = list_phone_numbers.handler

    def last(local: SimulatedPlace, room: int, others: int) -> None:
        first = threading.Semaphore(room)

        def list_slowly(event: Any, context: Any) -> Any:
            if first.acquire(blocking=False):
                wait_until(lambda: local.engine.throttles.get("list_phone_numbers", 0) >= TIMES * others)
            return handler(event, context)

        monkeypatch.setattr(list_phone_numbers, "handler", list_slowly)

    return last


def test_a_run_that_finds_its_functions_stopped_goes_on_when_they_may_run_again(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = start(SCALE, parameters={"ReservedConcurrency": "0"}, review={"seconds": 0})
    arn = local.engine.start_execution(NAMED)
    turned_away = TIMES * len(local.fleet.subaccounts)

    assert wait_until(lambda: local.engine.throttles.get("list_phone_numbers", 0) >= turned_away)
    monkeypatch.setattr(Concurrency, "counted", nullcontext)

    ended = local.engine.wait(arn, timeout=60)
    assert ended["status"] == "SUCCEEDED", ended["cause"]
    all_signed_once(local)


@pytest.mark.parametrize(
    ("room", "map_concurrency", "limits"),
    [
        (2, 5, {"parameters": {"MapConcurrency": "5", "ReservedConcurrency": "2"}}),
        (3, 10, {"parameters": {"MapConcurrency": "10"}, "account_concurrency": 3}),
    ],
    ids=["reserved", "account"],
)
def test_every_subaccount_gets_through_where_there_is_less_room_than_the_map_wants(
    start: Start, crowd: Crowd, room: int, map_concurrency: int, limits: dict[str, Any]
) -> None:
    subaccounts = map_concurrency + 2
    # Few have a number, which is enough for each step of the Map to be turned away.
    fleet = [subaccount(number, numbers=int(number % 5 == 0)) for number in range(1, subaccounts + 1)]
    local = start(SCALE, subaccounts=fleet, review={"seconds": 0}, **limits)
    crowd(local, room, map_concurrency - room)

    report = local.run(NAMED)

    assert local.engine.throttles["list_phone_numbers"] >= TIMES * (map_concurrency - room)
    assert report.status == "SUCCEEDED", report.cause
    assert [it.status for it in report.subaccounts.values()] == ["onboarded"] * subaccounts
    assert local.engine.invocations["list_phone_numbers"] == subaccounts
