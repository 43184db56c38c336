"""An execution stopped at any state: the same request, sent again, finishes the work.

The states are those of the definition: in `make faults` all of them, in `make test` those in which something happens:
what only chooses leaves nothing behind. One that a first run does not come through needs a scenario in `OTHERWISE`.
What each handler leaves behind when it is killed is shown in tests/steps/test_killed_anywhere.py.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest
from urllib3.util import Retry

from shaken_stir.engine.template import Template
from shaken_stir.project import ROOT
from shaken_stir.simulated.place import SimulatedPlace
from simulator.fleet import Fleet, Verdict
from simulator.messages import Request, Response
from simulator.reviews import UNDER_REVIEW
from tests.machine.interruptions import Kills, stopped_on_entering
from tests.steps.examples import thorough
from tests.world import (
    NAMED,
    NEVER,
    PROFILE,
    a_fleet,
    all_signed_once,
    error,
    phone_number,
    product,
    waiting,
)
from tools.definition import DEFINITION

SCALE = 0.001
"""A lease that nobody gives back ends after 0.9 seconds."""
LAG = 8
"""Almost as many seconds as the template says that lists may lag, before the time scale."""
HERE = "tests/machine/test_stopped_anywhere.py"


def nothing(_local: SimulatedPlace) -> None:
    """What most scenarios need to happen first."""


@dataclass(frozen=True)
class Scenario:
    """A way through the machine.

    Attributes:
        request: What is sent, and sent again.
        fleet: What differs from the fleet of `a_fleet`.
        before: What happens before.
        down: The paths that Twilio answers no more, from the end of the Map on until the execution is stopped.
        verdict: How the review ends once it is awaited, if it has not ended by itself.
        end: The status and the error with which the request that is sent again ends.
    """

    request: dict[str, Any] = field(default_factory=lambda: NAMED)
    fleet: dict[str, Any] = field(default_factory=dict)
    before: Callable[[SimulatedPlace], None] = nothing
    down: str = ""
    verdict: Verdict = "approved"
    end: tuple[str, str | None] = ("SUCCEEDED", None)


def orphan(local: SimulatedPlace) -> None:
    """A number that a run has seen is released, and a run over the fleet names it."""
    local.run({})
    local.simulator.controls.release(phone_number(1, 0))
    local.run({})


FIRST_RUN = Scenario()
ON_BOTH = [phone_number(1, 0)]
SIGNED = {
    "products": [product(business_profile=PROFILE, numbers=ON_BOTH)],
    "profiles": [{"sid": PROFILE, "status": "twilio-approved", "primary": True, "numbers": ON_BOTH}],
}
ORPHANS = Scenario(request={"release_orphans": True}, fleet=SIGNED, before=orphan)
REJECTION = Scenario(verdict="rejected", end=("FAILED", "TrustProductRejected"))
OUTAGE = Scenario(down=r"/v1/TrustProducts/BU\w+")
NUMBERS_OF_THE_PARENT = r".*/AC(0123456789abcdef){2}/IncomingPhoneNumbers\.json"
ONE_NUMBER = r".*/IncomingPhoneNumbers/PN\w+\.json"

OTHERWISE = {
    "Orphans Not Looked For": replace(ORPHANS, down=NUMBERS_OF_THE_PARENT),
    "Release Orphans": ORPHANS,
    "Orphans Not Released": replace(ORPHANS, down=ONE_NUMBER),
    "Wait Out The Outage": OUTAGE,
    "What Failed?": REJECTION,
    "Read Report": REJECTION,
    "Rejected?": REJECTION,
}
"""The states that a first run does not come through, each with a scenario that does."""


def states(level: dict[str, Any]) -> Iterator[str]:
    """The states in which an execution is stopped, those within the Map included."""
    for name, state in level["States"].items():
        if state["Type"] not in {"Succeed", "Fail"} and (thorough() or state["Type"] not in {"Choice", "Pass"}):
            yield name
        yield from states(state["ItemProcessor"]) if "ItemProcessor" in state else ()


STATES = list(states(json.loads(DEFINITION.read_text(encoding="utf-8"))))
FUNCTIONS = [function.module for function in Template(ROOT / "template.yaml", {}).functions.values()]


@contextmanager
def started(scenario: Scenario) -> Iterator[SimulatedPlace]:
    fleet = a_fleet(**{"lag": LAG, "review": {"seconds": NEVER}, **scenario.fleet})
    with SimulatedPlace(Fleet.model_validate(fleet), SCALE, {"PollSeconds": "60"}) as local:
        scenario.before(local)
        yield local


def send(local: SimulatedPlace, scenario: Scenario) -> dict[str, Any]:
    """Send the request, and let the review end once it is awaited; gives how the execution ended."""

    def decide() -> None:
        for it in local.simulator.state.trust_products:
            if it.status in UNDER_REVIEW and waiting(local):
                local.simulator.controls.decide(it.sid, scenario.verdict)

    return local.engine.wait(local.engine.start_execution(scenario.request), on_poll=decide, timeout=60)


def finished(local: SimulatedPlace, scenario: Scenario, ended: dict[str, Any]) -> None:
    """Hold that a run came to its scenario's end, with each number once where it belongs."""
    assert (ended["status"], ended.get("error")) == scenario.end, ended.get("cause")
    all_signed_once(local)


def stop(local: SimulatedPlace, scenario: Scenario, state: str) -> None:
    """Send the request, and stop the execution when it enters the state."""
    with stopped_on_entering(local, state) as stopped:
        if scenario.down:
            local.simulator.interpose(partial(down_once_assigned, local, stopped, scenario.down))
        ended = send(local, scenario)
    assert stopped.is_set(), f"No run came through {state!r}: add a scenario that does to OTHERWISE in {HERE}."
    assert ended["status"] == "ABORTED"


def down_once_assigned(
    local: SimulatedPlace, stopped: threading.Event, paths: str, request: Request
) -> Response | None:
    assigned = any(product.endpoints for product in local.simulator.state.trust_products)
    if not assigned or stopped.is_set() or not re.fullmatch(paths, request.path):
        return None
    return error(429, 20429, "Too Many Requests")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Retry, "sleep", lambda *_: None)  # the HTTP client's pauses know no time scale


def test_an_execution_stopped_on_entering_each_state_of_a_first_run() -> None:
    with started(FIRST_RUN) as local:
        for state in [it for it in STATES if it not in OTHERWISE]:
            stop(local, FIRST_RUN, state)

        finished(local, FIRST_RUN, send(local, FIRST_RUN))


@pytest.mark.parametrize("state", [it for it in OTHERWISE if it in STATES])
def test_an_execution_stopped_on_entering(state: str) -> None:
    scenario = OTHERWISE[state]
    with started(scenario) as local:
        stop(local, scenario, state)

        finished(local, scenario, send(local, scenario))


def test_handlers_whose_process_is_gone_are_tried_again() -> None:
    with started(FIRST_RUN) as local:
        kills = Kills(FUNCTIONS)
        with kills.awaited():
            ended = send(local, FIRST_RUN)

        finished(local, FIRST_RUN, ended)
        assert len(kills.before) > 10
