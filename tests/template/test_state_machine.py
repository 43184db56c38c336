"""The definition as Step Functions will see it: linted, its graph, its errors, its timeouts, and its picture."""

import copy
import importlib
import inspect
import json
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from types import ModuleType
from typing import Any

import pytest
from cfnlint.api import lint  # type: ignore[import-untyped]

from audit_assignments import READING_SECONDS
from onboarding import errors
from onboarding.assigning import BATCH_SECONDS
from onboarding.twilio.http import (
    CONNECT_TIMEOUT_SECONDS,
    MOST_RETRY_AFTER_SECONDS,
    READ_TIMEOUT_SECONDS,
    TwilioHttpClient,
)
from shaken_stir.engine.intrinsics import read_template
from shaken_stir.engine.template import Function, Template
from tools.definition import DEFINITION
from tools.picture import DOCUMENT, ROOT, States, condition, draw, edges, written_into

type Definition = dict[str, Any]
type Data = frozenset[str]

TEMPLATE = Template(ROOT / "template.yaml", {})
WHOLE_TEMPLATE = read_template(ROOT / "template.yaml")
PARAMETERS = WHOLE_TEMPLATE["Parameters"]
VARIABLES = WHOLE_TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
LONGEST_REVIEW_SECONDS = PARAMETERS["ReviewTimeoutDays"]["MaxValue"] * 24 * 3600
MACHINE: Definition = json.loads(DEFINITION.read_text(encoding="utf-8"))
MAP = "Onboard Subaccounts"
ITEM: Definition = MACHINE["States"][MAP]["ItemProcessor"]

TOP_TASKS = {name: state for name, state in MACHINE["States"].items() if state["Type"] == "Task"}
TASKS: States = TOP_TASKS | {name: state for name, state in ITEM["States"].items() if state["Type"] == "Task"}
every_task = pytest.mark.parametrize("task", TASKS)
every_caught_task = pytest.mark.parametrize("task", [name for name, state in TASKS.items() if "End" not in state])

ERRORS = {name for name, it in inspect.getmembers(errors, inspect.isclass) if issubclass(it, errors.OnboardingError)}
ERRORS -= {"OnboardingError"}
OUTAGES = {"TwilioThrottled", "TwilioUnavailable", "AwsUnavailable"}
BUSY = {"SubaccountBusy", "TrustProductBusy"}
SERVICE_ERRORS = {
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
}
WILDCARDS = {"States.ALL", "States.TaskFailed"}

HISTORY_EVENTS = 25_000  # an execution that has more is failed
EVENTS = {"Task": 6, "Choice": 2}  # of one pass through a state: entered, scheduled, started, submitted, ended, exited


def function(task: str) -> Function:
    """The function that a task invokes by its substitution: `${ReadRequestFunctionArn}`."""
    return TEMPLATE.functions[TASKS[task]["Parameters"]["FunctionName"].removeprefix("${").removesuffix("Arn}")]


def step(task: str) -> ModuleType:
    return importlib.import_module(function(task).module)


def leases(task: str) -> set[str]:
    """The errors of a step that finds its lease taken."""
    source = inspect.getsource(step(task))
    return {
        error
        for error, call in (("TrustProductBusy", "hold_trust_product"), ("SubaccountBusy", "hold("))
        if call in source
    }


LEASED = [task for task in TASKS if leases(task)]
BATCHES = {"Assign To Business Profile", "Assign To Trust Product", "Release Orphans"}


def changed(place: str, value: Any) -> Definition:
    """The machine with a broken place: `Read Request/Next`."""
    definition = copy.deepcopy(MACHINE)
    node: Any = definition["States"]
    *parents, key = [int(part) if part.isdigit() else part for part in place.split("/")]
    for parent in parents:
        node = node[parent]
    node[key] = value
    return definition


# The language.


def lint_messages(definition: str) -> list[str]:
    """What cfn-lint says of a definition; it does not look behind a SAM template's DefinitionUri."""
    machine = {"RoleArn": "arn:aws:iam::123456789012:role/machine", "DefinitionString": definition}
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine}
    return [f"{match.rule.id} {match.message}" for match in lint(json.dumps({"Resources": {"Machine": resource}}))]


