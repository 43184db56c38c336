"""The whole product on this machine: the real template, state machine and handlers, against a simulated Twilio."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from shaken_stir.simulated.place import SimulatedPlace
from simulator.app import App
from simulator.fleet import Fleet
from simulator.messages import Request, Response
from tests.world import a_fleet

TIME_SCALE = 0.01

type Start = Callable[..., SimulatedPlace]
type Fault = Callable[[Request], Response | None]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a stack for a fleet; it is stopped after the test."""
    with ExitStack() as stack:

        def _start(
            time_scale: float = TIME_SCALE, parameters: dict[str, str] | None = None, **fleet: Any
        ) -> SimulatedPlace:
            local = SimulatedPlace(Fleet.model_validate(a_fleet(**fleet)), time_scale, parameters)
            return stack.enter_context(local)

        yield _start


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> list[Fault]:
    """Functions that may answer a request before Twilio sees it."""
    planned: list[Fault] = []
    answer = App.answer

    def answer_or_fail(app: App, request: Request) -> Response:
        for fault in planned:
            if response := fault(request):
                return response
        return answer(app, request)

    monkeypatch.setattr(App, "answer", answer_or_fail)
    return planned
