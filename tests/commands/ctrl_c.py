"""Ctrl-C within the test's process, and outputs that are read meanwhile."""

import io
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from unittest.mock import patch


class Heard(io.StringIO):
    """An output whose reader does something each time that certain words are said."""

    def __init__(self, heard: Mapping[str, Callable[[], object]]) -> None:
        super().__init__()
        self._heard = heard

    def write(self, text: str, /) -> int:
        written = super().write(text)
        for words, do in self._heard.items():
            if words in text:
                do()
        return written


def press() -> None:
    """Press Ctrl-C: the signal comes to the main thread, whichever thread this is."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


@contextmanager
def process_ends_after() -> Iterator[None]:
    """Undo what a stopped command leaves to the end of its process: it takes no other Ctrl-C, and sends no more."""
    before = signal.getsignal(signal.SIGINT)
    with patch.object(HTTPConnection, "putrequest", HTTPConnection.putrequest):
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


@contextmanager
def threads_awaited() -> Iterator[None]:
    """Wait, as a process would, for threads that a stopped command leaves: Ctrl-C may come while one is started."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if not thread.daemon:
            thread.join(60)
            assert not thread.is_alive(), f"the process would go on: {thread.name}"