def test_cfn_lint_finds_nothing_in_the_definition() -> None:
    assert lint_messages(TEMPLATE.definition()) == []


@pytest.mark.parametrize(
    ("place", "value"),
    [("Read Request/Nxet", "Find Business Profile"), (f"{MAP}/ItemProcessor/States/Record Subaccount/Type", "Tsak")],
)
def test_cfn_lint_reports_a_broken_definition(place: str, value: str) -> None:
    assert any(message.startswith("E3601") for message in lint_messages(json.dumps(changed(place, value))))


# The graph.


def graph_faults(level: Definition, ends: tuple[str, ...] = ("Succeed", "Fail")) -> Iterator[str]:
    states: States = level["States"]
    following = {name: {edge.target for edge in edges(state)} for name, state in states.items()}
    before: dict[str, set[str]] = {name: set() for name in states}
    for name, targets in [("The start", {level["StartAt"]}), *following.items()]:
        yield from (f"{name} leads to {target}, which does not exist" for target in targets - states.keys())
        for target in targets & states.keys() & before.keys():
            before[target].add(name)
    reached = closure({level["StartAt"]}, following)
    yield from (f"{name} is never reached" for name in states.keys() - reached)
    last = {name for name, state in states.items() if state["Type"] in ends or ("End" in ends and state.get("End"))}
    yield from (f"{name} never ends" for name in states.keys() - closure(last, before))
    idle = {name: targets for name, targets in following.items() if states[name]["Type"] not in {"Task", "Wait", "Map"}}
    try:
        TopologicalSorter({name: targets & idle.keys() for name, targets in idle.items()}).prepare()
    except CycleError as error:
        yield f"{' -> '.join(error.args[1])} turns without a Task or Wait"
    for state in states.values():
        if state["Type"] == "Map":
            yield from graph_faults(state["ItemProcessor"], (*ends, "End"))


def closure(start: set[str], following: dict[str, set[str]]) -> set[str]:
    reached, todo = set(start), list(start)
    while todo:
        new = following.get(todo.pop(), set()) - reached
        reached |= new
        todo += new
    return reached


def test_no_state_dangles_and_every_way_ends() -> None:
    assert list(graph_faults(MACHINE)) == []


@pytest.mark.parametrize(
    ("place", "value", "fault"),
    [
        ("Read Request/Next", "Nowhere", "Read Request leads to Nowhere, which does not exist"),
        ("Approved?/Default", "Nowhere", "Approved? leads to Nowhere, which does not exist"),
        ("Approved?/Choices/1/Next", "Nowhere", "Approved? leads to Nowhere, which does not exist"),
        ("Await Review/Catch/0/Next", "Nowhere", "Await Review leads to Nowhere, which does not exist"),
        (f"{MAP}/ItemProcessor/StartAt", "Nowhere", "The start leads to Nowhere, which does not exist"),
        (
            f"{MAP}/ItemProcessor/States/More Pages?/Default",
            "Onboarded",
            "More Pages? leads to Onboarded, which does not exist",
        ),
        ("Evaluate Trust Product/Next", MAP, "Submit Trust Product is never reached"),
        ("Onboarded", {"Type": "Pass", "End": True}, "Onboarded never ends"),
        ("Rejected?/Default", "What Failed?", "Failed is never reached"),
        ("Read Report/Next", "Read Report", "Read Report never ends"),
        ("Read Report/Next", "Read Report", "Read Report -> Read Report turns without a Task or Wait"),
    ],
)
def test_a_broken_graph_is_reported(place: str, value: Any, fault: str) -> None:
    assert fault in list(graph_faults(changed(place, value)))


def test_an_unchanged_subaccount_costs_at_most_four_state_transitions() -> None:
    way = [ITEM["StartAt"]]
    while not (state := ITEM["States"][way[-1]]).get("End"):
        way.append(state.get("Default") or state["Next"])  # a choice's default is that there is nothing to do

    assert len(way) <= 4
    assert way == ["List Phone Numbers", "Work To Do?", "Record Subaccount"]


