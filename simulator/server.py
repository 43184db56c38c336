"""HTTP/1.1 with connections that stay open: one thread per connection, no log."""

import contextlib
import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from simulator.addresses import refusal
from simulator.messages import Request, Response

_LINGER_SECONDS = 5.0


class Server(ThreadingTCPServer):
    """Serves an app; ``close`` ends every connection and every thread."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, answer: Callable[[Request], Response]) -> None:
        self.answer = answer
        self._connections: dict[threading.Thread, socket.socket] = {}
        self._listener: threading.Thread | None = None
        self._host = host
        super().__init__((host, port), _Handler)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        port: int = self.socket.getsockname()[1]
        return port

    def refuses(self, host: str | None, origin: str | None) -> str | None:
        """Return why a request with these headers is refused, None if it is not."""
        return refusal(self._host, host, origin)

    def start(self) -> None:
        """Serve, in a thread."""
        self._listener = threading.Thread(
            target=self.serve_forever, args=(0.02,), name=f"twilio simulator on {self.port}", daemon=True
        )
        self._listener.start()

    def close(self) -> None:
        """Stop to serve: answer what was asked, close all connections, wait for their threads."""
        if self._listener is not None:
            self.shutdown()
            self._listener.join()
        self.server_close()
        for thread, connection in list(self._connections.items()):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
            thread.join()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a new connection its thread, and remember both."""
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self._connections[thread] = request
        thread.start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection until it ends."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.pop(threading.current_thread(), None)

    def shutdown_request(self, request: Any) -> None:
        """End a connection: say that no more is sent, and read on until the client has ended it, too.

        An answer may come before the request was read, such as 411. If the connection were closed at once, a client
        that is still sending would be reset instead of reading the answer.
        Source: https://www.rfc-editor.org/rfc/rfc9112#section-9.6.
        """
        deadline = time.monotonic() + _LINGER_SECONDS
        with contextlib.suppress(OSError):
            request.shutdown(socket.SHUT_WR)
            request.settimeout(_LINGER_SECONDS)
            while request.recv(65_536) and time.monotonic() < deadline:
                pass
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Buffered, so that head and body leave in one packet.
    wbufsize = -1

    def _serve(self) -> None:
        if "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
        if why := self.server.refuses(self.headers.get("Host"), self.headers.get("Origin")):
            self._refuse(why)
            return
        target = urlsplit(self.path)
        host, port = self.connection.getsockname()[:2]
        response = self.server.answer(
            Request(
                method=self.command,
                path=unquote(target.path),
                query=dict(parse_qsl(target.query)),
                form=dict(parse_qsl(body)),
                authorization=self.headers.get("Authorization", ""),
                base_url=f"http://{self.headers.get('Host') or f'{host}:{port}'}",
                body=body,
                content_type=self.headers.get_content_type() if "Content-Type" in self.headers else "",
            )
        )
        if response.cut == "reset":
            self._reset()
            return
        payload, content_type = _payload(response)
        self.send_response(response.status)
        if response.request_id:
            self.send_header("Twilio-Request-Id", response.request_id)
        if response.status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", 'Basic realm="Twilio API"')
        if response.retry_after is not None:
            self.send_header("Retry-After", str(response.retry_after))
        if content_type:
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if response.cut == "truncated":
            payload = payload[: len(payload) // 2]
            self.close_connection = True
        self.wfile.write(payload)

    def _refuse(self, why: str) -> None:
        payload = json.dumps({"status": 403, "message": why}).encode()
        self.send_response(HTTPStatus.FORBIDDEN)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def _reset(self) -> None:
        # With no time to linger, closing a socket is a reset.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Log nothing: a log per request would drown what the terminal is for."""


def _payload(response: Response) -> tuple[bytes, str]:
    if response.page:
        return response.page.encode(), "text/html"
    return (b"", "") if response.body is None else (json.dumps(response.body).encode(), "application/json")
