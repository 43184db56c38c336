"""`shaken-stir doctor` on an account that it cannot tell from a real one."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from onboarding.errors import TwilioThrottled
from onboarding.twilio.trust_hub import REQUESTS_AT_ONCE, TrustHub
from shaken_stir.cli.main import execute
from shaken_stir.live import account, request, survey
from shaken_stir.live.assumptions import ASSUMPTIONS
from shaken_stir.live.read_only import WriteRefused, read_only
from shaken_stir.project import ROOT
from simulator.app import App
from simulator.messages import Request, Response
from tests.integration.ascii_output import run_in_ascii
from tests.integration.live.conftest import Start
from tests.integration.live.twilio_itself import HOSTS, TwilioItself
from tests.integration.onboarding.world import NAMED, PRODUCT, PROFILE, error, phone_number, subaccount, wait_until
from tests.integration.onboarding.world import account as account_sid

COMMAND = [sys.executable, "-m", "shaken_stir.cli.main", "doctor"]
FIRST, SECOND = phone_number(1, 0), phone_number(1, 1)
DONE = {
    "profiles": [{"sid": PROFILE, "status": "twilio-approved", "numbers": [FIRST, FIRST, SECOND]}],
    "products": [
        {"sid": PRODUCT, "status": "twilio-approved", "business_profile": PROFILE, "numbers": [FIRST, SECOND]}
    ],
}

type Doctor = Callable[..., tuple[int, str, str]]
type Answer = Callable[[Request], Response | None]


def doctor(simulated: TwilioItself, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=simulated.environment(**variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def doctor_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """The command within the test's process, for what a test changes in it."""

    def run(simulated: TwilioItself | None, *arguments: str, **variables: str) -> tuple[int, str, str]:
        if simulated:
            simulated.known_here(monkeypatch)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        code = execute(["doctor", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Answer]:
    """Functions that may answer a request before the simulator does."""
    planned: list[Answer] = []
    answer = App.answer

    def answer_first(app: App, asked: Request) -> Response:
        for it in planned:
            if response := it(asked):
                return response
        return answer(app, asked)

    monkeypatch.setattr(App, "answer", answer_first)
    return planned


def test_an_output_that_takes_only_ascii_gets_the_rest_as_numbers(
    twilio: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    twilio(**DONE).known_here(monkeypatch)

    code, told = run_in_ascii(monkeypatch, "doctor")

    assert code == 0
    assert f"  \\u2713 {PRODUCT} (twilio-approved): a run uses it.\n" in told


def test_a_ready_account_is_told_line_by_line_and_changed_in_nothing(twilio: Start, tmp_path: Path) -> None:
    simulated = twilio(subaccounts=[subaccount(1), subaccount(2), subaccount(3, status="suspended")], **DONE)
    event = tmp_path / "request.json"
    event.write_text(json.dumps({"include_parent": True}))
    before = repr(simulated.simulator.state.trust_products.in_order())

    done = doctor(simulated, "--event", str(event))

    assert (done.returncode, done.stderr) == (0, "")
    for line in (
        "✓ The Auth Token of AC0123456789abcdef0123456789abcdef 'Parent' works; it is a parent account.",
        "✓ 2 subaccounts active; a run would work on 3 accounts.",
        f"! 1 subaccount suspended: {account_sid(3)}; only active ones are worked on.",
        f"✓ {PROFILE} 'Business Profile' (twilio-approved): a run uses it.",
        f"✓ {PRODUCT} (twilio-approved): a run uses it.",
        f"✓ It is connected to {PROFILE}",
        "✓ 4 numbers in all; eligible: 4 of US.",
        "✓ 2 on the Trust Product.",
        "! 2 on neither.\n",
        f"      +15125550100 ({phone_number(2, 0)} of Subaccount 2, {account_sid(2)}): to be put on",
        f"! 2 eligible of {account_sid(3)} (suspended) left out.",
        f"! 1 number assigned to the Business Profile more than once: {FIRST}.",
        "✓ put 2 numbers on the Trust Product",
        "✓ in all: 4 POSTs",
        "✓ A look-up of up to 100 numbers finds each one that is assigned.",
        "✓ Twilio may keep two assignments of one number.",
        "✓ The numbers of a suspended subaccount can be listed, too.",
        "? A rejected Trust Product can be submitted again.",
        "2  POST /v1/TrustProducts/{Sid}/ChannelEndpointAssignments",
        "Nothing is in the way. Nothing was changed: doctor sends GETs only.",
    ):
        assert line in done.stdout
    assert {(sent.method, sent.host) for sent in simulated.sent} == {("GET", host) for host in HOSTS}
    assert repr(simulated.simulator.state.trust_products.in_order()) == before


def test_pages_are_followed_over_tls_too(twilio: Start) -> None:
    numbers = [phone_number(1, index) for index in range(1001)]
    profiles = [{"sid": PROFILE, "status": "twilio-approved", "numbers": numbers}]
    simulated = twilio(subaccounts=[subaccount(1, 1001)], profiles=profiles, products=DONE["products"])

    done = doctor(simulated, "--json")

    assert json.loads(done.stdout)["numbers"] == {"on_trust_product": 2, "on_business_profile": 999}
    paths = [sent.path for sent in simulated.sent]
    # Two pages, and one look-up.
    assert paths.count(f"/v1/CustomerProfiles/{PROFILE}/ChannelEndpointAssignments") == 2 + 1
    # 500, 500 and 1.
    assert paths.count(f"/2010-04-01/Accounts/{account_sid(1)}/IncomingPhoneNumbers.json") == 3


def test_json_is_one_object_and_nothing_else(twilio: Start) -> None:
    done = doctor(twilio(**DONE), "--json")

    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert set(found) == {
        "account_sid",
        "in_the_way",
        "accounts",
        "deletes",
        "sections",
        "state_file",
        "subaccounts",
        "twilio",
        "numbers",
        "business_profile_sid",
        "trust_product_sid",
        "gets",
        "posts",
    }
    assert (found["twilio"], found["state_file"]) == (None, None)
    assert found["subaccounts"] == {"active": 2}
    assert found["posts"] == {
        "/v1/CustomerProfiles/{Sid}/ChannelEndpointAssignments": 2,
        "/v1/TrustProducts/{Sid}/ChannelEndpointAssignments": 2,
    }


def test_what_is_in_the_way_is_told_and_ends_in_exit_code_1(twilio: Start) -> None:
    done = doctor(twilio())

    assert done.returncode == 1
    assert "✗ The account AC0123456789abcdef0123456789abcdef has no SHAKEN/STIR Trust Product yet" in done.stdout
    assert "Something is in the way." in done.stdout


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"TWILIO_ACCOUNT_SID": ""}, "TWILIO_ACCOUNT_SID is not set"),
        ({"TWILIO_AUTH_TOKEN": ""}, "TWILIO_AUTH_TOKEN is not set"),
        (
            {"TWILIO_ACCOUNT_SID": "", "TWILIO_AUTH_TOKEN": ""},
            "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set",
        ),
        ({"TWILIO_ACCOUNT_SID": "SK" + "0" * 32}, "TWILIO_ACCOUNT_SID is an API key (SK...)"),
        ({"TWILIO_ACCOUNT_SID": "AC123"}, "is not AC and 32 hexadecimal digits"),
    ],
)
def test_credentials_that_cannot_be_are_told_in_one_sentence(
    variables: dict[str, str], told: str, doctor_here: Doctor
) -> None:
    given = {"TWILIO_ACCOUNT_SID": account_sid(1), "TWILIO_AUTH_TOKEN": "0" * 32, **variables}

    code, out, err = doctor_here(None, **given)

    assert (code, out) == (2, "")
    assert err.startswith("shaken-stir doctor: ")
    assert err.count("\n") == 1
    assert told in err


