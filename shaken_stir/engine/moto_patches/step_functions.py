"""The bugs of moto's Step Functions."""

# ruff: noqa: SLF001 - what moto does wrong it does in private

import functools
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import Any, Final
from unittest.mock import patch

from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions.parser.api import ExecutionFailedEventDetails, HistoryEventType, TaskTimedOut
from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.component.common.retry.jitter_strategy_decl import JitterStrategyDecl
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_operator_type import (
    ComparisonOperatorType,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_variable import ComparisonVariable
from moto.stepfunctions.parser.asl.component.state.choice.comparison.variable import NoSuchVariable
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackPoolManager
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

_MapWorker: Final = distributed_item_processor_worker.DistributedItemProcessorWorker
_START_SECONDS: Final = 5.0
_EVENTS_OF_A_PAGE: Final = 100
# Of the process, not of one engine: a path means the same in all.
_parse_path: Final = functools.cache(json_path.parse)
_parse_result_path: Final = functools.cache(result_path.parse)


def wait_while_running(env: Any, seconds: float) -> None:
    """Wait, but no longer than the execution runs."""
    deadline = time.monotonic() + seconds
    while env.is_running() and (left := deadline - time.monotonic()) > 0:
        env.program_state_event.wait(left)


@contextmanager
def send_task_fails_while_an_execution_starts() -> Iterator[None]:
    """SendTask* looks into every execution for the token, and fails on one whose thread has not set itself up yet.

    Fixed by leaving those out: nobody can hold a token of an execution that has not started.
    """
    executions = StepFunctionsParserBackend._get_executions

    def get_executions(self: Any, status: Any = None) -> list[Any]:
        started = [it for it in executions(self) if it.exec_status and it.exec_worker and it.exec_worker.env]
        return [it for it in started if status in (None, it.status)]

    with patch.object(StepFunctionsParserBackend, "_get_executions", get_executions):
        yield


@contextmanager
def send_task_failure_drops_the_cause() -> Iterator[None]:
    """SendTaskFailure hands on the error but not its cause. Fixed by handing on both."""

    def send_task_failure(self: Any) -> Any:
        token, error, cause = (self._get_param(name) for name in ("taskToken", "error", "cause"))
        self.stepfunction_backend.send_task_failure(token, error=error, cause=cause)
        return EmptyResult()

    with patch.object(StepFunctionResponse, "send_task_failure", send_task_failure):
        yield


@contextmanager
def a_late_task_token_is_not_refused() -> Iterator[None]:
    """SendTask* with the token of a task that is over succeeds, or says InvalidToken if its execution is over too.

    AWS says TaskTimedOut to both. Fixed by looking whether the task still listens, and into ended executions too.
    """
    executions, notify = StepFunctionsParserBackend._get_executions, CallbackPoolManager.notify

    def get_executions(self: Any, status: Any = None) -> Any:
        del status
        return executions(self)

    def notify_listening(self: Any, callback_id: str, outcome: Any) -> Any:
        endpoint = self.get(callback_id)
        if endpoint is not None and endpoint._notify_event.is_set():
            raise TaskTimedOut("Task Timed Out: 'Provided task does not exist anymore'", "TaskTimedOut", 400)
        return notify(self, callback_id=callback_id, outcome=outcome)

    with (
        patch.object(StepFunctionsParserBackend, "_get_executions", get_executions),
        patch.object(CallbackPoolManager, "notify", notify_listening),
    ):
        yield


@contextmanager
def a_retried_wait_keeps_its_dead_token() -> Iterator[None]:
    """A `.waitForTaskToken` task that is tried again gets its old token and ends at once as it did before.

    Fixed by a new token for every try, as on AWS.
    """
    attempt = ExecutionState._evaluate_with_timeout

    def evaluate_with_timeout(self: Any, env: Any) -> None:
        context = env.states.context_object
        if "Task" in context.context_object_data and context.context_object_data["State"]["RetryCount"]:
            env.callback_pool_manager.add(context.update_task_token())
        attempt(self, env)

    with patch.object(ExecutionState, "_evaluate_with_timeout", evaluate_with_timeout):
        yield


@contextmanager
def a_nameless_execution_is_called_none() -> Iterator[None]:
    """StartExecution without a name calls the execution "None". Fixed by a UUID, as on AWS."""
    start = StepFunctionsParserBackend.start_execution

    def start_execution(self: Any, arn: str, name: str | None = None, *args: Any, **kwargs: Any) -> Any:
        return start(self, arn, name or str(uuid.uuid4()), *args, **kwargs)

    with patch.object(StepFunctionsParserBackend, "start_execution", start_execution):
        yield


@contextmanager
def stop_execution_wakes_nobody() -> Iterator[None]:
    """StopExecution leaves a task waiting for its token and a retry for its turn, and a FAILED execution behind.

    Fixed by waking both, and by keeping the error that this gives from replacing the ABORTED.
    """
    stop, set_error, jitter = ExecutionWorker.stop, Environment.set_error, JitterStrategyDecl._eval_body

    def stop_and_wake(self: Any, *args: Any, **kwargs: Any) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while (self.env is None or self.env.program_state() is None) and time.monotonic() < deadline:
            time.sleep(0.001)
        stop(self, *args, **kwargs)
        for endpoint in list(self.env.callback_pool_manager._pool.values()):
            endpoint.interrupt_all()

    def set_error_unless_stopped(self: Any, error: Any) -> None:
        if not isinstance(self.program_state(), ProgramStopped):
            set_error(self, error=error)

    def wait_for_retry(self: Any, env: Any) -> None:
        jitter(self, env)
        wait_while_running(env, env.stack.pop())
        env.stack.append(0)  # what moto still sleeps itself

    with (
        patch.object(ExecutionWorker, "stop", stop_and_wake),
        patch.object(Environment, "set_error", set_error_unless_stopped),
        patch.object(JitterStrategyDecl, "_eval_body", wait_for_retry),
    ):
        yield


@contextmanager
def a_map_worker_recurses_with_every_item() -> Iterator[None]:
    """A Distributed Map's worker calls itself for its next item, and dies silently after some 950. Fixed by a loop."""

    def eval_pool(self: Any, job: Any, worker_frame: Any) -> None:
        while job is not None:
            job_frame = worker_frame.open_inner_frame()
            self._eval_job(env=job_frame, job=job)
            worker_frame.delete_frame(job_frame)
            ends = isinstance(job.job_output, Exception) or self.stopped()
            next_job = None if ends else self._job_pool.next_job()
            self._job_pool.close_job(job)
            job = next_job
        self._env.delete_frame(worker_frame)

    with patch.object(_MapWorker, "_eval_pool", eval_pool):
        yield


@contextmanager
def a_map_item_sees_its_parents_execution() -> Iterator[None]:
    """`$$.Execution` within a Distributed Map's item is the parent's; on AWS an item is an execution of its own.

    Fixed by giving each item its own name, id and input once its ItemSelector has been read.
    """
    select = _MapWorker._eval_input

    def eval_input(self: Any, env_frame: Any) -> None:
        select(self, env_frame)
        context = env_frame.states.context_object.context_object_data
        machine, name = context["Execution"]["Id"].rpartition(":")[0], str(uuid.uuid4())
        own = {"Id": f"{machine}/{self._work_name}:{name}", "Name": name, "Input": env_frame.states.get_input()}
        context["Execution"] = {**context["Execution"], **own}

    with patch.object(_MapWorker, "_eval_input", eval_input):
        yield


@contextmanager
def a_choice_overlooks_a_missing_variable() -> Iterator[None]:
    """A Choice rule about a path that is not there is decided somehow; on AWS it fails the execution.

    Fixed by failing with States.Runtime, except for IsPresent, which asks just that.
    """

    def eval_body(self: Any, env: Any) -> None:
        self.variable.eval(env)
        operator, found = self.comparison_function.operator_type, env.stack[-1]
        if isinstance(found, NoSuchVariable) and operator != ComparisonOperatorType.IsPresent:
            kind = StatesErrorNameType.StatesRuntime
            path = self.variable.string_sampler.literal_value
            details = ExecutionFailedEventDetails(error=kind.to_name(), cause=f"Invalid path '{path}'")
            event = EventDetails(executionFailedEventDetails=details)
            failure = FailureEvent(env, StatesErrorName(typ=kind), HistoryEventType.ExecutionFailed, event)
            raise FailureEventException(failure_event=failure)
        self.comparison_function.eval(env)

    with patch.object(ComparisonVariable, "_eval_body", eval_body):
        yield


@contextmanager
def the_start_time_is_not_text() -> Iterator[None]:
    """`$$.Execution.StartTime` is a Python datetime, which intrinsic functions choke on. Fixed by AWS's text."""
    make = ExecutionWorker._get_evaluation_environment

    def make_environment(self: Any) -> Any:
        env = make(self)
        execution = env.states.context_object.context_object_data["Execution"]
        text = execution["StartTime"].astimezone(UTC).isoformat(timespec="milliseconds")
        execution["StartTime"] = text.replace("+00:00", "Z")
        return env

    with patch.object(ExecutionWorker, "_get_evaluation_environment", make_environment):
        yield


@contextmanager
def a_history_has_one_order_and_one_page() -> Iterator[None]:
    """GetExecutionHistory gives all events, oldest first, whatever is asked for.

    Fixed by reverseOrder, and by pages of a hundred events or of maxResults, as on AWS.
    """
    read = StepFunctionsParserBackend.get_execution_history

    def get_execution_history(self: Any) -> Any:
        arn, backwards = self._get_param("executionArn"), self._get_param("reverseOrder")
        begin, size = int(self._get_param("nextToken") or 0), self._get_param("maxResults") or _EVENTS_OF_A_PAGE
        events = read(self.stepfunction_backend, arn)["events"][:: -1 if backwards else 1]
        more = {"nextToken": str(begin + size)} if begin + size < len(events) else {}
        return ActionResult({"events": events[begin : begin + size], **more})

    with patch.object(StepFunctionResponse, "get_execution_history", get_execution_history):
        yield


@contextmanager
def json_paths_are_parsed_at_every_use() -> Iterator[None]:
    """A JSONPath is parsed anew whenever a state uses it, which is most of a task's time. Fixed by remembering."""
    with patch.object(json_path, "parse", _parse_path), patch.object(result_path, "parse", _parse_result_path):
        yield


@contextmanager
def a_definition_is_parsed_for_ambiguities() -> Iterator[None]:
    """The parser of definitions looks for ambiguities, of which JSON has none, at a third of the cost.

    Fixed by taking the first way that fits, which moto's parser library calls SLL.
    """
    make_parser = ASLParser.__init__

    def make_quick_parser(self: Any, *args: Any, **kwargs: Any) -> None:
        make_parser(self, *args, **kwargs)
        modes = type(self._interp.predictionMode)
        self._interp.predictionMode = modes.SLL

    with patch.object(ASLParser, "__init__", make_quick_parser):
        yield


PATCHES: Final = (
    send_task_fails_while_an_execution_starts,
    send_task_failure_drops_the_cause,
    a_late_task_token_is_not_refused,
    a_retried_wait_keeps_its_dead_token,
    a_nameless_execution_is_called_none,
    stop_execution_wakes_nobody,
    a_map_worker_recurses_with_every_item,
    a_map_item_sees_its_parents_execution,
    a_choice_overlooks_a_missing_variable,
    the_start_time_is_not_text,
    a_history_has_one_order_and_one_page,
    json_paths_are_parsed_at_every_use,
    a_definition_is_parsed_for_ambiguities,
)
