from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from shaken_stir.engine.concurrency import Concurrency, InvocationThrottled
from shaken_stir.engine.template import Function


def function(name: str, reserved: int | None = None) -> Function:
    return Function(name, name, f"{name}.handler", Path(), 9, 256, reserved)


RESERVED, FREE, OTHER = function("reserved", 2), function("free"), function("other")
ALL = [RESERVED, FREE, OTHER]


@pytest.fixture
def begin() -> Callable[[Concurrency, Function], None]:
    """Begins an invocation, which lasts until the test ends."""
    under_way = ExitStack()
    return lambda concurrency, it: under_way.enter_context(concurrency.counted(it))


def test_a_reserved_concurrency_bounds_its_function_alone(begin: Callable[[Concurrency, Function], None]) -> None:
    concurrency = Concurrency(ALL)
    for it in (RESERVED, RESERVED, FREE, FREE, FREE):
        begin(concurrency, it)

    with pytest.raises(InvocationThrottled, match=r"^Rate Exceeded\.$"):
        begin(concurrency, RESERVED)
    assert concurrency.throttles == {"reserved": 1}


def test_what_is_not_reserved_is_shared_by_all_others(begin: Callable[[Concurrency, Function], None]) -> None:
    concurrency = Concurrency(ALL, account_limit=4)
    for it in (FREE, OTHER, RESERVED, RESERVED):
        begin(concurrency, it)

    for it in (FREE, OTHER):
        with pytest.raises(InvocationThrottled):
            begin(concurrency, it)
    assert concurrency.throttles == {"free": 1, "other": 1}


def test_a_reserved_concurrency_of_0_stops_a_function(begin: Callable[[Concurrency, Function], None]) -> None:
    stopped = function("stopped", 0)

    with pytest.raises(InvocationThrottled):
        begin(Concurrency([stopped]), stopped)


def test_an_invocation_that_fails_makes_room_for_the_next(begin: Callable[[Concurrency, Function], None]) -> None:
    concurrency = Concurrency([FREE], account_limit=1)

    with pytest.raises(ZeroDivisionError), concurrency.counted(FREE):
        raise ZeroDivisionError

    begin(concurrency, FREE)
