"""A guard below every HTTP client: while it is up, nothing but GETs leaves this process."""

from asyncio import BaseEventLoop
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any
from unittest.mock import patch


class WriteRefused(Exception):  # noqa: N818 - says what happened
    """Something other than a GET was about to be sent; it was not."""


@contextmanager
def read_only() -> Iterator[None]:
    """Refuse every request but GETs, in the whole process, until the end of the block.

    The guard sits where a request line is written, in the standard library's HTTP connection: urllib, urllib3, and so
    requests, boto3 and the twilio library send by it and by nothing else. Asynchronous clients (aiohttp, which the
    twilio library uses when told to) have no such place, so they get no connection at all. Only who writes HTTP to a
    socket by hand is not stopped.

    Raises:
        WriteRefused: In the place of the request, on the thread that was about to send it.
    """
    send = HTTPConnection.putrequest

    def send_if_get(connection: HTTPConnection, method: str, url: str, *args: Any, **options: Any) -> None:
        if method != "GET":
            raise WriteRefused(
                f"{method} {url.partition('?')[0]} to {connection.host} was not sent: nothing may be changed now."
            )
        send(connection, method, url, *args, **options)

    async def no_connection(*_: Any, **__: Any) -> None:
        raise WriteRefused("An asynchronous client was not connected: nothing may be changed now.")

    with (
        patch.object(HTTPConnection, "putrequest", send_if_get),
        patch.object(BaseEventLoop, "create_connection", no_connection),
    ):
        yield
