"""How requests reach Twilio: kept-alive connections, timeouts, careful retries, and errors by our names.

An answer counts as Twilio's only if it is HTTP 200, 201 or 202 with a JSON object, HTTP 204, or an error. A proxy, a
captive portal or a truncated body is an outage: no sentence and no log line contains an answer's body, since a list of
accounts contains their Auth Tokens.

What is sent again without an answer is told to Python's logging as INFO, and that a request is over as DEBUG. Lambda
keeps neither; whoever watches a run on a laptop is told why nothing happens.
"""

import json
import logging
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self, cast, override
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from twilio.http import HttpClient
from twilio.http.response import Response
from urllib3 import BaseHTTPResponse
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import InvalidHeader, NameResolutionError
from urllib3.util import Retry

from onboarding.errors import CredentialsRefused, InvalidRequest, TwilioRefused, TwilioThrottled, TwilioUnavailable
from onboarding.settings import CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS
from onboarding.twilio.answers import error_code, text

TWILIO = ("https://api.twilio.com", "https://trusthub.twilio.com")
"""The only hosts that get the Auth Token, but for a configured base address."""
MOST_RETRY_AFTER_SECONDS = 2
"""A longer pause is the state machine's to make, which pays nothing for it."""
TOO_MANY_REQUESTS = 429
WITH_A_BODY = {requests.codes.ok, requests.codes.created, requests.codes.accepted}
NOT_FOUND = 20404
"""Twilio's code for a resource that does not exist; a HTTP 404 without it is another server's."""
REQUEST_ID = "Twilio-Request-Id"
"""The answer's header that Twilio's support asks for."""

_logger = logging.getLogger(__name__)


class CarefulRetry(Retry):
    """Repeats what cannot have had an effect: what never connected, what was throttled, and any failed GET."""

    @override
    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Say whether an answer is worth another try; a POST that failed may have had its effect."""
        server_error = status_code >= requests.codes.server_error
        return status_code == TOO_MANY_REQUESTS or (method == "GET" and server_error)

    @override
    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Read the answer's Retry-After header, in seconds."""
        try:
            seconds = super().get_retry_after(response)
        except InvalidHeader:  # of a proxy: neither seconds nor a date
            return None
        return None if seconds is None else min(seconds, MOST_RETRY_AFTER_SECONDS)

    @override
    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        """Count a try; if there was no answer and another try comes, say so."""
        more = super().increment(method, url, response, error, _pool, _stacktrace)
        if error and _pool:
            request = f"{method} {urlsplit(url or '').path}"
            _logger.info("%s", _without_answer(request, _pool.host, error))
        return more


class Answer(Response):  # type: ignore[misc] # the library is not typed
    """An answer that Twilio's API gave.

    Attributes:
        request: The method and path that it answers.
        body: The JSON object, empty for HTTP 204.
    """

    def __init__(self, request: str, answer: requests.Response, body: dict[str, Any]) -> None:
        super().__init__(answer.status_code, "", answer.headers)  # a printed answer must not show tokens
        self.request = request
        self.body = body

    def unreadable(self, what: str) -> TwilioUnavailable:
        """Return the error for a part of the answer that cannot be read; `what` names it and what is wrong."""
        request_id = request_id_of(self.headers)
        told = f" ({REQUEST_ID} {request_id})" if request_id else ""
        return TwilioUnavailable(
            f"Twilio's answer to {self.request} cannot be read: {what}{told}; send the request again later, and if it "
            "happens again, report the sentence to this project.",
            unreadable=True,
        )


class TwilioHttpClient(HttpClient):  # type: ignore[misc] # the library is not typed
    """One kept-alive session for all threads of a process.

    Args:
        connections: How many connections to hold open: as many as threads use it.
        base_url: Where both of Twilio's hosts are served instead (a simulator), None for Twilio itself.
        timeouts: The seconds to wait for a connection, and for each piece of an answer.

    Attributes:
        origin: The scheme and host of `base_url`.
        answered_at: The `Date` of the last answer that had one, None before there is one.
    """

    def __init__(
        self,
        connections: int,
        base_url: str | None,
        timeouts: tuple[float, float] = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
    ) -> None:
        self.answered_at: datetime | None = None
        self._timeouts = timeouts
        self._base_url = base_url.rstrip("/") if base_url else None
        retry = CarefulRetry(
            total=3,
            read=1,
            other=0,  # a broken TLS connection says nothing of what became of a POST
            allowed_methods=["GET"],
            backoff_factor=0.2,
            backoff_jitter=0.2,
            raise_on_status=False,
        )
        parts = urlsplit(self._base_url or "")
        self.origin = f"{parts.scheme}://{parts.netloc}"
        adapter = HTTPAdapter(pool_connections=2, pool_maxsize=connections, max_retries=retry)
        self._session = requests.Session()
        # A plain http address is this machine's, or its containers' host: the token goes there and to no proxy.
        self._session.trust_env = not (self._base_url or "").startswith("http://")
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    @override
    def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Answer:
        """Send one request; see twilio.http.HttpClient. No redirect is followed.

        Raises:
            InvalidRequest: The address is not Twilio's: nothing was sent.
            CredentialsRefused: HTTP 401.
            TwilioThrottled: HTTP 429, also after retries.
            TwilioRefused: Any other HTTP 4xx; HTTP 404 only with Twilio's code 20404.
            TwilioUnavailable: HTTP 5xx, no connection, no answer in time, or an answer that is not Twilio's.
        """
        parts = urlsplit(url)
        request = f"{method} {parts.path}"
        origin = f"{parts.scheme}://{parts.netloc}"
        allowed = {*TWILIO, self.origin} if self._base_url else {*TWILIO}
        if origin not in allowed:
            raise InvalidRequest(
                f"{request} was not sent to {parts.hostname or 'no host'}: the Auth Token goes to "
                f"{', '.join(sorted(allowed))} only; report the sentence to this project."
            )
        if self._base_url and origin in TWILIO:
            url = url.replace(origin, self._base_url, 1)
        try:
            answer = self._session.request(
                method,
                url,
                params=cast("dict[str, str]", params),
                data=data,
                headers=headers,
                auth=auth,
                timeout=self._timeouts,
                allow_redirects=False,
            )
        except (requests.RequestException, ValueError) as error:  # a redirect to a malformed address is a ValueError
            raise _unavailable(request, url, error) from error
        finally:
            _logger.debug("%s is over", request)
        self.answered_at = _date(answer) or self.answered_at
        body = _json(answer)
        if answer.status_code == requests.codes.no_content:
            return Answer(request, answer, {})
        if answer.status_code in WITH_A_BODY and isinstance(body, dict):
            return Answer(request, answer, body)
        raise _error_of(request, answer, body)


