"""While a state is tried again, the engine knows which, why, since when and when next."""

import random
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from shaken_stir.engine.engine import Engine
from shaken_stir.retries import Retry


@pytest.fixture(autouse=True)
def _no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda _, longest: longest)


def first_retry(engine: Engine, arn: str) -> Retry:
    while not (found := engine.retries(arn)):
        assert engine.describe_execution(arn)["status"] == "RUNNING"
        time.sleep(0.005)
    return found[0]


def test_a_retry_is_known_until_its_state_has_ended(deploy: Callable[..., Engine]) -> None:
    engine = deploy(time_scale=1)
    arn = engine.start_execution({"items": {"failing": 9}, "concurrency": 1})

    retry = first_retry(engine, arn)

    assert (retry.state, retry.reason, retry.attempt) == ("Try", "try 1 of failing", 1)
    assert retry.next_at
    assert retry.next_at - retry.since == timedelta(seconds=10)
    engine.stop_execution(arn)
    engine.wait(arn, timeout=5)
    deadline = time.monotonic() + 5
    while engine.retries(arn) and time.monotonic() < deadline:
        time.sleep(0.005)
    assert engine.retries(arn) == []


def test_since_when_stays_from_attempt_to_attempt(deploy: Callable[..., Engine]) -> None:
    engine = deploy(time_scale=0.1)
    arn = engine.start_execution({"items": {"slow": 2}, "concurrency": 1})
    seen: list[Retry] = []

    engine.wait(arn, on_poll=lambda: seen.extend(engine.retries(arn)), timeout=20)

    assert {retry.since for retry in seen} == {seen[0].since}
    assert [retry.attempt for retry in seen] == sorted(retry.attempt for retry in seen)
    assert (seen[-1].attempt, seen[-1].reason) == (2, "try 2 of slow")
    assert engine.retries(arn) == []


def test_each_execution_has_its_own(deploy: Callable[..., Engine]) -> None:
    engine = deploy(time_scale=1)
    failing = engine.start_execution({"items": {"one": 9, "two": 9}, "concurrency": 2})
    fine = engine.start_execution({"settle": True})

    while len(engine.retries(failing)) < 2:
        time.sleep(0.005)

    assert {retry.reason for retry in engine.retries(failing)} == {"try 1 of one", "try 1 of two"}
    assert engine.retries(fine) == []


def test_the_state_at_the_top_is_known_with_what_it_left(deploy: Callable[..., Engine]) -> None:
    engine = deploy()
    arn = engine.start_execution({"items": {"a": 0}, "concurrency": 1})

    engine.wait(arn, timeout=10)

    state = engine.state(arn)
    assert state
    assert state[0] == "Nothing"
    left = engine.output_of(arn, "Write Manifest")
    assert left
    assert left["manifest"]["key"].endswith(".json")
    assert engine.output_of(arn, "Ask") is None
