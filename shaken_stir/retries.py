"""What failed and is tried again: while a run seems to do nothing, this is why.

States are retried by the state machine, in minutes; requests by the HTTP client, in seconds, within a state. The engine
knows of the first, and Python's logging of the second.
"""

import json
import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from pydantic import BaseModel

from shaken_stir.words import clock, plural

HTTP_CLIENT: Final = "onboarding.twilio.http"
"""The logger that is told of requests without an answer."""
SID: Final = re.compile(r"\b([A-Z]{2})[0-9a-f]{32}\b")
PATIENCE: Final = "shaken_stir.live.survey"
"""The logger that is told of the pauses of a look at an account."""


class Retry(BaseModel):
    """A state, or a request to Twilio, that is tried again.

    Attributes:
        state: The state, None for a request.
        reason: What happened, in half a sentence.
        since: When it failed first.
        next_at: When it is tried again, None for at once; it may be past: then it is being tried.
        attempt: How often it has failed.
        subaccount_sid: Whose, for a state that is entered for each subaccount (`AC…`).
        waits: Whether the state itself fails nothing and only waits until an outage may be over.
    """

    state: str | None
    reason: str
    since: datetime
    next_at: datetime | None = None
    attempt: int = 1
    subaccount_sid: str | None = None
    waits: bool = False


def what_happened(sentence: str) -> str:
    """Take from one of our sentences what happened, without what to do, which is for the end of a run."""
    return sentence.partition("; ")[0].partition(" (docs/")[0].removesuffix(".")


def reason(error: str, cause: str) -> str:
    """Say what happened, by a function's report or an error of Step Functions itself.

    Args:
        error: Its name.
        cause: What Step Functions has of it: of a function the JSON that Lambda reports.
    """
    try:
        sentence = str(json.loads(cause)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        # An error of AWS goes on with the service's name, a status and a request ID.
        sentence = cause.partition(" (Service: ")[0]
    return what_happened(sentence) or error


def together(retries: Iterable[Retry]) -> list[list[Retry]]:
    """Put together what is told in one sentence: a state's retries for all subaccounts, and all requests.

    While a state is tried again, what becomes of each of its requests is left out.
    """
    groups: dict[str, list[Retry]] = {}
    for retry in retries:
        groups.setdefault(retry.state or "", []).append(retry)
    if len(groups) > 1:
        groups.pop("", None)
    return list(groups.values())


def told(group: list[Retry], now: datetime) -> str:
    """Say what is tried again, why, since when, and when next."""
    first = min(group, key=lambda retry: retry.since)
    why = SID.sub(r"\1…", first.reason)
    since = f"since {clock(first.since)}"
    to_come = [retry.next_at for retry in group if retry.next_at and retry.next_at > now]
    when = f"next at {clock(min(to_come))}" if to_come else "being tried now"
    if not first.state:
        others = f" and {plural(len(group) - 1, 'other request')}" if len(group) > 1 else ""
        return f"{why}{others}; sent again {since}"
    if first.waits:
        return f"{first.state}: {why}; {since}, {when}"
    whose = first.subaccount_sid if len(group) == 1 else plural(len(group), "subaccount")
    return f"{first.state} is tried again{f' for {whose}' if first.subaccount_sid else ''}: {why}; {since}, {when}"


class Unanswered(logging.Handler):
    """Hears of the requests that are sent again because there was no answer, until they are over.

    Args:
        tell: Called with each failure.
    """

    def __init__(self, tell: Callable[[Retry], object] = lambda _: None) -> None:
        super().__init__(logging.DEBUG)
        self._tell = tell
        self._lock = threading.Lock()
        self._by_thread: dict[int | None, Retry] = {}
        self._over: dict[int | None, Retry | None] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Take one of the records in; each thread sends one request at a time."""
        with self._lock:
            before = self._by_thread.pop(record.thread, None)
            if record.levelno < logging.INFO:
                self._over[record.thread] = before
                return
            over = self._over.pop(record.thread, None)
            # After a pause the same is asked again, by another request.
            before = over if record.name == PATIENCE else before
            failed = Retry(
                state=None,
                reason=record.getMessage(),
                since=before.since if before else datetime.fromtimestamp(record.created, UTC),
                attempt=before.attempt + 1 if before else 1,
            )
            self._by_thread[record.thread] = failed
        self._tell(failed)

    def under_way(self) -> list[Retry]:
        """Give the requests that have no answer yet."""
        with self._lock:
            return list(self._by_thread.values())

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen while it is open."""
        loggers = [logging.getLogger(name) for name in (HTTP_CLIENT, PATIENCE)]
        before = [(logger.level, logger.propagate) for logger in loggers]
        for logger in loggers:
            logger.addHandler(self)
            logger.setLevel(logging.DEBUG)
            logger.propagate = False
        try:
            yield
        finally:
            for logger, (level, propagate) in zip(loggers, before, strict=True):
                logger.removeHandler(self)
                logger.setLevel(level)
                logger.propagate = propagate
