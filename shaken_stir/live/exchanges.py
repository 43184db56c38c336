"""Every request of the product's to Twilio, retries included, with what came back."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from time import perf_counter
from typing import Any, Final
from unittest.mock import patch
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    IncompleteRead,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from onboarding.twilio.http import CarefulRetry

OUTAGES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (NameResolutionError, "host not found in DNS"),
    (ProxyError, "proxy failed"),
    (SSLError, "TLS failed"),
    (NewConnectionError, "no connection"),
    (ConnectTimeoutError, "no connection in time"),
    (ReadTimeoutError, "no answer in time"),
    (IncompleteRead, "answer cut off"),
    (ProtocolError, "connection reset"),
)
"""What kept an answer from coming, the most telling first."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request as it was sent, and what came back.

    Attributes:
        method: `GET`, `POST` or `DELETE`.
        url: Where to, with its query.
        form: What was sent in the body.
        seconds: How long the answer, or its absence, took.
        status: The answer's HTTP status, None if none came.
        headers: The answer's.
        content: The answer's body.
        outage: What kept the answer from coming, None if it came.
    """

    method: str
    url: str
    form: Mapping[str, str]
    seconds: float
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    outage: str | None = None

    @property
    def query(self) -> dict[str, str]:
        """What was asked for in the URL."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))


class _UnderWay(threading.local):
    """The request that a thread has under way, and when its last try began."""

    request: requests.PreparedRequest
    since: float


@contextmanager
def watched(tell: Callable[[Exchange], object]) -> Iterator[None]:
    """Watch the product's own client in the whole process, until the end of the block.

    The client is known by its retries, so a request to something else is not taken for one to Twilio. The session has
    the last try, with its answer read; those before it are seen by the retries that follow them.

    Args:
        tell: Told of each exchange, from many threads at once.
    """
    send, increment, sleep = requests.Session.send, CarefulRetry.increment, CarefulRetry.sleep
    under_way = _UnderWay()

    def exchange(**came: Any) -> Exchange:
        request = under_way.request
        body = request.body or b""
        form = dict(parse_qsl(body if isinstance(body, str) else body.decode(), keep_blank_values=True))
        seconds = perf_counter() - under_way.since
        return Exchange(str(request.method), str(request.url), form, seconds, **came)

    def send_and_tell(
        session: requests.Session, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        adapter = session.get_adapter(str(request.url))
        if not (isinstance(adapter, HTTPAdapter) and isinstance(adapter.max_retries, CarefulRetry)):
            return send(session, request, **options)
        under_way.request, under_way.since = request, perf_counter()
        try:
            answer = send(session, request, **options)
        except requests.RequestException as error:
            tell(exchange(outage=outage(error)))
            raise
        tell(exchange(status=answer.status_code, headers=answer.headers, content=answer.content))
        return answer

    def increment_and_tell(
        retry: CarefulRetry,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        *rest: Any,
        **named: Any,
    ) -> CarefulRetry:
        more = increment(retry, method, url, response, error, *rest, **named)
        # Another try comes, so nobody else reads this answer.
        if response is not None:
            tell(exchange(status=response.status, headers=response.headers, **_read(response)))
        elif error is not None:
            tell(exchange(outage=outage(error)))
        return more

    def sleep_and_begin(retry: CarefulRetry, response: BaseHTTPResponse | None = None) -> None:
        sleep(retry, response)
        under_way.since = perf_counter()

    with (
        patch.object(requests.Session, "send", send_and_tell),
        patch.object(CarefulRetry, "increment", increment_and_tell),
        patch.object(CarefulRetry, "sleep", sleep_and_begin),
    ):
        yield


def outage(error: BaseException) -> str:
    """Name what kept an answer from coming, in a few words; what has none is named by its class."""
    causes = list(_causes(error))
    named = (words for kind, words in OUTAGES if any(isinstance(cause, kind) for cause in causes))
    return next(named, type(causes[-1]).__name__)


def _causes(error: BaseException) -> Iterator[BaseException]:
    yield error
    inner = [getattr(error, "reason", None), *error.args]
    for cause in inner:
        if isinstance(cause, BaseException):
            yield from _causes(cause)


def _read(response: BaseHTTPResponse) -> dict[str, Any]:
    with suppress(HTTPError, OSError, HTTPException):
        return {"content": response.read(decode_content=True)}
    return {"outage": "answer cut off"}
