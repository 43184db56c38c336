"""How requests reach Twilio: kept-alive connections, timeouts, careful retries, and errors by our names.

What is sent again without an answer is told to Python's logging as INFO, and that a request is over as DEBUG. Lambda
keeps neither; whoever watches a run on a laptop is told why nothing happens.
"""

import logging
from collections.abc import Callable
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

from onboarding.errors import CredentialsRefused, TwilioRefused, TwilioThrottled, TwilioUnavailable
from onboarding.settings import CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS

MOST_RETRY_AFTER_SECONDS = 2
"""A longer pause is the state machine's to make, which pays nothing for it."""
TOO_MANY_REQUESTS = 429

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


class TwilioHttpClient(HttpClient):  # type: ignore[misc] # the library is not typed
    """One kept-alive session for all threads of a process.

    Args:
        connections: How many connections to hold open: as many as threads use it.
        base_url: Where both of Twilio's hosts are served instead (a simulator), None for Twilio itself.
        timeouts: The seconds to wait for a connection, and for each piece of an answer.
    """

    def __init__(
        self,
        connections: int,
        base_url: str | None,
        timeouts: tuple[float, float] = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
    ) -> None:
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
    ) -> Response:
        """Send one request; see twilio.http.HttpClient.

        Raises:
            CredentialsRefused: HTTP 401.
            TwilioThrottled: HTTP 429, also after retries.
            TwilioRefused: Any other HTTP 4xx.
            TwilioUnavailable: HTTP 5xx, no connection, no answer in time.
        """
        request = f"{method} {urlsplit(url).path}"
        if self._base_url:
            url = url.replace(f"https://{urlsplit(url).netloc}", self._base_url, 1)
        try:
            answer = self._session.request(
                method,
                url,
                params=cast("dict[str, str]", params),
                data=data,
                headers=headers,
                auth=auth,
                timeout=self._timeouts,
                allow_redirects=allow_redirects,
            )
        except requests.RequestException as error:
            raise _unavailable(request, url, error) from error
        finally:
            _logger.debug("%s is over", request)
        if answer.status_code >= requests.codes.bad_request:
            raise _error_of(request, answer)
        return Response(answer.status_code, answer.text, answer.headers)


def if_found[Resource](fetch: Callable[[], Resource]) -> Resource | None:
    """Fetch something; None if Twilio answers that it is not there (HTTP 404)."""
    try:
        return fetch()
    except TwilioRefused as refusal:
        if refusal.status == requests.codes.not_found:
            return None
        raise


def unresolved(error: requests.RequestException) -> NameResolutionError | None:
    """Give the reason if a request was not sent because its host was not found in DNS."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return reason if isinstance(reason, NameResolutionError) else None


def _unavailable(request: str, url: str, error: requests.RequestException) -> TwilioUnavailable:
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


def _error_of(request: str, answer: requests.Response) -> Exception:
    try:
        body: dict[str, Any] = answer.json()
    except ValueError:
        body = {}
    message = str(body.get("message") or answer.reason)
    match answer.status_code:
        case requests.codes.unauthorized:
            return CredentialsRefused(
                f"Twilio refused the credentials at {request} ('{message}'); "
                "check the account SID and Auth Token in the secret, they must be the parent account's."
            )
        case requests.codes.too_many_requests:
            return TwilioThrottled(f"Twilio is throttling {request} ('{message}'); send the request again later.")
        case status if status >= requests.codes.server_error:
            return TwilioUnavailable(f"Twilio failed at {request} with HTTP {status}; send the request again later.")
        case status:
            return TwilioRefused(request, status, body.get("code"), message, body.get("more_info"))
