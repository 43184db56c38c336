"""Whole runs that take turns: one does a step, then another; which one does is the test's to say."""

import threading
from collections.abc import Callable
from typing import Any

from tests.steps.patience import Patient, patient
from tests.steps.steps import Steps
from tests.steps.whole_run import Run, run


class StoppedError(BaseException):
    """The execution was stopped between two steps; no `except Exception` sees it."""


class Execution:
    """A run that goes on step by step, each when it is told to, and ends by itself or is stopped.

    Args:
        steps: The handlers.
        request: What is sent.
        name: The execution's.

    Attributes:
        done: What came of it, None as long as it goes on.
    """

    def __init__(self, steps: Steps, request: dict[str, Any], name: str) -> None:
        self.done: Run | None = None
        self._go, self._waits = threading.Semaphore(0), threading.Semaphore(0)
        self._stopped = False
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(in_turn(steps, self._wait), request, name), daemon=True)
        self._thread.start()
        self._waits.acquire()

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return not self._thread.is_alive() or self.done is not None or self._failure is not None

    def advance(self) -> None:
        """Let it do its next step, if it has not ended; one that has to wait for another execution counts, too."""
        if not self.is_over:
            self._go.release()
            self._waits.acquire()
        if self._failure:
            raise self._failure

    def stop(self) -> None:
        """End it where it is; leases stay as they are."""
        self._stopped = True
        self._go.release()
        self._thread.join()

    def _wait(self) -> None:
        self._waits.release()
        self._go.acquire()
        if self._stopped:
            raise StoppedError

    def _run(self, steps: Patient, request: dict[str, Any], name: str) -> None:
        try:
            self.done = run(steps, request, name)
        except StoppedError:
            pass
        except BaseException as failure:  # noqa: BLE001 - the test's thread raises it
            self._failure = failure
        self._waits.release()


def in_turn(steps: Steps, wait: Callable[[], None]) -> Patient:
    """Give the same steps, each of whose tries waits for its turn."""

    class InTurn(Patient):
        def attempt(self, function: str, execution: str, event: dict[str, Any]) -> Any:
            wait()
            return super().attempt(function, execution, event)

    return patient(steps, InTurn)
