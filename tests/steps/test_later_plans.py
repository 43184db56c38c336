"""The plan of a later run reads what earlier runs have recorded, and is what the run then does."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from rich.console import Console

from onboarding import clients, settings
from onboarding.phone_numbers import Stage
from shaken_stir.cli.live import tell
from shaken_stir.live import plan, plan_words
from shaken_stir.live.plan import Plan
from shaken_stir.live.state_file import StateFile
from tests.steps.conftest import Start
from tests.steps.looking import look
from tests.steps.steps import Steps
from tests.steps.whole_run import run
from tests.world import NAMED, phone_number, sent_by, subaccount
from tests.world import account as account_sid

LISTS_SETTLE_SECONDS = 0.02
FIRST, SECOND, THIRD = (phone_number(1, index) for index in range(3))
REFUSAL = {"code": 22205, "message": "is another account's"}
NUMBER = {"sid": THIRD, "phone_number": "+15125550103", "refuse": REFUSAL}
REFUSING = {"subaccounts": [subaccount(1) | {"numbers": [*subaccount(1)["numbers"], NUMBER]}]}
TWO_SUBACCOUNTS = {"subaccounts": [subaccount(1), subaccount(2)]}

type Act = Callable[[Steps], object]


class Case(NamedTuple):
    """What happens between two runs, and the second one's request; `posts` is how many it sends."""

    act: Act
    event: dict[str, Any]
    posts: int
    fleet: Mapping[str, Any] = MappingProxyType({})


def nothing(_: Steps) -> None:
    pass


def several(*acts: Act) -> Act:
    def act(steps: Steps) -> None:
        for it in acts:
            it(steps)

    return act


def ported(steps: Steps) -> None:
    """Twilio would take the number now."""
    steps.simulator.state.numbers[THIRD].refuse = None


def drop(*sids: str, products: bool = True, profiles: bool = True) -> Act:
    """Somebody takes numbers off the Trust Product, the Business Profile, or both."""

    def act(steps: Steps) -> None:
        state = steps.simulator.state
        bundles = [*(state.trust_products if products else ()), *(state.customer_profiles if profiles else ())]
        for bundle in bundles:
            for sid in sids:
                steps.simulator.controls.drop_assignment(bundle.sid, sid)

    return act


def release(*sids: str) -> Act:
    return several(*(lambda steps, sid=sid: steps.simulator.controls.release(sid) for sid in sids))


CASES = {
    "a refused number that is named is tried again": Case(
        ported, {"subaccounts": [account_sid(1)], "phone_numbers": [FIRST, THIRD]}, posts=2, fleet=REFUSING
    ),
    "numbers were taken off the product, taken off both, bought, and moved to another account": Case(
        several(
            drop(FIRST, profiles=False),
            drop(phone_number(2, 0), phone_number(2, 1)),
            lambda steps: steps.simulator.controls.buy(account_sid(1)),
            lambda steps: steps.simulator.controls.move(SECOND, account_sid(2)),
        ),
        NAMED,
        posts=1 + 4 + 2 + 2,
        fleet=TWO_SUBACCOUNTS,
    ),
    "a number was taken off, but only another is named": Case(
        drop(FIRST), {"subaccounts": [account_sid(1)], "phone_numbers": [SECOND]}, posts=0
    ),
    "an orphan is named for the first time": Case(release(FIRST), NAMED | {"release_orphans": True}, posts=0),
    "another region": Case(nothing, NAMED | {"regions": ["CA"]}, posts=0, fleet=REFUSING),
}


def planned(steps: Steps, event: dict[str, Any], file: Path) -> Plan:
    """The plan by a state file with what is in the table."""
    with StateFile(file, steps.simulator.account_sid) as written:
        written.write(clients.dynamodb().scan(TableName=settings.load().table_name)["Items"])
    known = StateFile(file, steps.simulator.account_sid).look().known()
    return plan.make(look(steps.simulator, event, known), known)


def wait_until_lists_have_settled() -> None:
    """Wait until what was assigned is not looked up again for having vanished from a list that lags."""
    settled = time.monotonic() + LISTS_SETTLE_SECONDS
    while time.monotonic() <= settled:
        time.sleep(LISTS_SETTLE_SECONDS)


