"""While Twilio does not answer, `doctor` says so."""

import os
import re
import socket
import subprocess
import sys
import threading

import pytest

from shaken_stir.cli.main import execute
from shaken_stir.live import survey
from shaken_stir.project import ROOT
from simulator.app import App
from simulator.messages import Request, Response
from tests.commands.live.conftest import Start
from tests.commands.live.twilio_here import sitecustomize
from tests.world import error


def test_a_list_that_is_read_again_is_told_with_the_reason(
    twilio: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    left, answer = threading.Semaphore(4), App.answer

    def answer_or_fail(app: App, asked: Request) -> Response:
        if "CustomerProfiles" in asked.path and left.acquire(blocking=False):
            return error(503, 20503, "Unavailable")
        return answer(app, asked)

    monkeypatch.setattr(App, "answer", answer_or_fail)
    monkeypatch.setattr(survey, "PAUSES", (0, 0))
    twilio().known_here(monkeypatch)

    execute(["doctor"])

    assert re.fullmatch(
        r"Twilio failed at GET /v1/CustomerProfiles with HTTP 503; sent again since \d\d:\d\d:\d\d\.\n",
        capsys.readouterr().err,
    )


def test_that_twilio_cannot_be_reached_is_told_before_it_is_given_up(twilio: Start) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        environment = twilio().environment(**{sitecustomize.PORT_VARIABLE: str(nobody.getsockname()[1])})

        done = subprocess.run(
            [sys.executable, "-m", "shaken_stir.cli.main", "doctor"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    assert done.returncode == 1
    assert re.match(
        r"Twilio did not answer GET .*\(NewConnectionError\); sent again since \d\d:\d\d:\d\d\.\n", done.stderr
    )
    assert "✗ Twilio did not answer GET " in done.stdout


def test_a_host_that_is_not_found_is_told_as_such(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def not_found(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    for name in [it for it in os.environ if it.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(socket, "getaddrinfo", not_found)
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC" + "1" * 32)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "any")

    assert execute(["doctor"]) == 1

    said = capsys.readouterr()
    assert "✗ api.twilio.com was not found in DNS for GET " in said.out
    assert "see that this machine has a network and a resolver" in said.out
    assert said.err.startswith("api.twilio.com was not found in DNS for GET ")
