"""Steps that are tried again as the state machine's definition says, but without its pauses."""

import dataclasses
import json
import time
from collections import Counter
from functools import cache
from typing import Any, NamedTuple

from shaken_stir.engine.functions import FunctionFailed
from tests.steps.steps import BUSY, Steps
from tools.definition import DEFINITION

BUSY_SECONDS = 0.1
"""How long to wait for another execution's lease, in place of the machine's seconds."""


class Retrier(NamedTuple):
    """Errors that are tried again, and how often."""

    errors: frozenset[str]
    attempts: int


class Patient(Steps):
    """Steps of which each is tried again as often as its state would be."""

    def invoke(self, function: str, /, *, execution: str = "first", **event: Any) -> Any:
        used: Counter[Retrier] = Counter()
        while True:
            try:
                return self.attempt(function, execution, event)
            except FunctionFailed as failed:
                error = failed.error["errorType"]
                retrier = next((it for it in retriers(function) if error in it.errors), None)
                if retrier is None or used[retrier] == retrier.attempts:
                    raise
                used[retrier] += 1
            if error in BUSY:
                time.sleep(BUSY_SECONDS)

    def attempt(self, function: str, execution: str, event: dict[str, Any]) -> Any:
        """Try a step once."""
        return super().invoke(function, execution=execution, **event)


def patient(steps: Steps, kind: type[Patient] = Patient) -> Patient:
    """Give the same steps, with the machine's patience."""
    return kind(**{it.name: getattr(steps, it.name) for it in dataclasses.fields(steps)})


@cache
def retriers(function: str) -> tuple[Retrier, ...]:
    """What the state of a function tries again, in the definition's order."""
    states: dict[str, Any] = json.loads(DEFINITION.read_text(encoding="utf-8"))["States"]
    state = (states | states["Onboard Subaccounts"]["ItemProcessor"]["States"])[function.replace("_", " ").title()]
    return tuple(Retrier(frozenset(it["ErrorEquals"]), it["MaxAttempts"]) for it in state["Retry"])
