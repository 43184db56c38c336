"""A simulated Twilio in a process of its own that takes its time, and counts how many requests are under way.

`python -m tests.benchmarks.slow_twilio FLEET_FILE`: it writes its address and credentials as a line of JSON; for each
line that it reads, what was under way since the one before. `SlowTwilio` starts one and asks it.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self, override

from shaken_stir.project import ROOT
from simulator.fleet import Fleet, load_fleet
from simulator.messages import Request, Response
from simulator.simulator import Simulator


class UnderWay(NamedTuple):
    """What was under way at Twilio.

    Attributes:
        most: The most requests at once.
        seconds: How long all requests took, one after the other.
        requests: How many there were.
    """

    most: int
    seconds: float
    requests: int


class CountingSimulator(Simulator):
    """A simulator that knows how many requests are under way."""

    def __init__(self, fleet: Fleet) -> None:
        super().__init__(fleet)
        self._lock = threading.Lock()
        self._now = 0
        self._since = UnderWay(0, 0.0, 0)

    @override
    def answer(self, request: Request) -> Response:
        began = time.monotonic()
        with self._lock:
            self._now += 1
            self._since = self._since._replace(most=max(self._since.most, self._now))
        try:
            return super().answer(request)
        finally:
            with self._lock:
                self._now -= 1
                self._since = self._since._replace(
                    seconds=self._since.seconds + time.monotonic() - began,
                    requests=self._since.requests + 1,
                )

    def under_way(self) -> UnderWay:
        """Say what was under way since it was asked before."""
        with self._lock:
            since, self._since = self._since, UnderWay(0, 0.0, 0)
            return since


class SlowTwilio:
    """The process, as a context manager.

    Args:
        fleet: What exists at Twilio; its `latency` is how long each request takes.

    Attributes:
        url: Where it is.
        secret: The parent account's credentials.
    """

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self.url = ""
        self.secret: dict[str, str] = {}

    def __enter__(self) -> Self:
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            file.write(self._fleet.model_dump_json(exclude_defaults=True))
            file.flush()
            command = [sys.executable, "-m", "tests.benchmarks.slow_twilio", file.name]
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            said = self._read()
        self.url = said.pop("url")
        self.secret = said
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def under_way(self) -> UnderWay:
        """Say what was under way since it was asked before."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return UnderWay(**self._read())

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout
        said: dict[str, Any] = json.loads(self._process.stdout.readline())
        return said


def main(fleet_file: Path) -> None:
    """Serve until nobody writes any more."""
    with CountingSimulator(load_fleet(fleet_file)) as simulator:
        where = {"url": simulator.url, "account_sid": simulator.account_sid, "auth_token": simulator.auth_token}
        sys.stdout.write(f"{json.dumps(where)}\n")
        sys.stdout.flush()
        for _ in sys.stdin:
            sys.stdout.write(f"{json.dumps(simulator.under_way()._asdict())}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
