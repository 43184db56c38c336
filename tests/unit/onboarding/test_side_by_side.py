"""One thing for many items, so many at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from onboarding.side_by_side import side_by_side


@pytest.fixture
def cancelled(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set once what has not begun never will."""
    event, shutdown = threading.Event(), ThreadPoolExecutor.shutdown

    def shutdown_and_tell(pool: ThreadPoolExecutor, **how: bool) -> None:
        shutdown(pool, **how | {"wait": False})
        event.set()
        shutdown(pool)

    monkeypatch.setattr(ThreadPoolExecutor, "shutdown", shutdown_and_tell)
    return event


def test_results_are_in_the_order_of_the_items_of_which_so_many_are_under_way() -> None:
    both = threading.Barrier(2, timeout=60)

    def double(item: int) -> int:
        both.wait()
        return item * 2

    assert side_by_side(double, range(6), at_once=2) == [0, 2, 4, 6, 8, 10]


def test_after_one_that_fails_only_what_is_under_way_is_done(cancelled: threading.Event) -> None:
    begun: list[int] = []

    def fail_at_the_first(item: int) -> None:
        begun.append(item)
        if item == 0:
            raise ValueError(item)
        assert cancelled.wait(60)

    with pytest.raises(ValueError, match="0"):
        side_by_side(fail_at_the_first, range(9), at_once=2)

    assert len(begun) <= 3


def test_after_ctrl_c_while_items_are_handed_out_only_what_is_under_way_is_done(
    cancelled: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    submit = ThreadPoolExecutor.submit

    def do(item: int) -> None:
        begun.append(item)
        assert cancelled.wait(60)

    def submit_unless_stopped(pool: ThreadPoolExecutor, do: Any, item: int) -> Any:
        if item == 8:
            raise KeyboardInterrupt
        return submit(pool, do, item)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", submit_unless_stopped)

    with pytest.raises(KeyboardInterrupt):
        side_by_side(do, range(9), at_once=2)

    assert len(begun) <= 2
