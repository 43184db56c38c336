"""Handlers as in `tests/steps`, without the pauses between the HTTP client's tries, and what the results are told by."""

import time
from types import SimpleNamespace

import pytest

from tests.steps.conftest import client, start, template

__all__ = ["client", "start", "template"]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the HTTP client would have waited between its tries; it waits none."""
    seconds: list[float] = []
    monkeypatch.setattr("urllib3.util.retry.time", SimpleNamespace(sleep=seconds.append, time=time.time))
    return seconds
