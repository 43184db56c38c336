"""The plan of a later run reads what earlier runs have recorded, and is what the run then does."""

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from rich.console import Console
from twilio.rest import Client

from onboarding.phone_numbers import Stage
from onboarding.twilio.http import TwilioHttpClient
from onboarding.twilio.trust_hub import TrustHub
from shaken_stir.cli.live import tell
from shaken_stir.live import plan, plan_words, request, survey
from shaken_stir.live.place import AWAITING_REVIEW
from shaken_stir.live.plan import Plan
from shaken_stir.live.state_file import StateFile
from shaken_stir.project import ROOT
from shaken_stir.simulated.place import SimulatedPlace
from simulator.app import App
from simulator.fleet import Fleet
from simulator.messages import Request, Response
from simulator.simulator import Simulator
from tests.commands.live.laptop import rehearsed
from tests.world import NAMED, a_fleet, phone_number, sent_by, subaccount, wait_until
from tests.world import account as account_sid

TIME_SCALE = 0.01
ALL_POSTS = 4 + 2 * 48
"""Create, connect, evaluate and submit; and each number on the profile and on the product."""
LISTS_SETTLE_SECONDS = 0.2
"""More than Twilio's lists may lag behind, at this time scale."""
FIRST, SECOND, THIRD = (phone_number(1, index) for index in range(3))
REFUSAL = {"code": 22205, "message": "is being ported out"}
NUMBER = {"sid": THIRD, "phone_number": "+15125550103", "refuse": REFUSAL}
REFUSING = {"subaccounts": [subaccount(1) | {"numbers": [*subaccount(1)["numbers"], NUMBER]}, subaccount(2)]}

type Act = Callable[[SimulatedPlace], object]


class Case(NamedTuple):
    """What happens between two runs, and the second one's request; `posts` is how many it sends."""

    act: Act
    event: dict[str, Any]
    posts: int
    fleet: Mapping[str, Any] = MappingProxyType({})
    deletes: int = 0


def nothing(_: SimulatedPlace) -> None:
    pass


def ported(local: SimulatedPlace) -> None:
    """Twilio would take the number now."""
    local.simulator.state.numbers[THIRD].refuse = None


def drop(*sids: str, products: bool = True, profiles: bool = True) -> Act:
    """Somebody takes numbers off the Trust Product, the Business Profile, or both."""

    def act(local: SimulatedPlace) -> None:
        state = local.simulator.state
        bundles = [*(state.trust_products if products else ()), *(state.customer_profiles if profiles else ())]
        for bundle in bundles:
            for sid in sids:
                local.simulator.controls.drop_assignment(bundle.sid, sid)

    return act


def release(*sids: str, then_run: bool = False) -> Act:
    def act(local: SimulatedPlace) -> None:
        for sid in sids:
            local.simulator.controls.release(sid)
        if then_run:
            local.run(NAMED)

    return act


CASES = {
    "nothing": Case(nothing, NAMED, posts=0),
    "a number that Twilio refused is left alone": Case(nothing, NAMED, posts=0, fleet=REFUSING),
    "a refused number that is named is tried again": Case(
        ported, {"subaccounts": [account_sid(1)], "phone_numbers": [FIRST, THIRD]}, posts=2, fleet=REFUSING
    ),
    "a number was taken off the product": Case(drop(FIRST, profiles=False), NAMED, posts=1),
    "numbers were taken off both": Case(drop(FIRST, SECOND), NAMED, posts=4),
    "a number was taken off, but only another is named": Case(
        drop(FIRST), {"subaccounts": [account_sid(1)], "phone_numbers": [SECOND]}, posts=0
    ),
    "a number was bought": Case(lambda local: local.simulator.controls.buy(account_sid(1)), NAMED, posts=2),
    "a number moved to another account": Case(
        lambda local: local.simulator.controls.move(FIRST, account_sid(2)), NAMED, posts=2
    ),
    "a number was released": Case(release(FIRST), NAMED, posts=0),
    "an orphan is named for the first time": Case(release(FIRST), NAMED | {"release_orphans": True}, posts=0),
    "orphans that were named are removed": Case(
        release(FIRST, SECOND, then_run=True), NAMED | {"release_orphans": True}, posts=0, deletes=4
    ),
    "another region": Case(nothing, NAMED | {"regions": ["CA"]}, posts=0, fleet=REFUSING),
}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


def plan_of(simulator: Simulator, event: dict[str, Any], file: Path, *, waits: bool = True) -> Plan:
    """The plan by what lies in the file, which another process may have open."""
    http_client = TwilioHttpClient(8, simulator.url)
    hub = TrustHub(Client(simulator.account_sid, simulator.auth_token, http_client=http_client))
    read = survey.take(hub, request.complete(event))
    http_client._session.close()
    return plan.make(read, StateFile(file, simulator.account_sid).look().known(), waits=waits)


