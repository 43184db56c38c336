"""`shaken-stir serve` within the test's process, on ports that are free."""

import io
import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

from shaken_stir.cli.main import execute
from shaken_stir.defaults import AWS_PORT, TWILIO_PORT, WEBHOOK_PORT
from shaken_stir.simulated.serve import EVENTS
from simulator.addresses import THIS_MACHINE
from tests.commands.ctrl_c import Heard, press, process_ends_after

FREE_PORTS = [word for name in ("aws", "twilio", "webhook") for word in (f"--{name}-port", "0")]
LAST_WORDS = "Ctrl-C"
"""How the last line begins that is said before anything is served."""


@dataclass
class Served:
    """A command that serves, by what it has said first; the rest is there once it was stopped."""

    words: str
    more_words: str = ""
    errors: str = ""
    exit_code: int | None = None

    def url(self, name: str) -> str:
        """Where `AWS`, `Twilio` or the `Webhook` is."""
        found = re.search(rf"^{name} +(http://[\d.:]+)", self.words, re.MULTILINE)
        assert found, self.words
        return found[1]

    def moved(self, file: str) -> dict[str, Any]:
        """A file of `events/` with the ports that are in use here."""
        text = (EVENTS / file).read_text(encoding="utf-8")
        for name, port in (("AWS", AWS_PORT), ("Twilio", TWILIO_PORT), ("Webhook", WEBHOOK_PORT)):
            # By name, as in containers: S3 may put buckets into names of hosts, but not into addresses.
            text = text.replace(f"host.docker.internal:{port}", f"localhost:{self.url(name).rpartition(':')[2]}")
            text = text.replace(f"{THIS_MACHINE}:{port}", self.url(name).removeprefix("http://"))
        moved: dict[str, Any] = json.loads(text)
        return moved


def visited[Found](visit: Callable[[Served], Found], *options: str) -> tuple[Served, Found]:
    """Serve until a visitor has gone; gives what was said, and what was found.

    It is held that no thread is left by which a process of its own would go on after Ctrl-C.
    """
    up, threads = threading.Event(), lasting_threads()
    out, errors = Heard({LAST_WORDS: up.set}), io.StringIO()

    def come_and_go() -> tuple[Served, Found]:
        assert up.wait(60)
        served = Served(out.getvalue())
        try:
            return served, visit(served)
        finally:
            press()

    with ThreadPoolExecutor(1) as pool, process_ends_after(), redirect_stdout(out), redirect_stderr(errors):
        visiting = pool.submit(come_and_go)
        code = execute(["serve", *FREE_PORTS, *options])
    served, found = visiting.result()
    served.more_words = out.getvalue().removeprefix(served.words).lstrip("\n")
    served.errors, served.exit_code = errors.getvalue(), code
    assert lasting_threads() <= threads
    return served, found


def lasting_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if not thread.daemon}
