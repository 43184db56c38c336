"""Connections that are refused: requests to Twilio that go to a port on which nothing listens."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl, urlsplit

from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection

from simulator.faults import Fault, Faults, PlannedFault
from simulator.messages import Request


@contextmanager
def refusing(fault: Fault) -> Iterator[PlannedFault]:
    """Have connections for these requests refused; what is given tells how often that has happened."""
    faults = Faults()
    planned = faults.plan(fault)
    make_request: Any = vars(HTTPConnectionPool)["_make_request"]

    def connect_elsewhere(
        pool: HTTPConnectionPool, connection: HTTPConnection, method: str, url: str, **options: Any
    ) -> Any:
        if faults.due(_request(method, url, options.get("body"))):
            connection.close()
            connection.port = deaf.getsockname()[1]
        return make_request(pool, connection, method, url, **options)

    with socket.socket() as deaf, patch.object(HTTPConnectionPool, "_make_request", connect_elsewhere):
        deaf.bind(("127.0.0.1", 0))  # bound, so that nobody else listens there, and not listening
        yield planned


def _request(method: str, url: str, body: bytes | str | None) -> Request:
    parts, text = urlsplit(url), body.decode() if isinstance(body, bytes) else body or ""
    return Request(method, parts.path, dict(parse_qsl(parts.query)), dict(parse_qsl(text)))
