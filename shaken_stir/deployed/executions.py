"""Executions in a deployed stack: started, and followed to their end or to Twilio's review."""

import json
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import takewhile, zip_longest
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import ClientError

from onboarding.subaccounts import SubaccountOutcome
from onboarding.table.dynamodb import Table
from onboarding.table.outcomes import read_outcomes
from shaken_stir.deployed.served import ServedStack
from shaken_stir.deployed.stack import AWS_FAILURES, DeployedStack, StackError, may_pass, sentence
from shaken_stir.project import DEFINITION
from shaken_stir.retries import reason, what_happened

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef, HistoryEventTypeDef

POLL_SECONDS = 2.0
REVIEW_POLL_SECONDS = 30.0
MOST_UNANSWERED = 30
"""How often AWS may fail to answer in a row: for some minutes, since each try takes several seconds."""
LONGEST_RETRY_SECONDS = 120
"""How long the state machine waits at the most before it tries a state again."""


@cache
def retried_errors() -> frozenset[str]:
    """Read from the definition which errors a state retries, without the timeout that also ends each wait."""
    definition = json.loads(DEFINITION.read_text(encoding="utf-8"))
    states = definition["States"].values()
    inner = (it for state in states for it in state.get("ItemProcessor", {}).get("States", {}).values())
    # The Map's own retrier is about its manifest, not about a function.
    tasks = (state for state in (*states, *inner) if state["Type"] == "Task")
    retriers = (retrier for task in tasks for retrier in task["Retry"])
    return frozenset(error for retrier in retriers for error in retrier["ErrorEquals"]) - {"States.Timeout"}


_IMPATIENT = Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 2})


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


@dataclass(frozen=True)
class Failed:
    """A state has failed, so long after the execution's start, with an error after which it is tried again.

    Attributes:
        name: The state.
        reason: What happened, in half a sentence.
    """

    name: str
    after: timedelta
    reason: str


@dataclass(frozen=True)
class Unanswered:
    """AWS did not answer, which says nothing of the execution; it is asked again in so many seconds."""

    reason: str
    seconds: float


type News = StateEntered | SubaccountDone | Failed | Unanswered | ReviewAwaited | Ended


def start(stack: DeployedStack, request: Mapping[str, Any]) -> str:
    """Start an execution and return its ARN."""
    # With a name, AWS's client may send this twice without starting two.
    started = stack.client("stepfunctions").start_execution(
        stateMachineArn=stack.outputs["StateMachineArn"], name=str(uuid.uuid4()), input=json.dumps(dict(request))
    )
    return str(started["executionArn"])


def find(stack: DeployedStack, arn: str) -> str:
    """See that an execution is one of the stack's, and return its ARN.

    Raises:
        StackError: The stack has no such execution.
    """
    try:
        execution = stack.client("stepfunctions").describe_execution(executionArn=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"ExecutionDoesNotExist", "InvalidArn"}:
            raise
    else:
        if execution["stateMachineArn"] == stack.outputs["StateMachineArn"]:
            return arn
    raise StackError(f"The stack {stack.name} has no execution {arn}: name its ARN as `aws stepfunctions` shows it.")


def follow(stack: DeployedStack, arn: str, *, to_the_end: bool) -> Iterator[News]:
    """Yield what happens in an execution, as it happens.

    Args:
        stack: Where it runs.
        arn: Which execution.
        to_the_end: Whether to go on through Twilio's review, which takes days.
    """
    review_seconds = POLL_SECONDS if isinstance(stack, ServedStack) else REVIEW_POLL_SECONDS
    followed, seconds = _Followed(stack, arn), POLL_SECONDS
    unanswered = 0
    while True:
        try:
            news = followed.look()
            unanswered = 0
        except AWS_FAILURES as error:
            unanswered += 1
            if unanswered > MOST_UNANSWERED or not may_pass(error):
                raise
            news, seconds = [Unanswered(what_happened(sentence(error)), POLL_SECONDS)], POLL_SECONDS
        else:
            seconds = review_seconds if followed.awaited else POLL_SECONDS
        yield from news
        if followed.ended or (followed.awaited and not to_the_end):
            return
        time.sleep(seconds)


