"""Executions that are stopped on entering a state, and handlers that are killed between two of their effects."""

import json
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest.mock import patch

from moto.stepfunctions.parser.asl.component.state.state import CommonStateField

from shaken_stir.engine.functions import Answer, Functions
from shaken_stir.simulated.place import SimulatedPlace
from tests.dying import Killed, Process, mortal


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


class Kills:
    """Kills the first invocation of each function before its first effect, or before its answer if it has none.

    An effect is a request to Twilio that is no GET, or a write to AWS.

    Args:
        functions: Whose, by their handlers' modules.

    Attributes:
        before: What each function was killed before: an effect, or `ANSWER`.
    """

    def __init__(self, functions: Collection[str]) -> None:
        self._pending = set(functions)
        self._lock = threading.Lock()
        self.before: dict[str, str] = {}

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Kill while it is open."""
        invoke = Functions.invoke

        def invoke_or_die(functions: Functions, name: str, payload: str) -> Answer:
            module = functions._by_name[name].module
            with self._lock:
                lives = module not in self._pending
                self._pending.discard(module)
            if lives:
                return invoke(functions, name, payload)
            process = Process(1)
            with suppress(Killed), process.running():
                invoke(functions, name, payload)
            self.before[module] = process.killed_before
            error = {"errorType": "Lambda.Unknown", "errorMessage": "The process was killed."}
            return Answer(json.dumps(error), failed=True)

        with mortal(), patch.object(Functions, "invoke", invoke_or_die):
            yield


def stop_all(local: SimulatedPlace) -> None:
    """Stop every execution that runs."""
    running = local.engine.client("stepfunctions").list_executions(
        stateMachineArn=local.engine.state_machine_arn, statusFilter="RUNNING"
    )
    for execution in running["executions"]:
        local.engine.stop_execution(execution["executionArn"])
