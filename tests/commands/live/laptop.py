"""`shaken-stir run --live` on a person's machine, and what Twilio got of it."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shaken_stir.project import ROOT
from simulator.simulator import Simulator
from tests.commands.live.twilio_itself import TwilioItself
from tests.world import NAMED, phone_number

COMMAND = [sys.executable, "-m", "shaken_stir.cli.main", "run", "--live"]
DAYS = {"review": {"seconds": 500_000}}


def rehearsed(simulator: Simulator, folder: Path) -> tuple[list[str], dict[str, str]]:
    """The command that rehearses a request of the whole fleet with a simulated Twilio, and its environment."""
    event = folder / "request.json"
    event.write_text(json.dumps(NAMED))
    account = {"TWILIO_ACCOUNT_SID": simulator.account_sid, "TWILIO_AUTH_TOKEN": simulator.auth_token}
    command = [*COMMAND, "--twilio", simulator.url, "--event", str(event)]
    return command, os.environ | account | {"XDG_STATE_HOME": str(folder)}


class Laptop:
    """A person's machine: the request in a file, and where state is kept between runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.event = folder / "request.json"
        self.event.write_text(json.dumps(NAMED))

    def environment(self, simulated: TwilioItself) -> dict[str, str]:
        return simulated.environment(XDG_STATE_HOME=str(self.folder))

    def state_file(self, simulated: TwilioItself) -> Path:
        return self.folder / "shaken-stir" / f"{simulated.simulator.account_sid}.json"

    def options(self, simulated: TwilioItself, **more: Any) -> dict[str, Any]:
        return {"cwd": ROOT, "env": self.environment(simulated), "text": True, "stderr": subprocess.PIPE, **more}

    def run(self, simulated: TwilioItself, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, "--event", str(self.event), *arguments],
            **self.options(simulated, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE),
            timeout=180,
            check=False,
        )

    @contextmanager
    def started(self, simulated: TwilioItself, *arguments: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
        with subprocess.Popen(
            [*COMMAND, "--event", str(self.event), *arguments],
            **self.options(simulated, stdout=subprocess.PIPE, **options),
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    @contextmanager
    def asked(self, simulated: TwilioItself) -> Iterator[tuple[subprocess.Popen[str], int]]:
        """A run in a terminal, once it has asked, and where its answer goes."""
        ours, theirs = pty.openpty()
        with self.started(simulated, stdin=theirs) as process:
            os.close(theirs)
            assert process.stderr
            question = ""
            while "[y/N]" not in question and (character := process.stderr.read(1)):
                question += character
            yield process, ours
        os.close(ours)


def posts(simulated: TwilioItself) -> list[str]:
    return [sent.path for sent in simulated.sent if sent.method == "POST"]


def each_once(simulated: TwilioItself, subaccounts: int, numbers: int) -> bool:
    state = simulated.simulator.state
    expected = [phone_number(s, n) for s in range(1, subaccounts + 1) for n in range(numbers)]
    [product] = state.trust_products
    [profile] = state.customer_profiles
    on_both = [sorted(it.number_sid for it in bundle.endpoints) for bundle in (profile, product)]
    return on_both == [expected, expected] and len(list(product.entities)) == 1


def only_gets(simulated: TwilioItself) -> bool:
    return {sent.method for sent in simulated.sent} == {"GET"}


def one_sentence(errors: str, told: str) -> bool:
    assert errors.startswith("shaken-stir run: ")
    assert told in errors
    assert errors.count("\n") == 1
    return True
