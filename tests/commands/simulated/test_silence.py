"""While Twilio does not answer, `shaken-stir run` says so."""

import os
import re
import sys
import threading
from collections.abc import Callable

import pytest

from onboarding.twilio import http as twilio_http
from shaken_stir.cli.main import execute
from shaken_stir.project import EXAMPLE_EVENT, load_event
from shaken_stir.simulated.place import SimulatedPlace
from shaken_stir.snapshot import Snapshot
from simulator.app import App
from simulator.fleet import load_fleet
from simulator.messages import Request, Response
from tests.commands.terminal import in_terminal
from tests.world import error

type Answer = Callable[[Request], Response | None]
CLOCK = r"\d\d:\d\d:\d\d"


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Response, int], None]:
    """Let the simulated Twilio answer requests for a path so often like this."""
    answer = App.answer

    def fail(path: str, response: Response, times: int) -> None:
        left = threading.Semaphore(times)

        def answer_or_fail(app: App, request: Request) -> Response:
            return response if path in request.path and left.acquire(blocking=False) else answer(app, request)

        monkeypatch.setattr(App, "answer", answer_or_fail)

    return fail


def lines_of_a_run(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    assert execute(["run", "--time-scale", "0.05", *options]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_state_that_is_tried_again_is_a_line_with_the_reason_and_the_time(
    failing: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing("/v1/CustomerProfiles", error(503, 20503, "Unavailable"), 4)

    lines = lines_of_a_run(capsys)

    told = [line for line in lines if "is tried again" in line]
    assert len(told) == 1
    assert re.fullmatch(
        r" +\d+\.\d s  Find Business Profile is tried again: "
        rf"Twilio failed at GET /v1/CustomerProfiles with HTTP 503; since {CLOCK}, (next at {CLOCK}|being tried now)",
        told[0],
    )


def test_throttling_of_many_subaccounts_is_no_more_than_a_line_per_attempt(
    failing: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing("/IncomingPhoneNumbers", error(429, 20429, "Too Many Requests"), 40)

    lines = lines_of_a_run(capsys, "--fleet", "10x1")

    told = [line for line in lines if "List Phone Numbers is tried again for" in line]
    assert 1 <= len(told) <= 6
    assert "Twilio is throttling GET /2010-04-01/Accounts/AC…/IncomingPhoneNumbers.json" in told[0]


def test_a_request_without_an_answer_is_known_until_it_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, seen = App.answer, threading.Event()
    snapshots: list[Snapshot] = []

    def answer_when_seen(app: App, request: Request) -> Response:
        if request.path == "/v1/CustomerProfiles":
            seen.wait(30)
        return answer(app, request)

    def on_change(snapshot: Snapshot) -> None:
        snapshots.append(snapshot)
        if snapshot.retries:
            seen.set()

    monkeypatch.setattr(App, "answer", answer_when_seen)
    with SimulatedPlace(load_fleet("1x1"), 0.05) as local:
        monkeypatch.setattr(twilio_http, "READ_TIMEOUT_SECONDS", 1)
        report = local.run(load_event(EXAMPLE_EVENT), on_change)

    assert report.status == "SUCCEEDED"
    [unanswered] = next(snapshot.retries for snapshot in snapshots if snapshot.retries)
    assert unanswered.state is None
    assert unanswered.reason == "Twilio did not answer GET /v1/CustomerProfiles (ReadTimeoutError)"
    assert snapshots[-1].retries == []


def test_how_many_subaccounts_there_are_is_known_once_they_are_listed() -> None:
    known: list[int | None] = []
    with SimulatedPlace(load_fleet("7x1"), 0.05) as local:
        local.run(load_event(EXAMPLE_EVENT), lambda snapshot: known.append(snapshot.subaccounts))

    assert set(known) == {None, 7}
    assert known == sorted(known, key=bool)


@pytest.mark.parametrize(("columns", "rows"), [(60, 20), (80, 24)])
def test_a_small_terminal_ends_with_the_totals_the_bar_and_the_trust_product(columns: int, rows: int) -> None:
    command = [sys.executable, "-m", "shaken_stir.cli.main", "run", "--fleet", "12x5", "--time-scale", "0.1"]

    seen = in_terminal(command, columns=columns, rows=rows)

    assert seen.code == 0
    last_picture = seen.text[seen.text.rindex("Status") : seen.text.rindex("SUCCEEDED")].splitlines()
    assert sum("onboarded" in line for line in last_picture) == 12
    assert [line for line in last_picture if line.startswith("In all")]
    assert "12 of 12 subaccounts" in "\n".join(last_picture)
    assert "Trust Product: twilio-approved" in "\n".join(last_picture)
    # What is said below the rows is wrapped at words.
    assert max(len(line) for line in seen.text[seen.text.rindex("SUCCEEDED") :].splitlines()) <= columns


def test_a_terminal_that_takes_only_ascii_gets_lines() -> None:
    command = [sys.executable, "-m", "shaken_stir.cli.main", "run", "--time-scale", "0.1"]

    seen = in_terminal(command, {**os.environ, "PYTHONIOENCODING": "ascii"}, columns=80)

    assert seen.code == 0
    assert "\\x" not in seen.text
    assert "s  Trust Product: twilio-approved\n" in seen.text
