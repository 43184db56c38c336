"""A deployment in the middle of a run: functions that cannot start, or die, fail no subaccount and end no wait."""

import importlib
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from unittest.mock import patch

import pytest

from shaken_stir.engine.functions import Answer, Functions
from tests.machine.conftest import Start
from tests.world import NAMED, all_signed_once, subaccount, wait_until
from tools.definition import DEFINITION

SCALE = 0.002
TASKS = 17
"""The functions of the machine."""
TRIES = 6
"""How often a function that cannot start is tried again."""


@contextmanager
def broken(error: str, times: int, *, only: str | None = None) -> Iterator[Counter[str]]:
    """Let each function, or one, fail so many times before it begins; counts how often each did."""
    invoke, failed = Functions.invoke, Counter[str]()

    def invoke_or_fail(functions: Functions, name: str, payload: str) -> Answer:
        module = functions._by_name[name].module
        if failed[module] == times or only not in {None, module}:
            return invoke(functions, name, payload)
        failed[module] += 1
        return Answer(json.dumps({"errorType": error, "errorMessage": "It could not start."}), failed=True)

    with patch.object(Functions, "invoke", invoke_or_fail):
        yield failed


@pytest.mark.parametrize(
    ("error", "times"),
    [("Runtime.ImportModuleError", TRIES), ("Runtime.HandlerNotFound", TRIES), ("Runtime.ExitError", 2)],
)
def test_every_function_may_fail_so_for_a_while(start: Start, error: str, times: int) -> None:
    local = start(SCALE, review={"seconds": 0}, subaccounts=[subaccount(1)])

    with broken(error, times) as failed:
        report = local.run(NAMED)
    del failed["status_callback"]  # the webhook's, which is no state

    assert report.status == "SUCCEEDED", report
    assert len(failed) >= TASKS - 1, "orphans are not released"
    assert set(failed.values()) == {times}
    all_signed_once(local)


def test_a_run_waits_for_a_module_that_a_deployment_brings_later(start: Start) -> None:
    local = start(SCALE, review={"seconds": 0})
    import_module = importlib.import_module

    def import_on_old_layer(name: str, package: str | None = None) -> ModuleType:
        if name == "list_phone_numbers":
            raise ModuleNotFoundError("No module named 'only_in_the_new_layer'")
        return import_module(name, package)

    # Not by sys.modules: an import that fails in another thread would leave later tests a module of its own.
    with patch.object(importlib, "import_module", import_on_old_layer):
        arn = local.engine.start_execution(NAMED)
        tried = 3 * len(local.fleet.subaccounts)
        assert wait_until(lambda: local.engine.invocations.get("list_phone_numbers", 0) >= tried)

    ended = local.engine.wait(arn, timeout=60)

    assert ended["status"] == "SUCCEEDED", ended["cause"]
    all_signed_once(local)


@pytest.mark.parametrize("error", ["Runtime.ImportModuleError", "Runtime.ExitError"])
def test_behind_the_map_orphans_are_left_out_and_the_review_is_awaited(start: Start, error: str) -> None:
    local = start(SCALE, review={"seconds": 0})

    with broken(error, 100, only="find_orphans"):
        report = local.run(NAMED)

    assert report.status == "SUCCEEDED"
    assert report.orphans
    assert error in report.orphans.message


@pytest.mark.parametrize("function", ["await_review", "check_trust_product"])
def test_a_broken_deployment_does_not_end_the_wait_for_the_verdict(start: Start, function: str) -> None:
    local = start(SCALE, review={"seconds": 0})

    with broken("Runtime.ImportModuleError", 20, only=function) as failed:
        report = local.run(NAMED)

    assert report.status == "SUCCEEDED"
    assert failed[function] > TRIES


def test_the_definition_has_as_many_functions_as_are_tried_here() -> None:
    assert DEFINITION.read_text(encoding="utf-8").count("FunctionArn}") == TASKS
