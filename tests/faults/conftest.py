"""Handlers as in `tests/steps`, without the pauses between the HTTP client's tries, and what the results are told by."""

import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from tests.steps.conftest import client, start, template

type Tell = Callable[..., None]

__all__ = ["client", "start", "template"]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the HTTP client would have waited between its tries; it waits none."""
    seconds: list[float] = []
    monkeypatch.setattr("urllib3.util.retry.time", SimpleNamespace(sleep=seconds.append, time=time.time))
    return seconds


@pytest.fixture
def told(record_property: Callable[[str, object], None]) -> Tell:
    """Tell the results what was tried, as names and values: docs/reliability.md is written from them."""

    def tell(**tried: object) -> None:
        for name, value in tried.items():
            record_property(name, value)

    return tell
