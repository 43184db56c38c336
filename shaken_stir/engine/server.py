"""Serves the local AWS over HTTP, for whoever is not in this process: containers, the AWS CLI, any SDK."""

import json
import re
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Final, Self

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from shaken_stir.engine.webhook import listen
from simulator.addresses import ANY_PORT, Address, reached_at, refusal

SERVICES: Final = frozenset({"dynamodb", "events", "s3", "secretsmanager", "states"})
"""The services that the functions and the commands use, as signatures name them. No other one is answered: several of
moto's start containers."""
BACKENDS: Final = frozenset({"dynamodb", "events", "s3", "secretsmanager", "stepfunctions"})
"""The same services, as moto names its backends."""
SIGNED_FOR: Final = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/,\s]+/\d{8}/[\w-]+/([\w-]+)/aws4_request,[^/]*")
"""A whole Authorization header, in which a second credential cannot hide: a signature is hexadecimal."""
NOT_SERVED: Final = f"Refused: signed requests for {', '.join(sorted(SERVICES))} are answered here, and nothing else."

type Environ = dict[str, Any]
type StartResponse = Callable[..., Any]


class Guarded:
    """A WSGI application in front of moto's: it refuses web pages, other names of this machine, and other services.

    Args:
        moto: moto's application.
        host: The address that the server listens on.
    """

    def __init__(self, moto: Callable[[Environ, StartResponse], Iterable[bytes]], host: str) -> None:
        self._moto = moto
        self._host = host

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        why = refusal(self._host, environ.get("HTTP_HOST"), environ.get("HTTP_ORIGIN")) or refused_service(environ)
        if why:
            return _refuse(why, start_response)

        def start_without_cors(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            kept = [(name, value) for name, value in headers if not name.lower().startswith("access-control-")]
            return start_response(status, kept, *more)

        return self._moto(environ, start_without_cors)


def refused_service(environ: Environ) -> str | None:
    """Return why a request is not for one of the services that are served; None if it is."""
    path = environ.get("PATH_INFO", "")
    signed_for = SIGNED_FOR.fullmatch(environ.get("HTTP_AUTHORIZATION", ""))
    if path.startswith("/moto-api") or not signed_for or signed_for[1] not in SERVICES:
        return NOT_SERVED
    return None


def create_served_backend(service: Any) -> Any:
    """Create moto's application for a backend, or one that refuses whatever is not served.

    moto chooses the backend by its own reading of a request, so this is where no other one can be reached.
    """
    return create_backend_app(service) if service in BACKENDS else refuse_all


def refuse_all(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Refuse a request (WSGI)."""
    return _refuse(NOT_SERVED, start_response)


def _refuse(why: str, start_response: StartResponse) -> Iterable[bytes]:
    body = json.dumps({"__type": "AccessDeniedException", "message": why}).encode()
    start_response("403 Forbidden", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


class AwsServer:
    """moto's server in front of what the engine has deployed, as a context manager within the engine's.

    Attributes:
        url: The endpoint URL, once started.
    """

    def __init__(self, address: Address = ANY_PORT) -> None:
        self._address = address
        self._server: BaseWSGIServer
        self.url = ""

    def __enter__(self) -> Self:
        """Start to answer, on threads of its own.

        Raises:
            PortInUse: The port is taken.
        """
        application: Any = Guarded(DomainDispatcherApplication(create_served_backend), self._address.host)
        with listen(self._address, "AWS") as opened:
            # werkzeug goes on with a duplicate of the socket.
            self._server = make_server(
                self._address.host,
                0,
                application,
                threaded=True,
                request_handler=MotoRequestHandler,
                fd=opened.fileno(),
            )
        self.url = f"http://{reached_at(self._address.host)}:{self._server.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="AWS", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
