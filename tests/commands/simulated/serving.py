"""`shaken-stir serve` in a process of its own, on ports that are free."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from shaken_stir.defaults import AWS_PORT, TWILIO_PORT, WEBHOOK_PORT
from shaken_stir.project import ROOT
from shaken_stir.simulated.serve import EVENTS
from simulator.addresses import THIS_MACHINE

FREE_PORTS = [word for name in ("aws", "twilio", "webhook") for word in (f"--{name}-port", "0")]


class Served:
    """A command that serves; `exit_code` and `errors` are there once it was stopped."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        self._process = process
        self.words = ""
        for line in process.stdout:
            self.words += line
            if line.startswith("Ctrl-C"):
                break

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        self.more_words, self.errors = self._process.communicate(timeout=30)
        self.exit_code = self._process.returncode

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


@contextmanager
def serving(*options: str, **variables: str) -> Iterator[Served]:
    command = [sys.executable, "-m", "shaken_stir.cli.main", "serve", *FREE_PORTS, *options]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        served = Served(process)
        try:
            yield served
        finally:
            served.stop()
