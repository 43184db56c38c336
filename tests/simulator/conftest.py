import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from twilio.rest import Client

from simulator.fleet import Fleet
from simulator.simulator import Simulator
from tests.simulator.redirected import RedirectedHttpClient

type Start = Callable[[Fleet], Simulator]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts simulators, and sees to it that none leaves a thread."""
    before = set(threading.enumerate())
    with ExitStack() as running:
        yield lambda fleet: running.enter_context(Simulator(fleet))
    assert set(threading.enumerate()) <= before


@pytest.fixture
def client_of() -> Iterator[Callable[[Simulator], Client]]:
    """Twilio's client library, speaking to a simulator as its parent account."""
    with ExitStack() as opened:

        def client_of(simulator: Simulator) -> Client:
            http_client = RedirectedHttpClient(simulator.url)
            opened.callback(http_client.session.close)
            return Client(simulator.account_sid, simulator.auth_token, http_client=http_client)

        yield client_of
