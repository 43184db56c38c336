"""Executions that are stopped on entering a state, and handlers that are killed between two of their effects."""

import json
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from requests import PreparedRequest, Session

from shaken_stir.engine.functions import Answer, Functions
from shaken_stir.simulated.place import SimulatedPlace

READS = ("BatchGet", "Describe", "Get", "Head", "List", "Query", "Scan")
"""How the names of AWS operations begin that change nothing."""
ANSWER = "its answer"


@contextmanager
def stopped_on_entering(local: SimulatedPlace, state: str) -> Iterator[threading.Event]:
    """Stop what runs as it enters a state for the first time, in whichever item of the Map."""
    stopped, lock = threading.Event(), threading.Lock()
    enter = CommonStateField._eval_body

    def enter_or_stop(entered: Any, env: Any) -> None:
        with lock:
            if entered.name == state and not stopped.is_set():
                stop_all(local)
                stopped.set()
        if not env.is_running():
            return
        enter(entered, env)

    with patch.object(CommonStateField, "_eval_body", enter_or_stop):
        yield stopped


class Killed(BaseException):
    """The handler's process is gone; no `except Exception` of the product sees it."""


class _Process:
    """An invocation that is to be killed; whatever thread works for it, nothing gets out once it is dead."""

    def __init__(self, turn: int) -> None:
        self._turn = turn
        self._effects = 0
        self._lock = threading.Lock()
        self.killed_before = ""

    def live_or_die(self, action: str, *, effect: bool) -> None:
        with self._lock:
            self._effects += effect
            if not self.killed_before and (action == ANSWER or (effect and self._effects == self._turn)):
                self.killed_before = action
            if self.killed_before:
                raise Killed(self.killed_before)


class Kills:
    """Kills the first invocation of each function: before one of its effects, or before its answer.

    An effect is a request to Twilio that is no GET, or a write to AWS.

    Args:
        functions: Whose, by their handlers' modules.
        turn: Before which effect, from 1; before its answer if there are fewer.
        stop: Whether what is running is stopped with it; else Step Functions tries again.

    Attributes:
        before: What each function was killed before: an effect, or `ANSWER`.
    """

    def __init__(self, local: SimulatedPlace, functions: Collection[str], turn: int, *, stop: bool) -> None:
        self._local = local
        self._pending = set(functions)
        self._turn = turn
        self._stop = stop
        self._lock = threading.Lock()
        self._process: ContextVar[_Process | None] = ContextVar("process", default=None)
        self.before: dict[str, str] = {}

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Kill while it is open."""
        invoke, send, submit = Functions.invoke, Session.send, ThreadPoolExecutor.submit
        call: Callable[..., Any] = vars(BaseClient)["_make_api_call"]

        def invoke_or_die(functions: Functions, name: str, payload: str) -> Answer:
            module = functions._by_name[name].module
            with self._lock:
                lives = module not in self._pending
                self._pending.discard(module)
            if lives:
                return invoke(functions, name, payload)
            process = _Process(self._turn)
            before = self._process.set(process)
            try:
                invoke(functions, name, payload)
                process.live_or_die(ANSWER, effect=False)
            except Killed:
                self.before[module] = process.killed_before
            finally:
                self._process.reset(before)
            if self._stop:
                stop_all(self._local)
            error = {"errorType": "Lambda.Unknown", "errorMessage": "The process was killed."}
            return Answer(json.dumps(error), failed=True)

        def call_or_die(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
            if process := self._process.get():
                process.live_or_die(operation, effect=not operation.startswith(READS))
            return call(client, operation, parameters)

        def send_or_die(session: Session, request: PreparedRequest, **options: Any) -> Any:
            if process := self._process.get():
                process.live_or_die(f"{request.method} {request.path_url}", effect=request.method != "GET")
            return send(session, request, **options)

        def submit_within(pool: ThreadPoolExecutor, work: Callable[..., Any], *arguments: Any) -> Any:
            return submit(pool, copy_context().run, work, *arguments)

        with (
            patch.object(Functions, "invoke", invoke_or_die),
            patch.object(BaseClient, "_make_api_call", call_or_die),
            patch.object(Session, "send", send_or_die),
            patch.object(ThreadPoolExecutor, "submit", submit_within),
        ):
            yield


def stop_all(local: SimulatedPlace) -> None:
    """Stop every execution that runs."""
    running = local.engine.client("stepfunctions").list_executions(
        stateMachineArn=local.engine.state_machine_arn, statusFilter="RUNNING"
    )
    for execution in running["executions"]:
        local.engine.stop_execution(execution["executionArn"])
