"""The doctor's survey of an account: it changes nothing, is content with few requests at once, and can be stopped."""

import threading
import time

import pytest

from onboarding.errors import TwilioThrottled
from onboarding.twilio.trust_hub import REQUESTS_AT_ONCE, TrustHub
from shaken_stir.live import account, request, survey
from shaken_stir.live.read_only import WriteRefused, read_only
from simulator.messages import Request
from tests.commands.ctrl_c import press, process_ends_after, threads_awaited
from tests.commands.live.conftest import Doctor, Start
from tests.commands.live.doctor import DONE
from tests.world import NAMED, subaccount


def test_a_throttled_get_is_sent_again(twilio: Start, doctor_here: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "PAUSES", (0,))
    throttled = {"operation": "GET */CustomerProfiles*", "status": 429, "times": 4}

    code, _, _ = doctor_here(twilio(**DONE, faults=[throttled]))

    assert code == 0


def test_an_account_that_cannot_be_read_is_told(
    twilio: Start, doctor_here: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "PAUSES", ())

    code, out, _ = doctor_here(twilio(**DONE, faults=[{"operation": "GET /v1/*", "status": 500, "times": 0}]))

    assert code == 1
    assert "✗ Twilio failed at GET /v1/CustomerProfiles with HTTP 500" in " ".join(out.split())


def test_a_big_fleet_is_read_side_by_side_but_by_few_at_once(twilio: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    simulated = twilio(subaccounts=[subaccount(index, 1) for index in range(1, 61)])
    simulated.known_here(monkeypatch)
    told: list[tuple[str, int, int | None]] = []
    at_once, most, lock, together = 0, 0, threading.Lock(), threading.Event()

    def count(asked: Request) -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
            if at_once > 1:
                together.set()
        if "IncomingPhoneNumbers" in asked.path:
            if not together.wait(60):
                together.set()
            time.sleep(0.01)
        with lock:
            at_once -= 1

    simulated.simulator.interpose(count)
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
    accounts = 400
    simulated = twilio(subaccounts=[subaccount(index, 1) for index in range(1, accounts + 1)], latency=0.02)
    simulated.known_here(monkeypatch)
    hub = account.trust_hub(account.credentials(simulated.environment()))

    def stop(_: str, done: int, total: int | None) -> None:
        if total and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        survey.take(hub, request.complete(NAMED), stop)

    assert sum("IncomingPhoneNumbers" in sent.path for sent in simulated.sent) < accounts


def test_ctrl_c_ends_it_cleanly(twilio: Start, doctor_here: Doctor) -> None:
    accounts = 400
    simulated = twilio(subaccounts=[subaccount(index, 1) for index in range(1, accounts + 1)])
    once = threading.Semaphore(1)

    def press_at_the_first(asked: Request) -> None:
        if "IncomingPhoneNumbers" in asked.path:
            if once.acquire(blocking=False):
                press()
            # Whoever would ask for all accounts after it was stopped would take long.
            time.sleep(0.1)

    simulated.simulator.interpose(press_at_the_first)
    with process_ends_after(), threads_awaited():
        stopped = doctor_here(simulated)

    assert stopped == (130, "", "Stopped. Nothing is left behind: run it again at any time.\n")
    assert len(simulated.sent) < accounts


def test_a_survey_gives_up_when_twilio_keeps_throttling(twilio: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "PAUSES", (0,))
    simulated = twilio(faults=[{"operation": "GET */TrustProducts*", "status": 429, "times": 0}])
    simulated.known_here(monkeypatch)
    hub = account.trust_hub(account.credentials(simulated.environment()))

    with pytest.raises(TwilioThrottled):
        survey.take(hub, request.complete({}))
