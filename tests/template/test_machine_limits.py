"""Limits: a request ends before its function, a function before its task, and the longest review before its run."""

from itertools import pairwise
from typing import Any

import pytest

from onboarding import clients, process
from onboarding.assigning import BATCH_SECONDS
from onboarding.settings import CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS
from onboarding.twilio.http import MOST_RETRY_AFTER_SECONDS, TwilioHttpClient
from tests.docs.markdown import sections
from tests.template.machine import (
    BUSY,
    ITEM,
    MACHINE,
    PARAMETERS,
    TASKS,
    TOP_TASKS,
    VARIABLES,
    every_task,
    function,
    leases,
    step,
)
from tools.picture import ROOT, edges

LONGEST_REVIEW_SECONDS = PARAMETERS["ReviewTimeoutDays"]["MaxValue"] * 24 * 3600
HISTORY_EVENTS = 25_000  # AWS's quota for an execution
MOST_EVENTS = HISTORY_EVENTS / 5  # without retries and outages, so that these have room
EVENTS_OF_A_TRY = 3  # scheduled, started, and ended
TIMEOUTS = [float(VARIABLES[name]) for name in ("TWILIO_CONNECT_SECONDS", "TWILIO_READ_SECONDS")]
LEASED = [task for task in TASKS if leases(task)]
BATCHES = {"Assign To Business Profile", "Assign To Trust Product", "Release Orphans"}


def longest_request() -> float:
    """How long one request to Twilio may take, with everything that the HTTP client tries again."""
    adapter = TwilioHttpClient(1, None)._session.get_adapter("https://api.twilio.com")
    retry: Any = vars(adapter)["max_retries"]
    pause = max(retry.backoff_factor * 2 ** (retry.total - 1) + retry.backoff_jitter, MOST_RETRY_AFTER_SECONDS)
    return float(retry.total * pause + (retry.total + 1) * sum(TIMEOUTS))


def longest_announcement() -> float:
    """How long an announcement may take that EventBridge does not answer, with the client's pauses between tries."""
    config: Any = clients.event_bridge().meta.config
    process.forget()
    tries = config.retries["total_max_attempts"]
    return float(tries * (config.connect_timeout + config.read_timeout) + sum(2**it for it in range(tries - 1)))


def task_timeout(task: str) -> float:
    """A task's timeout, the shortest that the template allows if it is a parameter."""
    if "TimeoutSeconds" in TASKS[task]:
        return float(TASKS[task]["TimeoutSeconds"])
    variable = VARIABLES[TASKS[task]["TimeoutSecondsPath"].removeprefix("$.request.").upper()]
    return float(PARAMETERS[variable["Ref"]]["MinValue"])


def test_the_doctor_waits_for_twilio_as_long_as_the_functions() -> None:
    assert TIMEOUTS == [CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS]


@every_task
def test_a_task_waits_for_longer_than_its_function_runs(task: str) -> None:
    assert task_timeout(task) > function(task).timeout


@every_task
def test_a_function_outlives_a_request_that_hangs(task: str) -> None:
    batch: float = getattr(step(task), "READING_SECONDS", BATCH_SECONDS if task in BATCHES else 0)
    request = longest_request() if hasattr(step(task), "trust_hub") else 0

    assert function(task).timeout > batch + request


@pytest.mark.parametrize("task", [task for task in TASKS if hasattr(step(task), "announcements")])
def test_a_function_outlives_an_announcement_that_is_not_answered(task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    reading: float = getattr(step(task), "READING_SECONDS", 0)
    request = longest_request() if hasattr(step(task), "trust_hub") else 0

    assert function(task).timeout > reading + request + longest_announcement()


def test_the_functions_know_how_long_the_longest_with_a_lease_runs() -> None:
    assert float(VARIABLES["FUNCTION_SECONDS"]) == max(function(task).timeout for task in LEASED)


@pytest.mark.parametrize("task", LEASED)
def test_a_lease_outlives_a_step_and_the_pause_before_its_next_try(task: str) -> None:
    retriers = [it for it in TASKS[task]["Retry"] if not BUSY & set(it["ErrorEquals"])]
    last = [it["IntervalSeconds"] * it["BackoffRate"] ** (it["MaxAttempts"] - 1) for it in retriers]
    pause = max(min(it.get("MaxDelaySeconds", delay), delay) for it, delay in zip(retriers, last, strict=True))

    assert function(task).timeout + pause < float(VARIABLES["LEASE_SECONDS"])


def test_a_run_may_take_longer_than_the_longest_review() -> None:
    assert MACHINE["TimeoutSeconds"] > LONGEST_REVIEW_SECONDS


def test_an_unchanged_subaccount_costs_at_most_four_state_transitions() -> None:
    way = [ITEM["StartAt"]]
    while not (state := ITEM["States"][way[-1]]).get("End"):
        way.append(state.get("Default") or state["Next"])  # a choice's default is that there is nothing to do

    assert len(way) <= 4
    assert way == ["List Phone Numbers", "Work To Do?", "Record Subaccount"]


def events(name: str) -> int:
    """How many events one pass through a state leaves in the history."""
    state = MACHINE["States"][name]
    entered_and_exited = 2
    if state["Type"] == "Map":
        return entered_and_exited + 4  # its own start and end, and those of its run
    if state["Type"] != "Task":
        return entered_and_exited
    submitted: bool = state["Resource"].endswith(".waitForTaskToken")
    return entered_and_exited + EVENTS_OF_A_TRY + submitted


def test_the_longest_review_fits_into_a_history_of_five_thousand_events() -> None:
    poll = ["Await Review", "Check Trust Product", "Approved?", "Await Review"]
    polls = LONGEST_REVIEW_SECONDS / PARAMETERS["PollSeconds"]["MinValue"]
    per_poll = sum(events(name) for name in poll[1:])

    assert all(after in {edge.target for edge in edges(MACHINE["States"][name])} for name, after in pairwise(poll))
    assert f"each time costs {per_poll} events" in " ".join(PARAMETERS["PollSeconds"]["Description"].split())
    assert polls * per_poll + sum(events(name) for name in MACHINE["States"]) < MOST_EVENTS


def test_every_step_may_be_tried_again_to_the_last_beside_the_longest_review() -> None:
    for tasks in (TOP_TASKS, {name: TASKS[name] for name in TASKS.keys() - TOP_TASKS.keys()}):
        tries = sum(retrier["MaxAttempts"] for task in tasks.values() for retrier in task["Retry"])

        assert MOST_EVENTS + tries * EVENTS_OF_A_TRY < HISTORY_EVENTS


def test_what_is_said_of_the_patience_with_throttling_is_what_the_machine_has() -> None:
    [throttled] = [
        it for it in TASKS["Read Request"]["Retry"] if it["ErrorEquals"] == ["Lambda.TooManyRequestsException"]
    ]
    delays = [throttled["IntervalSeconds"] * throttled["BackoffRate"] ** n for n in range(throttled["MaxAttempts"])]

    assert 80 < sum(min(delay, throttled["MaxDelaySeconds"]) for delay in delays) / 60 <= 90
    for document, heading in (("errors", "Lambda Errors"), ("runbook", "Stop everything")):
        assert "hour and a half" in " ".join(sections(ROOT / f"docs/{document}.md")[heading].split())