def test_the_longest_review_fits_into_an_execution_s_history() -> None:
    poll = ["Await Review", "Check Trust Product", "Approved?", "Await Review"]
    polls = LONGEST_REVIEW_SECONDS / PARAMETERS["PollSeconds"]["MinValue"]

    assert all(after in {edge.target for edge in edges(MACHINE["States"][name])} for name, after in pairwise(poll))
    assert polls * sum(EVENTS[MACHINE["States"][name]["Type"]] for name in poll[1:]) < 0.8 * HISTORY_EVENTS


# The data: what a state reads, the states before it gave, whichever way the execution came.


def data_faults(level: Definition, start: Data = frozenset()) -> Iterator[str]:
    states: States = level["States"]
    known, todo = {level["StartAt"]: start}, [level["StartAt"]]
    while todo:
        name = todo.pop()
        for target, data in outcomes(states[name], known[name]):
            common = known.get(target, data) & data
            if target in states and common != known.get(target):
                known[target] = common
                todo.append(target)
    for name, state in ((name, states[name]) for name in known):
        yield from (f"{name} reads $.{path}" for path in sorted(reads(state)) if not is_given(path, known[name]))
        if state["Type"] == "Map":
            yield from data_faults(state["ItemProcessor"], frozenset(shape(state["ItemSelector"])))


def outcomes(state: dict[str, Any], data: Data) -> Iterator[tuple[str, Data]]:
    after = data
    if state["Type"] in {"Task", "Map", "Pass"}:
        result = state["Parameters"] if state["Type"] == "Pass" else state.get("ResultSelector", {})
        after = put(data, state.get("ResultPath", "$"), shape(result))
    for rule in state.get("Choices", []):
        present = {it["Variable"].removeprefix("$.") for it in rule.get("And", [rule]) if it.get("IsPresent") is True}
        yield rule["Next"], after | present
        if rule.get("IsPresent") is False:
            after |= {rule["Variable"].removeprefix("$.")}  # else this rule would have been taken
    yield from ((state[field], after) for field in ("Default", "Next") if field in state)
    for catcher in state.get("Catch", []):
        yield catcher["Next"], put(data, catcher.get("ResultPath", "$"), {"Error", "Cause"})


def put(data: Data, place: str | None, result: set[str]) -> Data:
    if place is None:
        return data
    if place == "$":
        return frozenset(result)
    path = place.removeprefix("$.")
    kept = {it for it in data if not it.startswith(f"{path}.")}
    return frozenset(kept | {path} | {f"{path}.{it}" for it in result})


def shape(template: dict[str, Any]) -> set[str]:
    paths: set[str] = set()
    for key, value in template.items():
        name = key.removesuffix(".$")
        paths |= {name} | ({f"{name}.{it}" for it in shape(value)} if isinstance(value, dict) else set())
    return paths


def reads(state: dict[str, Any]) -> set[str]:
    own = {key: it for key, it in state.items() if key not in {"Retry", "Catch", "ResultSelector", "ItemProcessor"}}
    found = set(paths_in(own))
    asked = {it["Variable"][2:] for it in rules_in(state.get("Choices", [])) if "IsPresent" in it}
    return {path for path in found if not any(path == it or path.startswith((f"{it}.", f"{it}[")) for it in asked)}


def paths_in(node: Any, key: str = "") -> Iterator[str]:
    for name, value in node.items() if isinstance(node, dict) else ((key, it) for it in node):
        if isinstance(value, dict | list):
            yield from paths_in(value, name)
        elif name != "ResultPath" and name.endswith((".$", "Path", "Variable")):
            yield from re.findall(r"(?<!\$)\$\.([\w.]+(?:\[0])?)", value)