class _Followed:
    """An execution that is looked at again and again; a look that fails half-way tells nothing and loses nothing.

    Attributes:
        awaited: Whether it waits for Twilio's verdict.
        ended: Whether it has ended.
    """

    def __init__(self, stack: DeployedStack, arn: str) -> None:
        self._client = stack.client("stepfunctions", config=_IMPATIENT)
        self._table, self._arn = _table(stack), arn
        self._known: set[str] = set()
        self._last_event, self._within_map, self._caught_up, self._announced = 0, False, False, False
        self._state = ""
        self.awaited, self.ended = False, False

    def look(self) -> list[News]:
        """Look what is new."""
        # Before its history: what ended by now has all of it.
        execution = self._client.describe_execution(executionArn=self._arn)
        events = _events_after(self._last_event, self._client, self._arn)
        outcomes: list[SubaccountOutcome] = []
        if self._within_map or any(event["type"] == "MapStateEntered" for event in events):
            # After its history: what came out before a state was entered is there.
            outcomes = read_outcomes(self._table, execution["name"])
        news = list(self._told(events, outcomes, execution["startDate"]))
        self._last_event = events[-1]["id"] if events else self._last_event
        if events:
            self.awaited = events[-1]["type"] == "TaskSubmitted"
        self.ended = execution["status"] != "RUNNING"
        if self.ended:
            return [*news, _end(execution)]
        if self.awaited and not self._announced:
            self._announced = True
            news.append(ReviewAwaited())
        self._caught_up = True
        return news

    def _told(
        self, events: Sequence["HistoryEventTypeDef"], outcomes: Iterable[SubaccountOutcome], began: datetime
    ) -> Iterator[News]:
        """Tell of events; of a long past each state once, since a review is polled a hundred times."""
        told: set[str] = set()
        for event, next_event in zip_longest(events, events[1:]):
            if name := event.get("stateEnteredEventDetails", {}).get("name"):
                if self._within_map:
                    yield from self._come_out(outcomes)
                self._state, self._within_map = name, event["type"] == "MapStateEntered"
                if self._caught_up or name not in told:
                    told.add(name)
                    yield StateEntered(name, event["timestamp"] - began)
            elif (self._caught_up or not next_event) and _is_tried_again(event, next_event):
                failure = event["taskFailedEventDetails"]
                why = reason(failure.get("error", ""), failure.get("cause", ""))
                yield Failed(self._state, event["timestamp"] - began, why)
        if self._within_map:
            yield from self._come_out(outcomes)

    def _come_out(self, outcomes: Iterable[SubaccountOutcome]) -> Iterator[SubaccountDone]:
        for outcome in outcomes:
            if outcome.subaccount_sid not in self._known:
                self._known.add(outcome.subaccount_sid)
                yield SubaccountDone(outcome)


def _events_after(last_event: int, client: "SFNClient", arn: str) -> list["HistoryEventTypeDef"]:
    """Give an execution's later events, asked for newest first: of a long history, only what is new is read."""
    history = client.get_paginator("get_execution_history")
    pages = history.paginate(executionArn=arn, includeExecutionData=False, reverseOrder=True)
    newest_first = (event for page in pages for event in page["events"])
    return list(takewhile(lambda event: event["id"] > last_event, newest_first))[::-1]


def _is_tried_again(event: "HistoryEventTypeDef", next_event: "HistoryEventTypeDef | None") -> bool:
    """Say whether an event is a failure after which the same state comes again, as far as that is known yet."""
    caught = next_event is not None and next_event["type"] == "TaskStateExited"
    return event.get("taskFailedEventDetails", {}).get("error") in retried_errors() and not caught


def _end(execution: "DescribeExecutionOutputTypeDef") -> Ended:
    return Ended(
        status=execution["status"],
        after=execution["stopDate"] - execution["startDate"],
        error=execution.get("error"),
        cause=execution.get("cause"),
        output=json.loads(execution.get("output") or "{}"),
    )


def _table(stack: DeployedStack) -> Table:
    """Give the stack's progress table."""
    return Table(stack.client("dynamodb", config=_IMPATIENT), stack.outputs["ProgressTableName"])
