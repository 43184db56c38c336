"""Every request that leaves the process while a run is on: counted, and from some moment on none any more."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from typing import Any, Final
from unittest.mock import patch

from onboarding.errors import TwilioThrottled

SID: Final = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")


class Calls:
    """The requests to Twilio, retries included.

    Attributes:
        count: How many were sent, by method and route, such as `POST /v1/TrustProducts/{Sid}`.
    """

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()
        self._ended = False

    def end(self) -> None:
        """Let no further request out: to the functions Twilio is throttling, so they record what was done and stop."""
        self._ended = True

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch every HTTP connection of the process, as `read_only` does, until the end of the block.

        Once `end` was called the watch is never given up: a handler that still runs must not send anything later on.
        """
        send = HTTPConnection.putrequest

        def send_and_count(connection: HTTPConnection, method: str, url: str, *args: Any, **options: Any) -> None:
            if self._ended:
                raise TwilioThrottled("The run was stopped; nothing more is sent to Twilio.")
            self.count[f"{method} {SID.sub('{Sid}', url.partition('?')[0])}"] += 1
            send(connection, method, url, *args, **options)

        with ExitStack() as stack:
            stack.enter_context(patch.object(HTTPConnection, "putrequest", send_and_count))
            try:
                yield
            finally:
                if self._ended:
                    stack.pop_all()
