"""`--transcript FILE`: what was asked of Twilio and what it answered, for somebody else to read."""

import itertools
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from onboarding.twilio.http import CarefulRetry
from shaken_stir.live import exchanges
from simulator.simulator import Simulator
from tests.commands.live.conftest import Command, Doctor, Start
from tests.commands.live.doctor import DONE
from tests.commands.live.laptop import Laptop
from tests.commands.live.twilio_itself import HOSTS
from tests.world import PRODUCT, PROFILE, account, subaccount

SENTENCE = "The transcript {} holds {} with what came back, redacted. Read it before you send it to anybody.\n"
MARK = re.compile(r"secretson", re.IGNORECASE)
SECRET_FLEET: dict[str, Any] = {
    "parent": {"sid": f"AC{'5ec4e7' * 5}00", "auth_token": "secretson-parent", "friendly_name": "Secretson Holding"},
    "subaccounts": [
        {**subaccount(1), "sid": account(0x5EC4E701), "friendly_name": "Secretson Sales"},
        {**subaccount(2), "sid": account(0x5EC4E702), "friendly_name": "Secretson Support"},
    ],
    "profiles": [{**DONE["profiles"][0], "friendly_name": "Secretson Ltd"}],
    "products": [{**DONE["products"][0], "friendly_name": "Secretson Voice"}],
}


def transcript(path: Path) -> list[dict[str, Any]]:
    """Its exchanges."""
    head, *exchanges = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert head["transcript"] == 1
    return exchanges


def test_the_doctor_s_requests_are_in_it_without_what_is_the_customer_s(
    twilio: Start, doctor_here: Doctor, tmp_path: Path
) -> None:
    simulated = twilio(**SECRET_FLEET)
    state = simulated.simulator.state
    for bundle in (*state.trust_products, *state.customer_profiles):
        bundle.email, bundle.status_callback = "sam@secretson.example", "https://secretson.example/hook?BU=1"

    code, out, _ = doctor_here(simulated, "--transcript", str(tmp_path / "t"))

    exchanges = transcript(tmp_path / "t")
    assert code == 0
    assert out.endswith(SENTENCE.format(tmp_path / "t", f"{len(simulated.sent)} requests"))
    assert len(exchanges) == len(simulated.sent)
    assert {re.match("https://([^/]+)", it["url"])[1] for it in exchanges} == set(HOSTS)  # type: ignore[index]
    written = (tmp_path / "t").read_text()
    assert MARK.findall(written) == []
    sids = {*state.numbers, *(it.sid for it in state.accounts), PROFILE, PRODUCT}
    numbers = {it.phone_number.lstrip("+") for it in state.numbers.values()}
    assert [it for it in sids | numbers if it in written] == []


def test_with_json_the_sentence_is_not_on_standard_output(twilio: Start, doctor_here: Doctor, tmp_path: Path) -> None:
    _, out, err = doctor_here(twilio(**DONE), "--json", "--transcript", str(tmp_path / "t"))

    assert json.loads(out)["in_the_way"] == []
    assert err == SENTENCE.format(tmp_path / "t", f"{len(transcript(tmp_path / 't'))} requests")


def test_every_try_is_in_it_and_what_kept_an_answer_from_coming(
    twilio: Start, doctor_here: Doctor, tmp_path: Path
) -> None:
    simulated = twilio(**DONE)
    plan = simulated.simulator.controls.plan_fault
    plan(operation="GET /v1/TrustProducts", status=429, code=20429, message="Too Many Requests", retry_after=0, times=2)
    plan(operation="GET /v1/CustomerProfiles", kind="reset")
    plan(operation=f"GET /v1/CustomerProfiles/{PROFILE}/ChannelEndpointAssignments", kind="truncated")

    doctor_here(simulated, "--transcript", str(tmp_path / "t"))

    def tries(path: str) -> list[Any]:
        return [
            (it.get("status"), it.get("outage"), it.get("headers", {}).get("Retry-After"))
            for it in transcript(tmp_path / "t")
            if it["url"].endswith(path)
        ]

    answered = (200, None, None)
    assert tries("/v1/TrustProducts")[:3] == [(429, None, "0"), (429, None, "0"), answered]
    assert tries("/v1/CustomerProfiles")[:2] == [(None, "connection reset", None), answered]
    assert tries("/ChannelEndpointAssignments")[:2] == [(None, "answer cut off", None), answered]


