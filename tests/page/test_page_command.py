"""`shaken-stir page`: what is typed, what is printed, and what it ends with."""

import os
import re
import signal
import socket
import subprocess
import sys
import webbrowser
from collections.abc import Iterator

import pytest
import requests

from shaken_stir.cli.main import execute
from shaken_stir.engine.server import AwsServer
from shaken_stir.project import ROOT
from shaken_stir.simulated.place import SimulatedPlace
from simulator.addresses import THIS_MACHINE
from simulator.fleet import Fleet
from tests.world import NAMED, a_fleet

COMMAND = [sys.executable, "-m", "shaken_stir.cli.main", "page"]


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """Where AWS is served, once a run has ended there."""
    fleet = Fleet.model_validate(a_fleet(review={"seconds": 0, "verdict": "approved"}))
    with SimulatedPlace(fleet, 0.01) as place, AwsServer() as server:
        place.run(NAMED)
        yield server.url


def test_the_browser_is_led_to_the_page_of_what_is_served(
    aws: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def look_and_leave(address: str) -> bool:
        seen.append(requests.get(address, timeout=30).text)
        raise KeyboardInterrupt

    monkeypatch.setattr(webbrowser, "open", look_and_leave)
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    assert execute(["page", "--served", aws]) == 130

    [text] = seen
    assert "<h1>4 of 4 eligible numbers are signed.</h1>" in text
    assert re.match(r"http://127\.0\.0\.1:\d+/ shows the local stack at http://\S+, on", capsys.readouterr().out)


def test_without_a_browser_the_address_is_printed_and_ctrl_c_ends_it(aws: str) -> None:
    environment = os.environ | {"BROWSER": "false", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*COMMAND, "--served", aws, "--no-open"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        address = process.stdout.readline().split()[0]
        status = requests.get(address, timeout=30).status_code
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=30)

    assert (status, process.returncode, out) == (200, 130, "")
    assert errors == "Stopped. Nothing is left behind: run it again at any time.\n"


def test_a_browser_that_cannot_be_opened_is_told(
    aws: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    monkeypatch.setattr("shaken_stir.cli.page.until_ctrl_c", leave)
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    assert execute(["page", "--served", aws]) == 130
    assert "No browser could be opened; open the address yourself." in capsys.readouterr().out


def test_nothing_served_is_told_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server((THIS_MACHINE, 0)) as free:
        port = free.getsockname()[1]

    assert execute(["page", "--served", f"http://{THIS_MACHINE}:{port}", "--no-open"]) == 2

    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"shaken-stir page: Nothing is served at http://{THIS_MACHINE}:{port};")
    assert told.err.count("\n") == 1


def test_a_port_in_use_is_told_in_one_sentence(aws: str, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server((THIS_MACHINE, 0)) as taken:
        port = taken.getsockname()[1]

        assert execute(["page", "--served", aws, "--no-open", "--port", str(port)]) == 2

    told = capsys.readouterr()
    assert told.out == ""
    why = "Address already in use"
    other = "choose another with --port N (0: any free port)"
    assert told.err == f"shaken-stir page: Port {port} cannot be used ({why}); {other}.\n"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--stack", "a", "--live"], "--stack and --live are different places; name one"),
        (["--state", "x.json"], "--state belongs to --live"),
        (["--port", "70000"], "70000 is not a port"),
    ],
)
def test_wrong_options_are_told(options: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["page", *options]) == 2
    assert says in capsys.readouterr().err
