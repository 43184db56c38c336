"""How many requests are under way at the simulated Twilio at once."""

import threading

from simulator.messages import Request
from simulator.simulator import Simulator


class UnderWay:
    """Counts the POSTs that are under way at once; each waits until as many as are expected have come together.

    Args:
        simulator: Where they come.
        expected: How many are to come together; POSTs that do so are held up no longer.

    Attributes:
        most: The most at once so far.
    """

    def __init__(self, simulator: Simulator, expected: int) -> None:
        self.most = 0
        self._now = 0
        self._expected = expected
        self._lock = threading.Lock()
        self._together = threading.Event()
        simulator.interpose(self._count)

    def _count(self, request: Request) -> None:
        if request.method != "POST":
            return
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
            if self._now >= self._expected:
                self._together.set()
        if not self._together.wait(20):
            self._together.set()  # fewer come together than expected: `most` tells
        with self._lock:
            self._now -= 1