def rules_in(rules: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for rule in rules:
        parts = [*rule.get("And", []), *rule.get("Or", []), *([rule["Not"]] if "Not" in rule else [])]
        yield from rules_in(parts) if parts else [rule]


def is_given(path: str, data: Data) -> bool:
    """Whether a path is there: itself, or within a value of whose inside nothing is known here."""
    if path in data:
        return True
    parent = path.rpartition(".")[0]
    return bool(parent) and is_given(parent, data) and not any(it.startswith(f"{parent}.") for it in data)


def test_every_path_that_a_state_reads_was_given_on_every_way_to_it() -> None:
    assert list(data_faults(MACHINE)) == []


@pytest.mark.parametrize(
    ("place", "value", "fault"),
    [
        ("Whole Fleet Listed?/Choices/0/And/3/IsPresent", False, "Find Orphans reads $.audit.assigned"),
        ("Find Business Profile/ResultPath", None, "Connect Business Profile reads $.business_profile.sid"),
        ("List Subaccounts/ResultSelector", {"key.$": "$.Payload.key"}, f"{MAP} reads $.manifest.bucket"),
        ("Review Needed?/Choices/0/Variable", "$.verdict.status", "Review Needed? reads $.verdict.status"),
        ("Failed/CausePath", "$.request.execution", "Failed reads $.request.execution"),
        ("Approved?/Choices/0/IsPresent", True, "Subaccounts Failed reads $.summary.message"),
        ("Rejected Before?/Choices/0/Next", "Subaccounts Failed", "Subaccounts Failed reads $.summary.message"),
        (
            f"{MAP}/ItemProcessor/States/List Phone Numbers/Parameters/Payload/regions.$",
            "$.request.regions",
            "List Phone Numbers reads $.request.regions",
        ),
    ],
)
def test_a_path_that_nobody_gave_is_reported(place: str, value: Any, fault: str) -> None:
    assert fault in list(data_faults(changed(place, value)))


# Errors: who tries again, and who catches.


def names(matchers: list[dict[str, Any]]) -> list[str]:
    return [name for matcher in matchers for name in matcher["ErrorEquals"]]


@every_task
def test_every_task_tries_again_what_passes_and_nothing_else(task: str) -> None:
    retried = names(TASKS[task]["Retry"])

    assert set(retried) >= SERVICE_ERRORS | OUTAGES
    assert ERRORS & set(retried) <= OUTAGES | BUSY, "a permanent error is never tried again"
    assert len(retried) == len(set(retried)), "only the first retrier of a name counts"


@every_task
def test_what_a_step_holds_alone_it_tries_to_get_again(task: str) -> None:
    assert BUSY & set(names(TASKS[task]["Retry"])) == leases(task)


@pytest.mark.parametrize("state", [*TASKS, MAP])
def test_every_retrier_spreads_its_tries(state: str) -> None:
    retriers = (TASKS | MACHINE["States"])[state]["Retry"]

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


@pytest.mark.parametrize("task", ["Await Review", "Check Trust Product"])
def test_an_outage_does_not_end_the_wait_for_the_verdict(task: str) -> None:
    outwaited = names([it for it in TOP_TASKS[task]["Catch"] if it["Next"] == "Wait Out The Outage"])

    assert set(outwaited) == OUTAGES


def test_the_verdict_is_asked_for_when_no_callback_comes() -> None:
    assert TOP_TASKS["Await Review"]["Catch"][0]["ErrorEquals"] == ["States.Timeout"]
    assert "States.Timeout" not in names(TOP_TASKS["Await Review"]["Retry"])


@pytest.mark.parametrize("state", [*TASKS, MAP])
def test_every_error_that_is_matched_exists(state: str) -> None:
    it = (TASKS | MACHINE["States"])[state]
    matched = {*names(it.get("Retry", [])), *names(it.get("Catch", []))}

    assert {name for name in matched if not name.startswith(("States.", "Lambda.", "Sandbox."))} <= ERRORS


def test_every_error_that_is_told_apart_exists() -> None:
    rules = [rule for state in MACHINE["States"].values() for rule in rules_in(state.get("Choices", []))]
    told_apart = {rule["StringEquals"] for rule in rules if rule["Variable"] == "$.error"}

    assert told_apart
    assert told_apart <= ERRORS


# Timeouts: a request ends before its function, and a function before its task.


def longest_request() -> float:
    """How long one request to Twilio may take, with everything that the HTTP client tries again."""
    adapter = TwilioHttpClient(1, None)._session.get_adapter("https://api.twilio.com")
    retry: Any = vars(adapter)["max_retries"]
    pause = max(retry.backoff_factor * 2 ** (retry.total - 1) + retry.backoff_jitter, MOST_RETRY_AFTER_SECONDS)
    return float(retry.total * pause + (retry.total + 1) * (CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS))


def task_timeout(task: str) -> float:
    """A task's timeout, the shortest that the template allows if it is a parameter."""
    if "TimeoutSeconds" in TASKS[task]:
        return float(TASKS[task]["TimeoutSeconds"])
    variable = VARIABLES[TASKS[task]["TimeoutSecondsPath"].removeprefix("$.request.").upper()]
    return float(PARAMETERS[variable["Ref"]]["MinValue"])


@every_task
def test_a_task_waits_for_longer_than_its_function_runs(task: str) -> None:
    assert task_timeout(task) > function(task).timeout


@every_task
def test_a_function_outlives_a_request_that_hangs(task: str) -> None:
    batch = READING_SECONDS if task == "Audit Assignments" else BATCH_SECONDS if task in BATCHES else 0
    request = longest_request() if hasattr(step(task), "trust_hub") else 0

    assert function(task).timeout > batch + request


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


# The picture.


def test_the_picture_shows_the_machine() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")

    assert document == written_into(document, draw(MACHINE)), "run `make docs`"


@pytest.mark.parametrize(("place", "value"), [("Read Request/Next", "Onboarded"), ("Onboarded/Type", "Fail")])
def test_a_changed_machine_changes_the_picture(place: str, value: str) -> None:
    assert draw(changed(place, value)) != draw(MACHINE)


def test_the_picture_replaces_only_what_is_between_its_markers() -> None:
    once = written_into("before\n<!-- picture: begin -->\nold\n<!-- picture: end -->\nafter\n", "new")

    assert once == "before\n<!-- picture: begin -->\n```mermaid\nnew\n```\n<!-- picture: end -->\nafter\n"
    assert written_into(once, "new") == once


def test_the_picture_has_a_box_of_its_own_for_every_state() -> None:
    boxes = re.findall(r'^ *(\w+)[\[({/]+"(.+?)"', draw(MACHINE), re.MULTILINE)
    of_states = {name: box for box, name in boxes if name not in {"start", "any step"}}

    assert of_states.keys() == (MACHINE["States"] | ITEM["States"]).keys()
    assert len(set(of_states.values())) == len(of_states)


def test_the_picture_shows_each_kind_of_state_and_way() -> None:
    lines = {line.strip() for line in draw(MACHINE).splitlines()}

    assert lines >= {
        'read_request["Read Request"]',
        'approved_{"Approved?"}',
        'await_review{{"Await Review"}}',
        'onboarded(["Onboarded"]):::succeed',
        'rejected(["Rejected"]):::fail',
        'onboard_subaccounts[["Onboard Subaccounts"]]',
        "read_request --> find_business_profile",
        'any_subaccount_failed_ -->|"failed > 0"| subaccounts_failed',
        'list_phone_numbers -.->|"any error"| record_subaccount',
        'any_step_start(("any step")) -.->|"any other error"| what_failed_',
    }


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"Variable": "$.a.b", "StringEquals": "draft"}, "b is draft"),
        ({"Variable": "$.b", "BooleanEquals": False, "Next": "X"}, "b is false"),
        ({"Variable": "$.b", "IsNull": False}, "b is not null"),
        ({"Variable": "$.b", "NumericLessThan": 3}, "b NumericLessThan 3"),
        ({"Not": {"Variable": "$.b", "IsPresent": True}}, "not (b is present)"),
        ({"Or": [{"Variable": "$.a", "IsNull": True}, {"Variable": "$.b", "IsNull": True}]}, "a is null or b is null"),
    ],
)
def test_a_choice_is_put_into_words(rule: dict[str, Any], words: str) -> None:
    assert condition(rule) == words
