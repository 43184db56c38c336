"""Executions in a deployed stack: started, and followed to their end or to Twilio's review."""

import json
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local.stack.deployed import DeployedStack, StackError
from onboarding.dynamodb import Table
from onboarding.models import SubaccountOutcome
from onboarding.progress import Progress

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef, HistoryEventTypeDef

POLL_SECONDS = 2.0
REVIEW_POLL_SECONDS = 30.0


@dataclass(frozen=True)
class StateEntered:
    """The execution has come to a state, so long after its start."""

    name: str
    after: timedelta


@dataclass(frozen=True)
class SubaccountDone:
    """A subaccount has come out."""

    outcome: SubaccountOutcome


@dataclass(frozen=True)
class ReviewAwaited:
    """All that this execution can do is done; it waits for Twilio's verdict."""


@dataclass(frozen=True)
class Ended:
    """The execution has ended, so long after its start; `status`, `error` and `cause` are those of Step Functions."""

    status: str
    after: timedelta
    error: str | None
    cause: str | None
    output: Mapping[str, Any]


type News = StateEntered | SubaccountDone | ReviewAwaited | Ended


def start(stack: DeployedStack, request: Mapping[str, Any]) -> str:
    """Start an execution and return its ARN."""
    # With a name, AWS's client may send this twice without starting two.
    started = stack.session.client("stepfunctions").start_execution(
        stateMachineArn=stack.outputs["StateMachineArn"], name=str(uuid.uuid4()), input=json.dumps(dict(request))
    )
    return started["executionArn"]


def find(stack: DeployedStack, arn: str) -> str:
    """See that an execution is one of the stack's, and return its ARN.

    Raises:
        StackError: The stack has no such execution.
    """
    try:
        execution = stack.session.client("stepfunctions").describe_execution(executionArn=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"ExecutionDoesNotExist", "InvalidArn"}:
            raise
    else:
        if execution["stateMachineArn"] == stack.outputs["StateMachineArn"]:
            return arn
    raise StackError(f"The stack {stack.name} has no execution {arn}: name its ARN as `aws stepfunctions` shows it.")


def follow(stack: DeployedStack, arn: str, *, to_the_end: bool) -> Iterator[News]:
    """Tell what happens in an execution, as it happens.

    Args:
        stack: Where it runs.
        arn: Which execution.
        to_the_end: Whether to go on through Twilio's review, which takes days.
    """
    client, table = stack.session.client("stepfunctions"), _table(stack)
    known: set[str] = set()
    last_event, within_map, caught_up, awaited, announced = 0, False, False, False, False
    while True:
        # Before its history: what ended by now has all of it.
        execution = client.describe_execution(executionArn=arn)
        events = [event for event in _history(client, arn) if event["id"] > last_event]
        for name, event in _states(events, each_once=not caught_up):
            if within_map:
                yield from _come_out(table, execution["name"], known)
            within_map = event["type"] == "MapStateEntered"
            yield StateEntered(name, event["timestamp"] - execution["startDate"])
        if within_map:
            yield from _come_out(table, execution["name"], known)
        if execution["status"] != "RUNNING":
            yield _end(execution)
            return
        last_event = events[-1]["id"] if events else last_event
        if events:
            awaited = events[-1]["type"] == "TaskSubmitted"
        if awaited and not announced:
            announced = True
            yield ReviewAwaited()
        if awaited and not to_the_end:
            return
        caught_up = True
        time.sleep(REVIEW_POLL_SECONDS if awaited else POLL_SECONDS)


def _history(client: "SFNClient", arn: str) -> Iterator["HistoryEventTypeDef"]:
    pages = client.get_paginator("get_execution_history")
    for page in pages.paginate(executionArn=arn, includeExecutionData=False):
        yield from page["events"]


def _states(events: Iterable["HistoryEventTypeDef"], *, each_once: bool) -> Iterator[tuple[str, "HistoryEventTypeDef"]]:
    """Find the states that were entered; of a long past each once, since a review is polled a hundred times."""
    told: set[str] = set()
    for event in events:
        name = event.get("stateEnteredEventDetails", {}).get("name")
        if name and not (each_once and name in told):
            told.add(name)
            yield name, event


def _come_out(table: Progress, execution: str, known: set[str]) -> Iterator[SubaccountDone]:
    for outcome in table.outcomes(execution):
        if outcome.subaccount_sid not in known:
            known.add(outcome.subaccount_sid)
            yield SubaccountDone(outcome)


def _end(execution: "DescribeExecutionOutputTypeDef") -> Ended:
    return Ended(
        status=execution["status"],
        after=execution["stopDate"] - execution["startDate"],
        error=execution.get("error"),
        cause=execution.get("cause"),
        output=json.loads(execution.get("output") or "{}"),
    )


def _table(stack: DeployedStack) -> Progress:
    """Give the progress table to read from: only writing takes leases and settles lists."""
    table = Table(stack.session.client("dynamodb"), stack.outputs["ProgressTableName"])
    return Progress(table, lease_seconds=0, function_seconds=0, list_settle_seconds=0)
