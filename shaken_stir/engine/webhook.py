"""Serves the template's HTTP API: a request becomes an API Gateway event (payload format 2.0), its answer HTTP."""

import base64
import errno
import json
import socket
import threading
import time
import uuid
from collections.abc import Iterable, Sequence
from typing import Any, Final

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from shaken_stir.engine.concurrency import InvocationThrottled
from shaken_stir.engine.functions import Functions
from shaken_stir.engine.intrinsics import ACCOUNT
from shaken_stir.engine.template import Route
from shaken_stir.news import Tell, WebhookAnswered, tell_nobody
from simulator.addresses import ANY_PORT, Address, reached_at, refusal

_TEXT_TYPES: Final = ("text/", "application/json", "application/javascript", "application/xml")


class PortInUse(OSError):  # noqa: N818 - named for what it means
    """The port is taken; the message is one sentence for a person.

    Attributes:
        port: The port.
        purpose: What it was to be used for.
    """

    def __init__(self, port: int, purpose: str) -> None:
        super().__init__(errno.EADDRINUSE, f"Port {port} is in use; choose another for {purpose}.")
        self.port, self.purpose = port, purpose


class _Handler(WSGIRequestHandler):
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Keep quiet: who wants to know of requests looks at what they did."""


class Webhook:
    """The HTTP server; its port is taken as soon as it is made.

    Args:
        address: Where it listens.
        tell: Told of each answer.

    Attributes:
        url: Where it is reached.
    """

    def __init__(self, address: Address = ANY_PORT, tell: Tell = tell_nobody) -> None:
        self._host = address.host
        self._socket = listen(address, "the webhook")
        self._authority = f"{reached_at(self._host)}:{self._socket.getsockname()[1]}"
        self._tell = tell
        self._server: BaseWSGIServer | None = None
        self.url = f"http://{self._authority}"

    def serve(self, routes: Sequence[Route], functions: Functions) -> None:
        """Start to answer, on threads of its own."""

        @Request.application
        def application(request: Request) -> Response:
            # As API Gateway does, and so that no client is answered, and cut off, while it is still sending.
            request.get_data()
            if why := refusal(self._host, request.headers.get("Host"), request.headers.get("Origin")):
                return _message(403, why)
            route = next((it for it in routes if _takes(it, request)), None)
            response = _message(404, "Not Found") if route is None else self._invoke(route, request, functions)
            says = request.form.get("Status")
            self._tell(WebhookAnswered(request.method, request.environ["RAW_URI"], says, response.status_code))
            return response

        self._server = make_server(
            self._host, 0, application, threaded=True, request_handler=_Handler, fd=self._socket.fileno()
        )
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="webhook", daemon=True).start()

    def _invoke(self, route: Route, request: Request, functions: Functions) -> Response:
        try:
            answer = functions.invoke(route.function, json.dumps(_event(request, route, self._authority)))
        except InvocationThrottled:
            return _message(503, "Service Unavailable")
        return _message(500, "Internal Server Error") if answer.failed else _response(answer.value())

    def close(self) -> None:
        """Stop answering and give the port back; harmless the second time."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        self._socket.close()


def listen(address: Address, purpose: str) -> socket.socket:
    """Open the socket of a server.

    Args:
        address: Where to listen.
        purpose: What for, in the words of the message.

    Raises:
        PortInUse: The port is taken.
    """
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind(address)
    except OSError as error:
        opened.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(address.port, purpose) from error
        raise
    opened.listen(128)
    return opened


def _takes(route: Route, request: Request) -> bool:
    return route.path in {request.path, "$default"} and route.method in {request.method, "ANY"}


def _event(request: Request, route: Route, authority: str) -> dict[str, Any]:
    now = time.time()
    path, _, query = request.environ["RAW_URI"].partition("?")
    key = f"{route.method} {route.path}" if route.path != "$default" else "$default"
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "domainName": authority,
            "domainPrefix": "local",
            "http": {
                "method": request.method,
                "path": path,
                "protocol": request.environ["SERVER_PROTOCOL"],
                "sourceIp": request.remote_addr,
                "userAgent": request.user_agent.string,
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": key,
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": False,
    }
    if request.args:
        event["queryStringParameters"] = {name: ",".join(values) for name, values in request.args.lists()}
    if request.cookies:
        event["cookies"] = [f"{name}={value}" for name, value in request.cookies.items()]
    body = request.get_data()
    if body:
        event["isBase64Encoded"] = not request.mimetype.startswith(_TEXT_TYPES)
        event["body"] = base64.b64encode(body).decode() if event["isBase64Encoded"] else body.decode()
    return event


def _response(answer: Any) -> Response:
    """Read a handler's answer as API Gateway does: without a statusCode the whole of it is the body."""
    if not isinstance(answer, dict) or "statusCode" not in answer:
        body = answer if isinstance(answer, str) else json.dumps(answer)
        return Response(body, 200, content_type="application/json")
    text = answer.get("body") or ""
    headers = _headers(answer)
    has_type = any(name.lower() == "content-type" for name, _ in headers)
    content = base64.b64decode(text) if answer.get("isBase64Encoded") else text
    response = Response(content, int(answer["statusCode"]), headers)
    if not has_type:
        response.content_type = "text/plain;charset=UTF-8"
    return response


def _headers(answer: dict[str, Any]) -> list[tuple[str, str]]:
    headers: Iterable[tuple[str, Any]] = (answer.get("headers") or {}).items()
    cookies = [("Set-Cookie", cookie) for cookie in answer.get("cookies", [])]
    return [(name, str(value)) for name, value in headers] + cookies


def _message(status: int, text: str) -> Response:
    return Response(json.dumps({"message": text}), status, content_type="application/json")
