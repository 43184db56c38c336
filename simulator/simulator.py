"""The Trust Hub simulator, ready to be started."""

import errno
from types import TracebackType
from typing import Self

from simulator.addresses import THIS_MACHINE, reached_at
from simulator.app import App, Interpose
from simulator.controls import Controls
from simulator.fleet import Fleet
from simulator.messages import Request, Response
from simulator.refusals import Tell, tell_nobody
from simulator.reviews import Reviews
from simulator.server import Server
from simulator.state import State


class PortInUse(OSError):  # noqa: N818 - reads as what it says
    """Something else listens on the port already; the text is one sentence that names it.

    Attributes:
        port: The port.
    """

    def __init__(self, port: int, host: str) -> None:
        super().__init__(f"port {port} on {host} is already in use")
        self.port = port


class Simulator:
    """Twilio's accounts, numbers and Trust Hub on one local address, as a context manager or started and stopped.

    Args:
        fleet: What exists at Twilio before the first request.
        host: The address to listen on.
        port: The port to listen on; 0 takes any that is free.
        time_scale: The factor by which reviews, late callbacks and lagging lists take longer than said.
        tell: Told of each request that is refused.
    """

    def __init__(
        self,
        fleet: Fleet,
        *,
        host: str = THIS_MACHINE,
        port: int = 0,
        time_scale: float = 1.0,
        tell: Tell = tell_nobody,
    ) -> None:
        self.state = State(fleet, time_scale=time_scale)
        self._host = host
        self._port = port
        self._reviews = Reviews(self.state, fleet.review, time_scale=time_scale)
        self.controls = Controls(self.state, self._reviews)
        self._app = App(self.state, self._reviews, self.controls, latency=fleet.latency, tell=tell)
        self._server: Server | None = None

    @property
    def account_sid(self) -> str:
        """The parent's account SID."""
        return self.state.account_sid

    @property
    def auth_token(self) -> str:
        """The parent's auth token."""
        return self.state.auth_token

    @property
    def url(self) -> str:
        """The base URL, for both of Twilio's hosts."""
        return f"http://{reached_at(self._host)}:{self._port}"

    @property
    def calls(self) -> dict[str, int]:
        """How often each route of Twilio's was requested so far."""
        return self._app.calls()

    def answer(self, request: Request) -> Response:
        """Answer one request, as its socket does."""
        return self._app.answer(request)

    def interpose(self, interpose: Interpose) -> None:
        """Have this called before each request to Twilio is answered, from many threads at once.

        It may wait, use the controls, or give the answer itself; None leaves that to Twilio and the faults.
        """
        self._app.interpose = interpose

    def start(self) -> None:
        """Begin to serve.

        Raises:
            PortInUse: Something else listens on the port already.
        """
        try:
            self._server = Server(self._host, self._port, self.answer)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(self._port, self._host) from None
            raise
        self._port = self._server.port
        self._server.start()
        self._reviews.resume()

    def stop(self) -> None:
        """Close all connections, end the reviews that run and leave no thread behind."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._reviews.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
