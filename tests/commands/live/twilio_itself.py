"""The simulator as if it were Twilio: by Twilio's host names, over TLS. The product cannot tell that it is a test."""

import os
import socket
import ssl
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

import pytest

from simulator.addresses import THIS_MACHINE
from simulator.fleet import Fleet
from simulator.messages import Request, Response
from simulator.server import Server
from simulator.simulator import Simulator
from tests.commands.live.twilio_here import sitecustomize

HOSTS = sitecustomize.HOSTS
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


class Sent(NamedTuple):
    """A request as it arrived."""

    method: str
    host: str | None
    path: str


class TlsServer(Server):
    """The simulator's HTTP server, over TLS."""

    def __init__(self, context: ssl.SSLContext, answer: Any) -> None:
        self._context = context
        super().__init__(THIS_MACHINE, 0, answer)

    def refuses(self, host: str | None, origin: str | None) -> str | None:
        """By Twilio's names it is asked as Twilio."""
        return None if host in HOSTS else super().refuses(host, origin)

    def get_request(self) -> tuple[Any, Any]:
        # The handshake comes with the first read, on the connection's own thread.
        connection, address = super().get_request()
        tls = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return tls, address


class TwilioItself:
    """A simulated Twilio, and what it takes that a process knows it as Twilio itself.

    Attributes:
        simulator: What is behind the host names.
        sent: Every request that came by them, in order.
    """

    def __init__(self, fleet: Fleet, certificates: tuple[Path, Path], time_scale: float = 1.0) -> None:
        self._authority, server_certificate = certificates
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(server_certificate)
        self.simulator = Simulator(fleet, time_scale=time_scale)
        self.sent: list[Sent] = []
        self._server = TlsServer(context, self._answer)

    def environment(self, **variables: str) -> dict[str, str]:
        """The environment variables of a process that is to take this for Twilio, with the parent's credentials."""
        return {
            **{name: value for name, value in os.environ.items() if name not in PROXIES},
            "PYTHONPATH": str(Path(sitecustomize.__file__).parent),
            "REQUESTS_CA_BUNDLE": str(self._authority),
            sitecustomize.PORT_VARIABLE: str(self._server.port),
            # No file that a person keeps of real runs.
            "XDG_STATE_HOME": str(self._authority.parent / "no_state"),
            "TWILIO_ACCOUNT_SID": self.simulator.account_sid,
            "TWILIO_AUTH_TOKEN": self.simulator.auth_token,
            **variables,
        }

    def known_here(self, monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
        """Let the test's own process take this for Twilio."""
        for name in PROXIES:
            monkeypatch.delenv(name, raising=False)
        for name, value in self.environment(**variables).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(socket, "getaddrinfo", sitecustomize.resolve_here)

    def _answer(self, request: Request) -> Response:
        self.sent.append(Sent(request.method, urlsplit(request.base_url).hostname, request.path))
        secure = replace(request, base_url=request.base_url.replace("http://", "https://", 1))
        return self.simulator.answer(secure)

    def __enter__(self) -> Self:
        self.simulator.start()
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        self.simulator.stop()
