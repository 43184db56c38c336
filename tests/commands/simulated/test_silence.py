"""While Twilio does not answer, `shaken-stir run` says so."""

import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from shaken_stir.project import EXAMPLE_EVENT, load_event
from shaken_stir.simulated.place import SimulatedPlace
from shaken_stir.snapshot import Snapshot
from simulator.fleet import load_fleet
from simulator.messages import Request
from tests.commands.output import run_in_ascii
from tests.commands.simulated.running import SOON, shaken_stir
from tests.commands.terminal import OWN_SEQUENCES
from tests.world import a_fleet, subaccount

CLOCK = r"\d\d:\d\d:\d\d UTC"


def lines_of_a_run(folder: Path, fleet: dict[str, Any], *faults: dict[str, Any]) -> list[str]:
    """What a run says while something goes wrong at Twilio."""
    file = folder / "fleet.json"
    file.write_text(json.dumps(fleet | {"faults": faults}), encoding="utf-8")
    done = shaken_stir("run", "--fleet", str(file), *SOON)
    assert done.code == 0, done.err
    return done.out.splitlines()


def test_a_state_that_is_tried_again_is_a_line_with_the_reason_and_the_time(tmp_path: Path) -> None:
    fleet = a_fleet(subaccounts=[subaccount(1, 1)])
    # As often as one attempt of the state asks; the next attempt lasts, however short the pause before it was.
    fails = {"operation": "GET /v1/CustomerProfiles", "times": 4}
    lasts = {"operation": "GET /v1/CustomerProfiles", "kind": "late", "seconds": 0.5}

    lines = lines_of_a_run(tmp_path, fleet, fails, lasts)

    told = [line for line in lines if "is tried again" in line]
    assert len(told) == 1
    assert re.fullmatch(
        r" +\d+\.\d s  Find Business Profile is tried again: "
        rf"Twilio failed at GET /v1/CustomerProfiles with HTTP 503; since {CLOCK}, (next at {CLOCK}|being tried now)",
        told[0],
    )


def test_throttling_of_many_subaccounts_is_no_more_than_a_line_per_attempt(tmp_path: Path) -> None:
    fleet = a_fleet(subaccounts=[subaccount(number, 1) for number in range(1, 6)])
    lists = "GET */IncomingPhoneNumbers.json"

    throttled = {"operation": lists, "status": 429, "times": 4, "each": True}
    lasts = {"operation": lists, "kind": "late", "seconds": 0.5}
    lines = lines_of_a_run(tmp_path, fleet, throttled, lasts)

    told = [line for line in lines if "List Phone Numbers is tried again for" in line]
    assert 1 <= len(told) < 5
    assert "Twilio is throttling GET /2010-04-01/Accounts/AC…/IncomingPhoneNumbers.json" in told[0]


def test_a_request_without_an_answer_is_known_until_it_is_answered() -> None:
    asked, seen = threading.Semaphore(1), threading.Event()
    snapshots: list[Snapshot] = []

    def wait_the_second_time(request: Request) -> None:
        if request.path == "/v1/CustomerProfiles" and not asked.acquire(blocking=False):
            seen.wait()

    def on_change(snapshot: Snapshot) -> None:
        snapshots.append(snapshot)
        if snapshot.retries:
            seen.set()

    with SimulatedPlace(load_fleet("1x1"), 0.02) as local:
        fault = local.simulator.controls.plan_fault(operation="GET /v1/CustomerProfiles", kind="reset")
        local.simulator.interpose(wait_the_second_time)
        report = local.run(load_event(EXAMPLE_EVENT), on_change)

    assert report.status == "SUCCEEDED"
    assert fault.happened == 1
    [unanswered] = next(snapshot.retries for snapshot in snapshots if snapshot.retries)
    assert unanswered.state is None
    assert unanswered.reason == "Twilio did not answer GET /v1/CustomerProfiles (ProtocolError)"
    assert snapshots[-1].retries == []


def test_a_terminal_that_takes_only_ascii_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    code, told = run_in_ascii(monkeypatch, "run", "--fleet", "1x1", *SOON, terminal=True)

    text = OWN_SEQUENCES.sub("", told)
    assert code == 0
    assert text != told
    assert "\\x" not in text
    assert "s  Trust Product: twilio-approved\n" in text
