"""A Twilio that fails as a test says."""

from collections.abc import Callable

import pytest

from simulator.app import App
from simulator.messages import Request, Response

type Fault = Callable[[Request], Response | None]


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
