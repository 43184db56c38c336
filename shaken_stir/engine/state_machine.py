"""What the engine adds to moto's Step Functions: real handlers, a shorter day, a count of transitions, open retries."""

import functools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final
from unittest.mock import patch
from weakref import WeakKeyDictionary

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.common.retry.jitter_strategy_decl import JitterStrategyDecl
from moto.stepfunctions.parser.asl.component.common.retry.max_delay_seconds_decl import MaxDelaySecondsDecl
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution

from shaken_stir.engine.concurrency import InvocationThrottled
from shaken_stir.engine.functions import Functions, UnknownFunction
from shaken_stir.engine.moto_patches.step_functions import wait_while_running
from shaken_stir.news import ExecutionEnded, ExecutionStarted, Tell
from shaken_stir.retries import Retry, reason

# Long enough for the handler that stores the token to come back.
SHORTEST_TOKEN_SECONDS: Final = 0.2


@contextmanager
def tasks_run(functions: Functions) -> Iterator[None]:
    """Make every Lambda task run the real handler, without a round through boto3."""

    def invoke(parameters: dict[str, Any], region: str, state_credentials: Any) -> dict[str, Any]:
        del region, state_credentials
        try:
            answer = functions.invoke(parameters["FunctionName"], parameters.get("Payload", b"{}").decode())
        except UnknownFunction as error:
            raise _refusal("ResourceNotFoundException", 404, error) from error
        except InvocationThrottled as error:
            raise _refusal("TooManyRequestsException", 429, error) from error
        failed = {"FunctionError": "Unhandled"} if answer.failed else {}
        return {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": json.loads(answer.payload), **failed}

    with patch.object(lambda_eval_utils, "_invoke_lambda_function", invoke):
        yield


def _refusal(code: str, status: int, error: Exception) -> ClientError:
    """What Lambda answers when it does not begin an invocation; moto makes `Lambda.<code>` of it."""
    metadata: Any = {"HTTPStatusCode": status, "RequestId": "local"}
    return ClientError({"Error": {"Code": code, "Message": str(error)}, "ResponseMetadata": metadata}, "Invoke")


class _Scaled:
    """How long a task waits for its token or a heartbeat, times the time scale of the engine that runs."""

    scale: ClassVar[float] = 1.0

    def __init__(self, declared: Any) -> None:
        self._declared = declared

    def is_default_value(self) -> bool:
        """Say whether the state sets no timeout."""
        return bool(self._declared.is_default_value())

    def eval(self, env: Any) -> None:
        """Put the seconds on the machine's stack, as moto's own declaration does."""
        self._declared.eval(env=env)
        seconds = env.stack.pop()
        env.stack.append(max(seconds * self.scale, min(seconds, SHORTEST_TOKEN_SECONDS)))


_parse_definition = AmazonStateLanguageParser.parse


@functools.lru_cache(maxsize=16)
def _parsed(definition: str) -> Any:
    """Parse a definition once per process, which moto does for every execution."""
    return _parse_definition(definition)


@contextmanager
def time_runs(scale: float) -> Iterator[None]:
    """Scale what a state machine waits for: Wait, Retry, and how long a task waits for its token.

    The timeouts of other tasks and of the whole execution stay: a handler works in real seconds, however short the day.
    """
    read_task, cap_delay = StateTask.from_state_props, MaxDelaySecondsDecl._eval_body  # noqa: SLF001

    def from_state_props(self: Any, state_props: Any) -> None:
        read_task(self, state_props)
        if getattr(self.resource, "condition", None) == ResourceCondition.WaitForTaskToken:
            self.timeout = _Scaled(self.timeout)
            if self.heartbeat is not None:
                self.heartbeat = _Scaled(self.heartbeat)

    def scale_delay(self: Any, env: Any) -> None:
        cap_delay(self, env)
        env.stack.append(env.stack.pop() * scale)

    def wait(self: Any, env: Any, wait_seconds: float) -> None:
        del self
        wait_while_running(env, wait_seconds * scale)

    with (
        patch.object(AmazonStateLanguageParser, "parse", staticmethod(_parsed)),
        patch.object(_Scaled, "scale", scale),
        patch.object(StateTask, "from_state_props", from_state_props),
        patch.object(MaxDelaySecondsDecl, "_eval_body", scale_delay),
        patch.object(WaitFunction, "_wait_interval", wait),
    ):
        yield


@contextmanager
def executions_told(tell: Tell) -> Iterator[None]:
    """Tell of every execution that starts and ends."""
    start, terminated = Execution.start, BaseExecutionWorkerCommunication.terminated

    def start_and_tell(self: Any) -> None:
        tell(ExecutionStarted(self.name))
        start(self)

    def end_and_tell(self: Any) -> None:
        terminated(self)
        ended = self.execution
        tell(ExecutionEnded(ended.name, ended.status, ended.error, ended.cause))

    with (
        patch.object(Execution, "start", start_and_tell),
        patch.object(BaseExecutionWorkerCommunication, "terminated", end_and_tell),
    ):
        yield


class Transitions:
    """Counts the states that executions enter, those within a Distributed Map's items included."""

    def __init__(self) -> None:
        self._counts: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def of(self, execution: Any) -> int:
        """Return the count of one of moto's executions."""
        env = execution.exec_worker.env
        return 0 if env is None else self._counts.get(env.callback_pool_manager, 0)

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count while it is open."""
        enter = CommonStateField._eval_body  # noqa: SLF001

        def eval_body(state: Any, env: Any) -> None:
            # Every frame of an execution shares this one object, and no two executions do.
            execution = env.callback_pool_manager
            with self._lock:
                self._counts[execution] = self._counts.get(execution, 0) + 1
            enter(state, env)

        with patch.object(CommonStateField, "_eval_body", eval_body):
            yield


class Retries:
    """Knows which states of an execution are tried again, those within a Distributed Map's items included."""

    def __init__(self) -> None:
        self._open: WeakKeyDictionary[Any, dict[int, Retry]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def of(self, execution: Any) -> list[Retry]:
        """Return what is tried again in one of moto's executions."""
        env = execution.exec_worker.env
        with self._lock:
            return [] if env is None else list(self._open.get(env.callback_pool_manager, {}).values())

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note retries while it is open.

        Open it before moto's bugs are fixed, so that a delay is known before it is waited for.
        """
        draw, evaluate = JitterStrategyDecl._eval_body, ExecutionState._eval_state  # noqa: SLF001

        def draw_and_note(self_: Any, env: Any) -> None:
            draw(self_, env)
            self._note(env, env.states.get_error_output(), env.stack[-1])

        def eval_state(state: Any, env: Any) -> None:
            try:
                evaluate(state, env)
            finally:
                self._forget(env)

        with (
            patch.object(JitterStrategyDecl, "_eval_body", draw_and_note),
            patch.object(ExecutionState, "_eval_state", eval_state),
        ):
            yield

    @contextmanager
    def waits_noted(self, scale: float) -> Iterator[None]:
        """Note the Wait states that an error has led to. Open it after time runs, which it wraps."""
        wait = WaitFunction._wait_interval  # noqa: SLF001

        def note_and_wait(self_: Any, env: Any, wait_seconds: float) -> None:
            data = env.states.get_input()
            outages = [it for it in data.values() if isinstance(it, dict) and it.keys() == {"Error", "Cause"}]
            if outages:
                self._note(env, outages[-1], wait_seconds * scale, waits=True)
            try:
                wait(self_, env, wait_seconds)
            finally:
                self._forget(env)

        with patch.object(WaitFunction, "_wait_interval", note_and_wait):
            yield

    def _note(self, env: Any, failure: dict[str, str], delay: float, *, waits: bool = False) -> None:
        context, now = env.states.context_object.context_object_data, datetime.now(UTC)
        item = (context.get("Map") or {}).get("Item", {}).get("Value")
        with self._lock:
            # Every frame of an execution shares this one object, and no two executions do.
            of_execution = self._open.setdefault(env.callback_pool_manager, {})
            before = of_execution.get(id(env))
            of_execution[id(env)] = Retry(
                state=context["State"]["Name"],
                reason=reason(failure["Error"], failure["Cause"]),
                since=before.since if before else now,
                next_at=now + timedelta(seconds=delay),
                attempt=before.attempt + 1 if before else 1,
                subaccount_sid=item.get("subaccount_sid") if isinstance(item, dict) else None,
                waits=waits,
            )

    def _forget(self, env: Any) -> None:
        with self._lock:
            self._open.get(env.callback_pool_manager, {}).pop(id(env), None)
