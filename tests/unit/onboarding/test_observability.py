"""Measurements reach CloudWatch under the dimension that the alarms watch, from however many handlers at once."""

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from onboarding import process
from onboarding.observability import logger, measure


@pytest.fixture
def _busy_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "onboarding")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "ShakenStirOnboarding")
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("_busy_threads")
def test_handlers_that_run_side_by_side_measure_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: measure(name="ReviewHours", value=1), range(800)))

    text = capsys.readouterr().out
    assert text.count('"ReviewHours":[1.0]') == 800
    measured, _ = json.JSONDecoder().raw_decode(text)
    assert measured["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "ShakenStirOnboarding"
    assert measured["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]
    assert measured["service"] == "onboarding"


def test_the_logger_is_of_the_environment_as_it_is_when_a_process_begins(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for service in ("first", "second"):
        process.forget()
        monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", service)
        logger().info("hello")
    process.forget()

    assert [json.loads(line)["service"] for line in capsys.readouterr().out.splitlines()] == ["first", "second"]
