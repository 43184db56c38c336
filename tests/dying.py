"""Handlers whose process is killed between two of their effects: requests to Twilio that are no GET, writes to AWS."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient
from requests import PreparedRequest, Session

from simulator.sids import without_sids

READS = ("BatchGet", "Describe", "Get", "Head", "List", "Query", "Scan")
"""How the names of AWS operations begin that change nothing."""
ANSWER = "its answer"


class Killed(BaseException):
    """The handler's process is gone; no `except Exception` of the product sees it."""


class Process:
    """An invocation that is to be killed; whatever thread works for it, nothing gets out once it is dead.

    Args:
        turn: Before which effect it dies, from 1; before its answer if there are fewer.
        by_kind: Whether effects of a kind count once: requests of one route, writes of one operation and expression.

    Attributes:
        killed_before: The effect, or `ANSWER`; empty while it lives.
    """

    def __init__(self, turn: int, *, by_kind: bool = False) -> None:
        self._turn = turn
        self._by_kind = by_kind
        self._effects = list[str]()
        self._lock = threading.Lock()
        self.killed_before = ""

    def live_or_die(self, action: str, *, effect: str = "") -> None:
        """Go on, or raise `Killed`; `effect` is of what kind what it is about to do is, empty if it changes nothing."""
        with self._lock:
            counts = effect and not (self._by_kind and effect in self._effects)
            if counts:
                self._effects.append(effect)
            if not self.killed_before and (action == ANSWER or (counts and len(self._effects) == self._turn)):
                self.killed_before = action
            if self.killed_before:
                raise Killed(self.killed_before)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Do what is done within as this process, which dies at its turn.

        Raises:
            Killed: It is dead.
        """
        before = _process.set(self)
        try:
            yield
            self.live_or_die(ANSWER)
        finally:
            _process.reset(before)


_process: ContextVar[Process | None] = ContextVar("process", default=None)


@contextmanager
def mortal() -> Iterator[None]:
    """Let processes be killed while it is open; what no process does goes on as ever."""
    send, submit = Session.send, ThreadPoolExecutor.submit
    call: Callable[..., Any] = vars(BaseClient)["_make_api_call"]

    def call_or_die(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        if process := _process.get():
            kind = f"{operation} {parameters.get('UpdateExpression', '')}"
            process.live_or_die(operation, effect="" if operation.startswith(READS) else kind)
        return call(client, operation, parameters)

    def send_or_die(session: Session, request: PreparedRequest, **options: Any) -> Any:
        if process := _process.get():
            asked = f"{request.method} {request.path_url}"
            process.live_or_die(asked, effect="" if request.method == "GET" else without_sids(asked))
        return send(session, request, **options)

    def submit_within(pool: ThreadPoolExecutor, work: Callable[..., Any], *arguments: Any) -> Any:
        return submit(pool, copy_context().run, work, *arguments)

    with (
        patch.object(BaseClient, "_make_api_call", call_or_die),
        patch.object(Session, "send", send_or_die),
        patch.object(ThreadPoolExecutor, "submit", submit_within),
    ):
        yield
