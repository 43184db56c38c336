"""The whole product on this machine: the real template, state machine and handlers, against a simulated Twilio."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from shaken_stir.simulated.place import SimulatedPlace
from simulator.fleet import Fleet
from tests.world import a_fleet

TIME_SCALE = 0.01

type Start = Callable[..., SimulatedPlace]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a stack for a fleet; it is stopped after the test."""
    with ExitStack() as stack:

        def _start(
            time_scale: float = TIME_SCALE,
            parameters: dict[str, str] | None = None,
            account_concurrency: int | None = None,
            **fleet: Any,
        ) -> SimulatedPlace:
            local = SimulatedPlace(
                Fleet.model_validate(a_fleet(**fleet)), time_scale, parameters, account_concurrency=account_concurrency
            )
            return stack.enter_context(local)

        yield _start