@pytest.fixture
def begin(start: Start) -> Callable[..., Steps]:
    """A fleet that is onboarded, of one subaccount where nothing else is said."""

    def begun(**fleet: Any) -> Steps:
        steps = start(LIST_SETTLE_SECONDS=str(LISTS_SETTLE_SECONDS), **{"subaccounts": [subaccount(1)], **fleet})
        assert run(steps, NAMED).failed is None
        return steps

    return begun


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


@pytest.mark.parametrize("case", CASES)
def test_a_later_run_sends_what_was_planned(case: str, begin: Callable[..., Steps], state: Path) -> None:
    act, event, posts, fleet = CASES[case]
    steps = begin(**fleet)
    act(steps)
    wait_until_lists_have_settled()

    plans = planned(steps, event, state)

    as_planned(steps, event, plans, posts=posts)


def as_planned(steps: Steps, event: dict[str, Any], plans: Plan, *, posts: int = 0, deletes: int = 0) -> None:
    """Send the request, and hold that the run sends what was planned, and so many requests that change something."""
    done = run(steps, event, "later")

    assert done.failed is None
    assert sent_by("POST", done.calls) == plans.posts
    assert sent_by("DELETE", done.calls) == plans.deletes
    assert sent_by("GET", done.calls) == plans.gets
    assert (sum(plans.posts.values()), sum(plans.deletes.values())) == (posts, deletes)
    assert plans.changes == bool(posts or deletes)


def test_a_refused_number_is_left_alone_and_told_with_twilio_s_words_and_when_it_is_tried_again(
    begin: Callable[..., Steps], state: Path
) -> None:
    steps = begin(**REFUSING)
    wait_until_lists_have_settled()
    plans = planned(steps, NAMED, state)

    [refused] = [it for whose in plans.accounts for it in whose.numbers if it.stage is Stage.REFUSED]
    assert (refused.sid, refused.phone_number, refused.will_be_put_on) == (THIRD, "+15125550103", ())
    assert (refused.reason, refused.error_code) == ("is another account's", 22205)
    assert refused.refused_at
    assert refused.tried_again_at == refused.refused_at + timedelta(days=7)
    assert refused.tried_again_at > datetime.now(UTC)
    told = "\n".join(plan_words.by_account(plans.accounts, every=False))
    assert f"Subaccount 1 ({account_sid(1)}): 1 refused" in told
    assert f"+15125550103 ({THIRD}): Twilio refused it: is another account's (code 22205); tried again after 2" in told
    assert "change nothing" in plan_words.steps(plans)
    as_planned(steps, NAMED, plans)


def test_each_orphan_that_will_be_removed_is_named(begin: Callable[..., Steps], state: Path) -> None:
    steps, out, event = begin(), StringIO(), NAMED | {"release_orphans": True}
    release(FIRST, SECOND)(steps)
    run(steps, NAMED, "second")
    wait_until_lists_have_settled()
    plans = planned(steps, event, state)

    tell(Console(file=out, width=200), plans, "would", every=False)

    assert plans.removes == (FIRST, SECOND)
    assert "  remove 2 orphans that a run before has named\n" in out.getvalue()
    assert all(f"    {sid}: an orphan, to be removed\n" in out.getvalue() for sid in (FIRST, SECOND))
    as_planned(steps, event, plans, deletes=4)


def test_a_run_beside_an_account_that_answers_404_is_planned(begin: Callable[..., Steps], state: Path) -> None:
    steps = begin(**TWO_SUBACCOUNTS)
    release(FIRST)(steps)
    answers_404 = {"operation": f"GET */{account_sid(2)}/*", "status": 404, "code": 20404}
    steps.simulator.controls.plan_fault(**answers_404, times=0)
    wait_until_lists_have_settled()

    plans = planned(steps, NAMED, state)
    done = run(steps, NAMED, "later")

    assert plans.orphans == (FIRST,)
    assert [why.partition(": ")[0] for why in plans.in_the_way] == [f"{account_sid(2)} would fail"]
    assert "Connect App" in plans.in_the_way[0]
    assert done.error == "SubaccountsFailed"
    assert sent_by("GET", done.calls) == plans.gets