def test_a_request_that_cannot_be_is_told_in_one_sentence(doctor_here: Doctor, twilio: Start, tmp_path: Path) -> None:
    event = tmp_path / "request.json"
    event.write_text('{"colour": 1}')

    code, out, err = doctor_here(twilio(), "--event", str(event))

    assert (code, out) == (2, "")
    assert "colour is not known" in err


def test_a_wrong_token_is_told_without_repeating_it(twilio: Start) -> None:
    token = "f" * 32

    done = doctor(twilio(), TWILIO_AUTH_TOKEN=token)

    assert done.returncode == 1
    assert "✗ Twilio refused the credentials (HTTP 401); check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN" in done.stdout
    assert token not in done.stdout + done.stderr


def test_a_subaccount_s_credentials_are_recognised(
    twilio: Start, doctor_here: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated, parent = twilio(), "AC" + "9" * 32
    own = simulated.simulator.state.accounts.get(simulated.simulator.account_sid)
    monkeypatch.setattr(own, "owner_sid", parent)

    code, out, _ = doctor_here(simulated)

    assert code == 1
    assert f"a subaccount of {parent}; set the parent's SID and Auth Token" in " ".join(out.split())
    assert len(simulated.sent) == 1


def test_orphans_are_not_concluded_from_a_fleet_that_could_not_be_read_in_full(
    twilio: Start, answers: list[Answer], doctor_here: Doctor
) -> None:
    simulated = twilio(subaccounts=[subaccount(1), subaccount(2, status="suspended")], **DONE)
    simulated.simulator.controls.release(FIRST)
    answers.append(
        lambda asked: error(403, 20003, "Account suspended") if f"/{account_sid(2)}/Incoming" in asked.path else None
    )

    code, out, _ = doctor_here(simulated)

    assert code == 0
    assert f"! The numbers of {account_sid(2)} could not be read: Twilio refused GET" in out
    assert "? Orphans: not looked for" in out
    assert "! Not borne out here: The numbers of a suspended subaccount can be listed, too." in out


def test_an_orphan_is_told(twilio: Start, doctor_here: Doctor) -> None:
    simulated = twilio(**DONE)
    simulated.simulator.controls.release(FIRST)

    _, out, _ = doctor_here(simulated)

    assert f"! 1 assigned number in no account any more: {FIRST}." in out


def test_a_look_up_that_misses_a_number_is_told(twilio: Start, answers: list[Answer], doctor_here: Doctor) -> None:
    empty = Response(200, {"results": [], "meta": {"key": "results", "next_page_url": None}})
    answers.append(lambda asked: empty if "ChannelEndpointSids" in asked.query else None)

    code, out, _ = doctor_here(twilio(**DONE))

    assert code == 1
    assert "✗ A look-up of assigned numbers by their SIDs did not find them all" in out
    assert "! Not borne out here: A look-up of up to 100 numbers finds each one that is assigned." in out


def test_a_throttled_get_is_sent_again(
    twilio: Start, answers: list[Answer], doctor_here: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "PAUSES", (0,))
    throttled = threading.Semaphore(4)
    answers.append(
        lambda asked: (
            error(429, 20429, "Too Many Requests")
            if "CustomerProfiles" in asked.path and throttled.acquire(blocking=False)
            else None
        )
    )

    code, _, _ = doctor_here(twilio(**DONE))

    assert code == 0


def test_an_account_that_cannot_be_read_is_told(
    twilio: Start, answers: list[Answer], doctor_here: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "PAUSES", ())
    answers.append(lambda asked: error(500, 20500, "Internal Server Error") if "/v1/" in asked.path else None)

    code, out, _ = doctor_here(twilio(**DONE))

    assert code == 1
    assert "✗ Twilio failed at GET /v1/CustomerProfiles with HTTP 500" in " ".join(out.split())


def test_a_big_fleet_is_read_side_by_side_but_by_few_at_once(twilio: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    simulated = twilio(subaccounts=[subaccount(index, 1) for index in range(1, 61)], latency=0.01)
    simulated.known_here(monkeypatch)
    told: list[tuple[str, int, int | None]] = []
    at_once, most, lock = 0, 0, threading.Lock()
    answer = simulated.simulator._app.answer

    def counted(asked: Request) -> Response:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        try:
            return answer(asked)
        finally:
            with lock:
                at_once -= 1

    monkeypatch.setattr(simulated.simulator._app, "answer", counted)
    hub = account.trust_hub(account.credentials(simulated.environment()))
    with read_only():
        survey.take(hub, request.complete(NAMED), lambda *what: told.append(what))

    assert 1 < most <= REQUESTS_AT_ONCE
    assert told[-1] == ("accounts' phone numbers", 61, 61)
    assert [done for what, done, _ in told if what == "accounts' phone numbers"] == list(range(62))


def test_nothing_in_it_can_change_anything(twilio: Start, doctor_here: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    simulated = twilio()
    monkeypatch.setattr(
        TrustHub, "trust_products", lambda hub: [hub.create_trust_product("Acme", "trust@acme.example")]
    )

    with pytest.raises(WriteRefused, match="POST /v1/TrustProducts to"):
        doctor_here(simulated)

    assert {sent.method for sent in simulated.sent} == {"GET"}


def test_a_survey_that_is_stopped_asks_for_no_further_account(twilio: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    simulated = twilio(subaccounts=[subaccount(index, 1) for index in range(1, 61)], latency=0.02)
    simulated.known_here(monkeypatch)
    hub = account.trust_hub(account.credentials(simulated.environment()))

    def stop(_: str, done: int, total: int | None) -> None:
        if total and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        survey.take(hub, request.complete(NAMED), stop)

    assert sum("IncomingPhoneNumbers" in sent.path for sent in simulated.sent) < 60


def test_ctrl_c_ends_it_cleanly(twilio: Start) -> None:
    simulated = twilio(subaccounts=[subaccount(index, 1) for index in range(1, 61)], latency=0.3)
    with subprocess.Popen(
        COMMAND, cwd=ROOT, env=simulated.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert wait_until(lambda: any("IncomingPhoneNumbers" in sent.path for sent in list(simulated.sent)))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)

    assert process.returncode == 130
    assert (out, err) == ("", "Stopped. Nothing is left behind: run it again at any time.\n")
    assert len(simulated.sent) < 60


def test_every_assumption_is_explained() -> None:
    explained = " ".join((ROOT / "docs/first-day.md").read_text(encoding="utf-8").split())

    assert [it.text for it in ASSUMPTIONS if it.text not in explained] == []


def test_a_survey_gives_up_when_twilio_keeps_throttling(
    twilio: Start, answers: list[Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "PAUSES", (0, 0))
    simulated = twilio()
    simulated.known_here(monkeypatch)
    answers.append(lambda asked: error(429, 20429, "Too Many Requests") if "TrustProducts" in asked.path else None)
    hub = account.trust_hub(account.credentials(simulated.environment()))

    with pytest.raises(TwilioThrottled):
        survey.take(hub, request.complete({}))
