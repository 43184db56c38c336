"""From a request to its answer: counted, authenticated, routed, answered."""

import base64
import binascii
import hmac
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus

from simulator.controls import Controls
from simulator.controls_api import control_routes, is_control
from simulator.errors import BAD_CREDENTIALS, INTERNAL, ApiError
from simulator.messages import Request, Response
from simulator.refusals import RequestRefused, Tell, tell_nobody
from simulator.reviews import Reviews
from simulator.router import Router
from simulator.routes import routes
from simulator.sids import without_sids
from simulator.state import State

logger = logging.getLogger(__name__)

type Interpose = Callable[[Request], Response | None]


def interpose_nothing(_: Request) -> None:
    """Let Twilio answer by itself."""


class App:
    """The simulator without its sockets.

    Attributes:
        interpose: Called before each request to Twilio is answered; what it gives is answered instead.
    """

    def __init__(
        self, state: State, reviews: Reviews, controls: Controls, *, latency: float = 0.0, tell: Tell = tell_nobody
    ) -> None:
        self.interpose: Interpose = interpose_nothing
        self._state = state
        self._latency = latency
        self._tell = tell
        self._twilio = Router(routes(state, reviews))
        self._controls = Router(control_routes(state, controls))
        self._calls: Counter[str] = Counter()
        self._calls_lock = threading.Lock()

    def calls(self) -> dict[str, int]:
        """How often each route was requested so far, whatever the answer was."""
        with self._calls_lock:
            return dict(self._calls)

    def answer(self, request: Request) -> Response:
        """Answer one request; may be called by many threads at once."""
        response = self._of_controls(request) if is_control(request.path) else self._of_twilio(request)
        if response.status >= HTTPStatus.BAD_REQUEST and response.body:
            said = response.body.get("message") if isinstance(response.body, dict) else None
            self._tell(RequestRefused(request.method, request.path, response.status, str(said or "")))
        return response

    def _of_twilio(self, request: Request) -> Response:
        self._count(request)
        if self._latency:
            time.sleep(self._latency)
        if instead := self.interpose(request):
            return instead
        fault = self._state.faults.due(request)
        return fault.befall(request, self._by_itself) if fault else self._by_itself(request)

    def _by_itself(self, request: Request) -> Response:
        try:
            self._authenticate(request)
        except ApiError as error:
            return Response(error.status, error.body())
        return self._handle(request, self._twilio)

    def _of_controls(self, request: Request) -> Response:
        return self._handle(request, self._controls)

    def _count(self, request: Request) -> None:
        with self._calls_lock:
            self._calls[f"{request.method} {without_sids(request.path)}"] += 1

    def _handle(self, request: Request, router: Router) -> Response:
        try:
            handler, sids = router.match(request)
            with self._state.lock:
                return handler(request, **sids)
        except ApiError as error:
            return Response(error.status, error.body())
        except Exception:
            logger.exception("%s %s could not be answered", request.method, request.path)
            return Response(500, ApiError(500, INTERNAL, "Internal Server Error").body())

    def _authenticate(self, request: Request) -> None:
        expected = f"{self._state.account_sid}:{self._state.auth_token}".encode()
        scheme, _, encoded = request.authorization.partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True) if scheme.lower() == "basic" else b""
        except binascii.Error:
            given = b""
        if not hmac.compare_digest(given, expected):
            raise ApiError(401, BAD_CREDENTIALS, "Authenticate")
