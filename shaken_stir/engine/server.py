"""Serves the local AWS over HTTP, for whoever is not in this process: containers, the AWS CLI, any SDK."""

import threading
from types import TracebackType
from typing import Any, Self

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from shaken_stir.engine.webhook import listen
from simulator.addresses import ANY_PORT, Address, reached_at


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
        application: Any = DomainDispatcherApplication(create_backend_app)
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
