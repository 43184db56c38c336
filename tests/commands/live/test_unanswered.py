"""While Twilio does not answer, `doctor` says so."""

import os
import re
import socket

import pytest

from shaken_stir.cli.main import execute
from shaken_stir.live import survey
from tests.commands.live.conftest import Doctor, Start
from tests.commands.live.twilio_here import sitecustomize


def test_a_list_that_is_read_again_is_told_with_the_reason(
    twilio: Start, doctor_here: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "PAUSES", (0, 0))
    # One more than a client sends again by itself.
    outage = {"operation": "GET *CustomerProfiles*", "status": 503, "times": 4}

    _, _, err = doctor_here(twilio(faults=[outage]))

    assert re.fullmatch(
        r"Twilio failed at GET /v1/CustomerProfiles with HTTP 503; sent again since \d\d:\d\d:\d\d UTC\.\n", err
    )


def test_that_twilio_cannot_be_reached_is_told_before_it_is_given_up(
    twilio: Start, doctor_here: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "PAUSES", (0,))
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))

        code, out, err = doctor_here(twilio(), **{sitecustomize.PORT_VARIABLE: str(nobody.getsockname()[1])})

    assert code == 1
    assert re.match(r"Twilio did not answer GET .*\(NewConnectionError\); sent again since \d\d:\d\d:\d\d UTC\.\n", err)
    assert "✗ Twilio did not answer GET " in out


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
