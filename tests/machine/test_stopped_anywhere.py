"""An execution stopped at any state, a handler killed at any point: the same request, sent again, finishes the work.

The states and the functions are those of the definition and the template. One that the first run does not come
through needs a scenario in `OF_STATES` or `OTHER_WAYS`.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from urllib3.util import Retry

from shaken_stir.engine.template import Template
from shaken_stir.project import ROOT
from shaken_stir.simulated.place import SimulatedPlace
from simulator.fleet import Fleet, Verdict
from simulator.messages import Request, Response
from simulator.reviews import UNDER_REVIEW
from tests.dying import ANSWER
from tests.machine.conftest import Fault
from tests.machine.interruptions import Kills, stopped_on_entering
from tests.world import (
    NAMED,
    NEVER,
    PRODUCT,
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
        down: Whether Twilio is down, from the end of the Map on until the execution is stopped.
        verdict: How the review ends once it is awaited, if it has not ended by itself.
        end: The status and the error with which the request that is sent again ends.
    """

    request: dict[str, Any] = field(default_factory=lambda: NAMED)
    fleet: dict[str, Any] = field(default_factory=dict)
    before: Callable[[SimulatedPlace], None] = nothing
    down: bool = False
    verdict: Verdict = "approved"
    end: tuple[str, str | None] = ("SUCCEEDED", None)


def orphan(local: SimulatedPlace) -> None:
    """A number is released, and a run over the fleet names it."""
    local.run({})
    local.simulator.controls.release(phone_number(1, 0))
    local.run({})


def drift(local: SimulatedPlace) -> None:
    """Somebody takes a number off the product, and another one off the profile, too."""
    local.run({})
    for bundle, number in [(PRODUCT, 0), (PRODUCT, 1), (PROFILE, 1)]:
        local.simulator.controls.drop_assignment(bundle, phone_number(1, number))


FIRST_RUN = Scenario()
APPROVED = {"products": [product(business_profile=PROFILE)]}
ORPHANS = Scenario(request={"release_orphans": True}, fleet=APPROVED, before=orphan)
DRIFT = Scenario(request={}, fleet=APPROVED, before=drift)
QUICK_REVIEW = Scenario(fleet={"review": {"seconds": 0}})
REJECTION = Scenario(verdict="rejected", end=("FAILED", "TrustProductRejected"))
OUTAGE = Scenario(down=True)

OF_STATES = {
    "Release Orphans": ORPHANS,
    "Wait Out The Outage": OUTAGE,
    "What Failed?": REJECTION,
    "Read Report": REJECTION,
    "Rejected?": REJECTION,
}
OTHER_WAYS = {
    "a quick review": (QUICK_REVIEW, ["await_review"]),
    "a rejection": (REJECTION, ["check_trust_product"]),
    "orphans": (ORPHANS, ["find_orphans", "release_orphans"]),
    "drift": (DRIFT, ["audit_assignments"]),
}
"""The functions that a first run does not invoke, or that do more in other scenarios."""


def states(level: dict[str, Any]) -> Iterator[str]:
    """The states in which an execution can be stopped, those within the Map included."""
    for name, state in level["States"].items():
        if state["Type"] not in {"Succeed", "Fail"}:
            yield name
        yield from states(state["ItemProcessor"]) if "ItemProcessor" in state else ()


STATES = list(states(json.loads(DEFINITION.read_text(encoding="utf-8"))))
FUNCTIONS = [function.module for function in Template(ROOT / "template.yaml", {}).functions.values()]
TURNS = range(1, 9)
"""Before which of its effects a handler is killed; none has as many."""
again = pytest.mark.parametrize("stop", [True, False], ids=["sent again", "tried again"])


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


@pytest.mark.parametrize("state", STATES)
def test_an_execution_stopped_on_entering(state: str, faults: list[Fault], monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = OF_STATES.get(state, FIRST_RUN)
    monkeypatch.setattr(Retry, "sleep", lambda *_: None)  # the HTTP client's pauses know no time scale

    with started(scenario) as local, stopped_on_entering(local, state) as stopped:

        def down(request: Request) -> Response | None:
            assigned = any(product.endpoints for product in local.simulator.state.trust_products)
            if not assigned or stopped.is_set() or not re.fullmatch(r"/v1/TrustProducts/BU\w+", request.path):
                return None
            return error(429, 20429, "Too Many Requests")

        if scenario.down:
            faults.append(down)
        ended = send(local, scenario)

        assert stopped.is_set(), f"No run came through {state!r}: add a scenario that does to OF_STATES in {HERE}."
        assert ended["status"] == "ABORTED"
        finished(local, scenario, send(local, scenario))


@again
@pytest.mark.parametrize("turn", TURNS)
def test_handlers_killed_before_their_effect(turn: int, *, stop: bool) -> None:
    killed = killed_once_each(FIRST_RUN, FUNCTIONS, turn, stop=stop)

    if turn == TURNS[-1]:
        elsewhere = {function for _, functions in OTHER_WAYS.values() for function in functions}
        missing = set(FUNCTIONS) - killed.keys() - elsewhere
        assert not missing, f"The first run invokes none of {missing}: add scenarios that do to OTHER_WAYS in {HERE}."
        assert set(killed.values()) == {ANSWER}, f"There are functions with more effects: add to TURNS in {HERE}."


@again
@pytest.mark.parametrize("way", OTHER_WAYS)
def test_handlers_on_another_way_killed_before_each_effect(way: str, *, stop: bool) -> None:
    scenario, functions = OTHER_WAYS[way]
    for turn in TURNS:
        killed = killed_once_each(scenario, functions, turn, stop=stop)

        assert killed.keys() == set(functions), f"The scenario of {way!r} in OTHER_WAYS in {HERE} invokes {[*killed]}."
        if set(killed.values()) == {ANSWER}:
            return
    pytest.fail(f"There are functions with more effects: add to TURNS in {HERE}.")


def killed_once_each(scenario: Scenario, functions: list[str], turn: int, *, stop: bool) -> dict[str, str]:
    """Kill each function once, and send the request until a run comes to its end.

    Returns:
        What each function was killed before.
    """
    with started(scenario) as local:
        kills = Kills(local, functions, turn, stop=stop)
        ends: list[dict[str, Any]] = []
        with kills.awaited():
            while not ends or ends[-1]["status"] == "ABORTED":
                ends.append(send(local, scenario))

        finished(local, scenario, ends[-1])
        assert len(ends) <= 1 + len(kills.before) * stop
        return kills.before