def if_found[Resource](fetch: Callable[[], Resource]) -> Resource | None:
    """Fetch something; None if Twilio answers that it is not there (HTTP 404)."""
    try:
        return fetch()
    except TwilioRefused as refusal:
        if refusal.status == requests.codes.not_found:
            return None
        raise


def unresolved(error: Exception) -> NameResolutionError | None:
    """Give the reason if a request was not sent because its host was not found in DNS."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return reason if isinstance(reason, NameResolutionError) else None


def _unavailable(request: str, url: str, error: Exception) -> TwilioUnavailable:
    if reason := unresolved(error):
        told = _without_answer(request, urlsplit(url).hostname, reason)
        remedy = "see that this machine has a network and a resolver"
    else:
        told, remedy = _without_answer(request, None, error), "see that it can be reached from here"
    return TwilioUnavailable(f"{told}; {remedy}, and send the request again later.")


def _without_answer(request: str, host: str | None, error: Exception) -> str:
    if isinstance(error, NameResolutionError):
        return f"{host} was not found in DNS for {request}"
    return f"Twilio did not answer {request} ({type(error).__name__})"


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """Read an answer's `Twilio-Request-Id`; None without one, or if it is not an identifier."""
    said = headers.get(REQUEST_ID) or ""
    return said if re.fullmatch(r"[A-Za-z0-9-]{1,64}", said) else None


def _date(answer: requests.Response) -> datetime | None:
    """Return the time at Twilio when it answered, None if the answer does not say it."""
    try:
        date = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _json(answer: requests.Response) -> Any:
    """Parse an answer's body; None if it is not JSON."""
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        return None


def _error_of(request: str, answer: requests.Response, body: Any) -> Exception:
    said = _error_in(body)
    code = error_code(said.get("code"))
    # `detail` and `title` are those of problem details (RFC 9457).
    words = filter(None, (text(it) for it in (said.get("message"), said.get("detail"), said.get("title"))))
    message = next(words, text(answer.reason) or "no reason")
    request_id = request_id_of(answer.headers)
    named = f", {REQUEST_ID} {request_id}" if request_id else ""
    match answer.status_code:
        case requests.codes.unauthorized:
            return CredentialsRefused(
                f"Twilio refused the credentials at {request} ('{message}'{named}); "
                "check the account SID and Auth Token in the secret, they must be the parent account's.",
                request_id,
            )
        case requests.codes.too_many_requests:
            return TwilioThrottled(
                f"Twilio is throttling {request} ('{message}'{named}); send the request again later."
            )
        case status if status >= requests.codes.server_error:
            told = f" ({REQUEST_ID} {request_id})" if request_id else ""
            return TwilioUnavailable(
                f"Twilio failed at {request} with HTTP {status}{told}; send the request again later."
            )
        case status if status < requests.codes.bad_request or (
            status == requests.codes.not_found and code != NOT_FOUND
        ):
            return TwilioUnavailable(
                f"What answered {request} is not Twilio's API (HTTP {status}{named}); is there a proxy or a portal "
                "between? Send the request again when there is none.",
                unreadable=True,
            )
        case status:
            more_info = next(
                (it for it in (text(said.get(name)) for name in ("more_info", "type")) if _is_url(it)), None
            )
            return TwilioRefused(request, status, code, message, more_info, request_id)


def _error_in(body: Any) -> dict[str, Any]:
    """Find the error in a body: the object, or the first one of a list; a text stands for its message."""
    first = next(iter(body), None) if isinstance(body, list) else body
    if isinstance(first, str):
        return {"message": first}
    return first if isinstance(first, dict) else {}


def _is_url(said: str) -> bool:
    return said.startswith("https://")
