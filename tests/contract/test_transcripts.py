"""What was seen at Twilio is read by the product's client as it is, and the simulator answers in the same form."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from werkzeug.datastructures import Headers

from onboarding.twilio.http import CarefulRetry
from shaken_stir.cli.main import execute
from shaken_stir.project import ROOT
from simulator.fleet import Fleet
from simulator.simulator import Simulator
from tests.contract import client_replay, simulator_replay
from tests.contract.exchanges import Answer, Exchange
from tests.contract.recorded import DOCUMENTED, TRANSCRIPTS, Recorded, read
from tests.contract.twilio_openapi import Contract
from tests.docs.markdown import blocks
from tests.world import PROFILE, a_fleet, phone_number, small_pages, subaccount

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

every_transcript = pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)


@pytest.fixture(autouse=True)
def _retries_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CarefulRetry, "sleep", lambda *_: None)


@every_transcript
def test_the_client_reads_what_was_answered(path: Path) -> None:
    assert client_replay.replay(read(path)) == []


@every_transcript
def test_the_simulator_answers_in_the_form_that_was_seen(path: Path) -> None:
    assert simulator_replay.replay(read(path)) == []


@pytest.mark.parametrize("path", DOCUMENTED, ids=lambda path: path.stem)
def test_a_documented_answer_is_as_twilio_describes_it(contract: Contract, path: Path) -> None:
    exchanges = [as_sent(it) for it in read(path) if it.status and not it.no_json]

    told = contract.request_violations(exchanges) + contract.answer_violations(exchanges)
    # Twilio's schema wants a SID or null where its example has an empty text.
    assert [it for it in told if "_application_sid: ''" not in it] == []


def as_sent(recorded: Recorded) -> Exchange:
    request = requests.Request(
        recorded.method, recorded.url, params=recorded.query, data=recorded.form, auth=("AC", "token")
    ).prepare()
    data = b"" if recorded.body is None else json.dumps(recorded.body).encode()
    answered = Headers(recorded.headers or {})
    return Exchange(request, Answer(recorded.status or 0, answered.get("Content-Type", ""), data, answered))


def test_the_documented_transcripts_hold_everything_that_the_client_asks() -> None:
    assert (
        client_replay.CALLS.keys() - {it.operation for path in DOCUMENTED for it in read(path) if not it.failed}
        == set()
    )


FLEET = Fleet.model_validate(
    a_fleet(
        subaccounts=[subaccount(1, numbers=3), subaccount(2), subaccount(3, status="suspended")],
        profiles=[{"sid": PROFILE, "numbers": [phone_number(1, 0), phone_number(1, 1)]}],
        review={"seconds": 0},
        faults=[
            {"operation": "GET /v1/TrustProducts", "status": 429, "code": 20429, "retry_after": 1},
            {"operation": "GET /v1/CustomerProfiles", "kind": "reset"},
        ],
    )
)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., list[Recorded]]:
    """What a command's transcript holds, of an account whose lists have several pages."""
    small_pages(monkeypatch, phone_numbers=2, others=2)
    event = tmp_path / "request.json"
    event.write_text(json.dumps({"trust_product": {"friendly_name": "Acme Voice", "email": "trust@acme.example"}}))

    def transcribe(*arguments: str) -> list[Recorded]:
        with Simulator(FLEET) as simulator:
            monkeypatch.setenv("TWILIO_ACCOUNT_SID", simulator.account_sid)
            monkeypatch.setenv("TWILIO_AUTH_TOKEN", simulator.auth_token)
            monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
            options = ["--twilio", simulator.url, "--event", str(event), "--transcript", str(tmp_path / "t")]
            assert execute([*arguments, *options]) == 0
        return read(tmp_path / "t")

    return transcribe


@pytest.mark.parametrize("arguments", [["doctor"], ["run", "--live", "--yes"]], ids=lambda arguments: arguments[0])
def test_a_transcript_that_a_command_has_written_can_be_replayed(
    written: Callable[..., list[Recorded]], arguments: list[str]
) -> None:
    exchanges = written(*arguments)

    assert {it.status for it in exchanges} >= {200, 429, None}
    assert any("PageToken" in it.query for it in exchanges)
    assert client_replay.replay(exchanges) == []
    assert simulator_replay.replay(exchanges) == []


def test_the_page_shows_a_line_as_it_is_written(written: Callable[..., list[Recorded]], tmp_path: Path) -> None:
    written("doctor")
    [shown] = [json.loads(block) for path, block in blocks("json") if path == ROOT / "docs/first-day.md"]

    answered = next(it for it in map(json.loads, (tmp_path / "t").read_text().splitlines()) if "status" in it)
    assert shown.keys() == answered.keys()


def changed(operation: str, **fields: Any) -> list[Recorded]:
    """The documented answers, but that the first of an operation has other fields."""
    exchanges = read(next(path for path in DOCUMENTED if path.stem == "documented-answers"))
    index = next(index for index, it in enumerate(exchanges) if it.operation == operation)
    body = {key: value for key, value in (exchanges[index].body | fields).items() if value is not ...}
    return [*exchanges[:index], replace(exchanges[index], body=body), *exchanges[index + 1 :]]


PRODUCT = "GET /v1/TrustProducts/{Sid}"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"new": 7}, "$.new: is missing"),
        ({"email": ...}, "$.email: was not recorded"),
        ({"friendly_name": 7}, "$.friendly_name: str instead of int"),
        ({"errors": [{"code": "18601"}]}, "$.errors[0].code: int instead of str"),
    ],
)
def test_where_the_simulator_answers_in_another_form_is_told(fields: dict[str, Any], told: str) -> None:
    [problem] = simulator_replay.replay(changed(PRODUCT, **fields))

    assert told in problem


def test_an_answer_that_the_client_cannot_read_is_told() -> None:
    [problem] = client_replay.replay(changed(PRODUCT, status=None))

    assert "TwilioUnavailable" in problem


def test_a_request_that_the_client_does_not_send_is_told() -> None:
    exchanges = read(DOCUMENTED[0])
    [asked] = [it for it in exchanges if it.operation == "GET /v1/CustomerProfiles"]
    index = exchanges.index(asked)

    told = client_replay.replay([*exchanges[:index], replace(asked, query={"PageSize": "7"}), *exchanges[index + 1 :]])

    assert f"{asked.operation}: was not asked as it is recorded" in told
