"""Step Functions in a handler's tests: who is woken, in the machine's place."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any

from onboarding import clients


@contextmanager
def woken() -> Iterator[list[tuple[str, str]]]:
    """See which task tokens are sent, and what each task's result is to be."""
    told: list[tuple[str, str]] = []

    def wake(asked: dict[str, Any]) -> dict[str, Any]:
        told.append((asked["taskToken"], json.loads(asked["output"])))
        return {}

    with answered("SendTaskSuccess", wake):
        yield told


@contextmanager
def running(*execution_arns: str) -> Iterator[None]:
    """Let these executions run, and all others have ended."""
    with answered(
        "DescribeExecution",
        lambda asked: {"status": "RUNNING" if asked["executionArn"] in execution_arns else "ABORTED"},
    ):
        yield


@contextmanager
def answered(operation: str, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> Iterator[None]:
    """Answer an operation of Step Functions."""
    events: Any = clients.step_functions().meta.events
    name = f"before-call.stepfunctions.{operation}"

    def call(params: Any, **_: Any) -> tuple[SimpleNamespace, dict[str, Any]]:
        return SimpleNamespace(status_code=200), answer(json.loads(params["body"]))

    with ExitStack() as stack:
        events.register_first(name, call)
        stack.callback(events.unregister, name, call)
        yield
