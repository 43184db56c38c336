"""Requests to Twilio and their answers, as they were on the wire."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from werkzeug.datastructures import Headers


@dataclass(frozen=True)
class Answer:
    status_code: int
    content_type: str
    data: bytes
    headers: Headers = field(default_factory=Headers)


@dataclass(frozen=True)
class Exchange:
    request: PreparedRequest
    answer: Answer

    @property
    def host(self) -> str:
        return urlsplit(self.request.url or "").netloc

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.request.url or "").query, keep_blank_values=True)

    @property
    def form(self) -> dict[str, list[str]]:
        body = self.request.body or ""
        return parse_qs(body if isinstance(body, str) else body.decode(), keep_blank_values=True)

    @property
    def succeeded(self) -> bool:
        return self.answer.status_code < 400


@contextmanager
def recording(simulator_url: str) -> Iterator[list[Exchange]]:
    """Take what is meant for Twilio's hosts to a simulator, and keep it.

    So the product runs as in earnest: with Twilio's own addresses.
    """
    exchanges: list[Exchange] = []
    send = HTTPAdapter.send

    def send_and_keep(adapter: HTTPAdapter, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        parts = urlsplit(request.url or "")
        if not (parts.hostname or "").endswith(".twilio.com"):
            return send(adapter, request, *args, **options)
        redirected = request.copy()
        redirected.url = f"{simulator_url}{parts.path}{f'?{parts.query}' if parts.query else ''}"
        response = send(adapter, redirected, *args, **options)
        content_type = response.headers.get("Content-Type", "")
        exchanges.append(Exchange(request.copy(), Answer(response.status_code, content_type, response.content)))
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HTTPAdapter, "send", send_and_keep)
        yield exchanges