@pytest.mark.parametrize("case", CASES)
def test_a_later_run_sends_what_was_planned(case: str, state: Path) -> None:
    act, event, posts, fleet, deletes = CASES[case]
    with ExitStack() as stack:
        local = stack.enter_context(SimulatedPlace(Fleet.model_validate(a_fleet(**fleet)), TIME_SCALE))
        file = stack.enter_context(StateFile(state, local.simulator.account_sid))
        stack.enter_context(file.kept(local.engine.environment["TABLE_NAME"], 0))
        assert local.run(NAMED).status == "SUCCEEDED"
        act(local)
        settled = time.time() + LISTS_SETTLE_SECONDS
        assert wait_until(lambda: time.time() > settled)

        planned = plan_of(local.simulator, event, state)
        report = local.run(event)

    assert report.status == "SUCCEEDED"
    assert sent_by("POST", report.twilio_calls) == planned.posts
    assert sent_by("DELETE", report.twilio_calls) == planned.deletes
    assert sent_by("GET", report.twilio_calls) == planned.gets
    assert (sum(planned.posts.values()), sum(planned.deletes.values())) == (posts, deletes)
    assert planned.changes == bool(posts or deletes)


def test_a_refused_number_is_told_with_twilio_s_words_and_when_it_is_tried_again(state: Path) -> None:
    with ExitStack() as stack:
        local = stack.enter_context(SimulatedPlace(Fleet.model_validate(a_fleet(**REFUSING)), TIME_SCALE))
        file = stack.enter_context(StateFile(state, local.simulator.account_sid))
        stack.enter_context(file.kept(local.engine.environment["TABLE_NAME"], 0))
        local.run(NAMED)
        planned = plan_of(local.simulator, NAMED, state)

    [refused] = [it for whose in planned.accounts for it in whose.numbers if it.stage is Stage.REFUSED]
    assert (refused.sid, refused.phone_number, refused.will_be_put_on) == (THIRD, "+15125550103", ())
    assert (refused.reason, refused.error_code) == ("is being ported out", 22205)
    assert refused.refused_at
    assert refused.tried_again_at == refused.refused_at + timedelta(days=7)
    assert refused.tried_again_at > datetime.now(UTC)
    told = "\n".join(plan_words.by_account(planned.accounts, every=False))
    assert f"Subaccount 1 ({account_sid(1)}): 1 refused" in told
    assert f"+15125550103 ({THIRD}): Twilio refused it: is being ported out (code 22205); tried again after 2" in told
    assert "change nothing" in plan_words.steps(planned)


def test_each_orphan_that_would_be_removed_is_named(state: Path) -> None:
    with ExitStack() as stack:
        local = stack.enter_context(SimulatedPlace(Fleet.model_validate(a_fleet()), TIME_SCALE))
        file = stack.enter_context(StateFile(state, local.simulator.account_sid))
        stack.enter_context(file.kept(local.engine.environment["TABLE_NAME"], 0))
        local.run(NAMED)
        release(FIRST, SECOND, then_run=True)(local)
        planned = plan_of(local.simulator, NAMED | {"release_orphans": True}, state)
    out = StringIO()

    tell(Console(file=out, width=200), planned, "would", every=False)

    assert planned.removes == (FIRST, SECOND)
    assert "  remove 2 orphans that a run before has named\n" in out.getvalue()
    assert all(f"    {sid}: an orphan, to be removed\n" in out.getvalue() for sid in (FIRST, SECOND))


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    fleet = a_fleet(subaccounts=[subaccount(1, 24), subaccount(2, 24)], review={"seconds": 500_000})
    with Simulator(Fleet.model_validate(fleet)) as simulated:
        yield simulated


def posted(simulator: Simulator) -> int:
    return sum(count for call, count in simulator.calls.items() if call.startswith("POST"))


def hold_posts(simulator: Simulator, monkeypatch: pytest.MonkeyPatch, after: int) -> threading.Event:
    """Answer no POST after so many until the event is set, so that a run cannot be through before it is stopped."""
    answer, stopping = App.answer, threading.Event()

    def answer_or_hold(app: App, request: Request) -> Response:
        if request.method == "POST" and posted(simulator) >= after:
            stopping.wait(60)
        return answer(app, request)

    monkeypatch.setattr(App, "answer", answer_or_hold)
    return stopping


@pytest.mark.parametrize("after", [4, 40])
def test_what_an_interrupted_run_left_undone_is_planned_and_done(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, after: int
) -> None:
    stopping = hold_posts(simulator, monkeypatch, after)
    command, environment = rehearsed(simulator, tmp_path)
    run: dict[str, Any] = {
        "cwd": ROOT,
        "env": environment,
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "text": True,
    }
    with subprocess.Popen([*command, "--yes"], **run) as process:
        assert wait_until(lambda: posted(simulator) >= after, 60)
        process.send_signal(signal.SIGINT)
        assert process.stderr
        assert process.stderr.readline().startswith("Stopping")
        stopping.set()
        process.communicate(timeout=60)
    left = ALL_POSTS - posted(simulator)
    assert left > 0

    dry = subprocess.run([*command, "--dry-run", "--json"], **run, check=True, timeout=60)
    done = subprocess.run([*command, "--yes", "--json"], **run, check=True, timeout=60)

    planned, report = json.loads(dry.stdout), json.loads(done.stdout)
    assert report["status"] == AWAITING_REVIEW
    assert sum(planned["posts"].values()) == left
    assert sent_by("POST", report["twilio_calls"]) == planned["posts"]
    assert sent_by("GET", report["twilio_calls"]) == planned["gets"]