def test_a_pause_before_a_try_is_none_of_its_seconds(
    twilio: Start, doctor_here: Doctor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    simulated = twilio(**DONE)
    simulated.simulator.controls.plan_fault(operation="GET /v1/TrustProducts", status=429, retry_after=2)
    clock = itertools.count()
    monkeypatch.setattr(exchanges, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(CarefulRetry, "sleep", lambda *_: [next(clock) for _ in range(1000)])

    doctor_here(simulated, "--transcript", str(tmp_path / "t"))

    assert max(it["seconds"] for it in transcript(tmp_path / "t")) < 1000


def test_a_rehearsal_s_is_one_of_twilio_s_hosts_and_of_the_product_s_own_requests(
    command: Command, simulator: Simulator, tmp_path: Path
) -> None:
    command("run", "--live", "--dry-run", "--transcript", str(tmp_path / "t"), "--twilio", simulator.url)

    # One more asks, without credentials, whether anything answers there.
    assert len(transcript(tmp_path / "t")) == sum(simulator.calls.values()) - 1
    assert urlsplit(simulator.url).netloc not in (tmp_path / "t").read_text()


def test_credentials_that_are_refused_are_in_it(twilio: Start, doctor_here: Doctor, tmp_path: Path) -> None:
    simulated = twilio(**DONE)
    wrong = {"TWILIO_AUTH_TOKEN": "5ec4e7" * 5 + "00"}

    code, out, _ = doctor_here(simulated, "--transcript", str(tmp_path / "t"), **wrong)

    assert code == 1
    assert "holds 1 request with what came back" in out
    [refused] = transcript(tmp_path / "t")
    assert (refused["status"], refused["body"]["code"], refused["body"]["message"]) == (401, 20003, "Authenticate")


@pytest.mark.parametrize("arguments", [["doctor"], ["run", "--live", "--dry-run"], ["run", "--live", "--yes"]])
def test_nothing_is_asked_of_twilio_when_it_cannot_be_written(
    arguments: list[str], command: Command, simulator: Simulator, tmp_path: Path
) -> None:
    (tmp_path / "t").write_text("mine")
    asked: list[str] = []
    simulator.interpose(lambda request: asked.append(request.path) if request.path != "/" else None)

    code, out, err = command(*arguments, "--transcript", str(tmp_path / "t"), "--twilio", simulator.url)

    assert (code, out, asked) == (2, "", [])
    told = "is there already and is not written over; name another file with --transcript."
    assert err == f"shaken-stir {arguments[0]}: The transcript {tmp_path / 't'} {told}\n"
    assert (tmp_path / "t").read_text() == "mine"


def test_a_run_s_changes_are_in_it(twilio: Start, laptop: Laptop, tmp_path: Path) -> None:
    simulated = twilio(subaccounts=[subaccount(1, 1)])

    said = laptop.run(simulated, "--yes", "--transcript", str(tmp_path / "t"))

    exchanges = transcript(tmp_path / "t")
    assert said.code == 0
    assert said.out.endswith(SENTENCE.format(tmp_path / "t", f"{len(simulated.sent)} requests"))
    assert len(exchanges) == len(simulated.sent)
    created = next(it for it in exchanges if it["method"] == "POST")
    assert created["status"] == 201
    assert created["form"]["Email"] == created["body"]["email"] == "redacted0009@example.com"
    assert "acme" not in (tmp_path / "t").read_text().casefold()


def test_a_dry_run_s_reading_is_in_it(twilio: Start, laptop: Laptop, tmp_path: Path) -> None:
    simulated = twilio()

    laptop.run(simulated, "--dry-run", "--transcript", str(tmp_path / "t"))

    assert [it["method"] for it in transcript(tmp_path / "t")] == ["GET"] * len(simulated.sent)


def test_a_transcript_is_of_twilio_alone(command: Command) -> None:
    code, _, err = command("run", "--transcript", "t")
    assert (code, err) == (2, "shaken-stir run: --transcript is for --live only; leave it out.\n")

    code, _, err = command("doctor", "--stack", "shaken-stir", "--transcript", "t")
    assert (code, err) == (
        2,
        "shaken-stir doctor: --event and --transcript are for a look at Twilio; leave that out with --stack.\n",
    )
