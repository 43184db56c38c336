"""Errors of the machine's steps: which are tried again, and where the others are caught."""

import inspect
from typing import Any

import pytest

from onboarding import errors
from tests.template.machine import BUSY, MACHINE, MAP, TASKS, TOP_TASKS, every_task, leases
from tools.data import rules_in

every_caught_task = pytest.mark.parametrize("task", [name for name, state in TASKS.items() if "End" not in state])

ERRORS = {name for name, it in inspect.getmembers(errors, inspect.isclass) if issubclass(it, errors.OnboardingError)}
ERRORS -= {"OnboardingError"}
OUTAGES = {"TwilioThrottled", "TwilioUnavailable", "AwsUnavailable"}
SERVICE_ERRORS = {
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
}
NOT_BEGUN = {
    "Runtime.ImportModuleError",
    "Runtime.HandlerNotFound",
    "Runtime.MalformedHandlerName",
    "Runtime.UserCodeSyntaxError",
    "Runtime.InvalidEntrypoint",
    "Runtime.InvalidWorkingDir",
    "Runtime.InvalidTaskConfig",
    "Runtime.BadFunctionCode",
}
"""What Lambda says of a function that could not start."""
DIED = {"Lambda.Unknown", "Runtime.ExitError", "Sandbox.Timedout"}
DEPLOYMENT_SECONDS = 120
WILDCARDS = {"States.ALL", "States.TaskFailed"}


def names(matchers: list[dict[str, Any]]) -> list[str]:
    return [name for matcher in matchers for name in matcher["ErrorEquals"]]


@every_task
def test_every_task_tries_again_what_passes_and_nothing_else(task: str) -> None:
    retried = names(TASKS[task]["Retry"])

    assert set(retried) >= SERVICE_ERRORS | OUTAGES | NOT_BEGUN | DIED
    assert ERRORS & set(retried) <= OUTAGES | BUSY, "a permanent error is never tried again"
    assert len(retried) == len(set(retried)), "only the first retrier of a name counts"


@every_task
def test_a_throttled_invocation_is_waited_for_as_patiently_as_a_lease(task: str) -> None:
    [patient] = [it for it in TASKS["List Phone Numbers"]["Retry"] if it["ErrorEquals"] == ["SubaccountBusy"]]

    assert patient | {"ErrorEquals": ["Lambda.TooManyRequestsException"]} in TASKS[task]["Retry"]


@every_task
def test_a_function_that_cannot_start_is_tried_again_for_longer_than_a_deployment_takes(task: str) -> None:
    [patient] = [it for it in TASKS[task]["Retry"] if NOT_BEGUN & set(it["ErrorEquals"])]
    delays = [patient["IntervalSeconds"] * patient["BackoffRate"] ** n for n in range(patient["MaxAttempts"])]

    assert set(patient["ErrorEquals"]) == NOT_BEGUN
    assert patient.get("JitterStrategy", "NONE") == "NONE", "a delay that is drawn may be no delay"
    assert sum(min(delay, patient["MaxDelaySeconds"]) for delay in delays) >= DEPLOYMENT_SECONDS


@every_task
def test_a_function_that_died_is_tried_again_alike_whatever_killed_it(task: str) -> None:
    [lost] = [it for it in TASKS[task]["Retry"] if DIED & set(it["ErrorEquals"])]

    assert set(lost["ErrorEquals"]) - {"States.Timeout"} == DIED


@every_task
def test_what_a_step_holds_alone_it_tries_to_get_again(task: str) -> None:
    assert BUSY & set(names(TASKS[task]["Retry"])) == leases(task)


@pytest.mark.parametrize("state", [*TASKS, MAP])
def test_every_retrier_spreads_its_tries(state: str) -> None:
    retriers = [it for it in (TASKS | MACHINE["States"])[state]["Retry"] if not NOT_BEGUN & set(it["ErrorEquals"])]

    assert {retrier["JitterStrategy"] for retrier in retriers} == {"FULL"}
    assert all(retrier["MaxAttempts"] > 0 and retrier["BackoffRate"] > 1 for retrier in retriers)


@pytest.mark.parametrize("state", [*TASKS, MAP])
def test_specific_errors_are_matched_before_wildcards(state: str) -> None:
    for matchers in ((TASKS | MACHINE["States"])[state].get(field, []) for field in ("Retry", "Catch")):
        assert not any(WILDCARDS & set(matcher["ErrorEquals"]) for matcher in matchers[:-1])
        assert all(len(it["ErrorEquals"]) == 1 for it in matchers if WILDCARDS & set(it["ErrorEquals"]))


@every_caught_task
def test_every_task_catches_whatever_is_left(task: str) -> None:
    assert names(TASKS[task]["Catch"])[-1] == "States.ALL"


@pytest.mark.parametrize("state", [*TOP_TASKS, MAP])
def test_whatever_is_left_at_the_top_is_explained(state: str) -> None:
    assert MACHINE["States"][state]["Catch"][-1] == {"ErrorEquals": ["States.ALL"], "Next": "What Failed?"}


@pytest.mark.parametrize("task", ["Find Orphans", "Release Orphans"])
def test_what_passes_by_itself_ends_no_run_that_can_do_without_the_step(task: str) -> None:
    passing, rest = TOP_TASKS[task]["Catch"]

    assert set(passing["ErrorEquals"]) == set(names(TOP_TASKS[task]["Retry"]))
    assert MACHINE["States"][passing["Next"]]["Next"] == "Review Needed?"
    assert rest["Next"] == "What Failed?"


@pytest.mark.parametrize("task", ["Await Review", "Check Trust Product"])
def test_an_outage_does_not_end_the_wait_for_the_verdict(task: str) -> None:
    outwaited = names([it for it in TOP_TASKS[task]["Catch"] if it["Next"] == "Wait Out The Outage"])

    assert set(outwaited) == OUTAGES | NOT_BEGUN | {"Runtime.ExitError"}


def test_the_verdict_is_asked_for_when_no_callback_comes() -> None:
    assert TOP_TASKS["Await Review"]["Catch"][0]["ErrorEquals"] == ["States.Timeout"]
    assert "States.Timeout" not in names(TOP_TASKS["Await Review"]["Retry"])


@pytest.mark.parametrize("state", [*TASKS, MAP])
def test_every_error_that_is_matched_exists(state: str) -> None:
    it = (TASKS | MACHINE["States"])[state]
    matched = {*names(it.get("Retry", [])), *names(it.get("Catch", []))}

    assert {name for name in matched if not name.startswith(("States.", "Lambda.", "Runtime.", "Sandbox."))} <= ERRORS


def test_every_error_that_is_told_apart_exists() -> None:
    rules = [rule for state in MACHINE["States"].values() for rule in rules_in(state.get("Choices", []))]
    told_apart = {rule["StringEquals"] for rule in rules if rule["Variable"] == "$.error"}

    assert told_apart
    assert told_apart <= ERRORS
