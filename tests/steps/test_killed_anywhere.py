"""A handler killed between any two of its effects: tried again, or begun anew, the work is done once.

`make faults` kills before each effect, and tries both each time; `make test` before one of each kind, and tries the two
by turns. A function that no way comes through, or that has more effects than `TURNS`, fails here.
"""

import dataclasses
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from shaken_stir.engine.template import Template
from tests.dying import ANSWER, Killed, Process, mortal
from tests.steps.conftest import Start
from tests.steps.examples import thorough
from tests.steps.patience import Patient, patient
from tests.steps.steps import Steps
from tests.steps.whole_run import run
from tests.world import NAMED, PRODUCT, PROFILE, phone_number, product, subaccount

TIMES = {"LEASE_SECONDS": "0.1", "FUNCTION_SECONDS": "1", "LIST_SETTLE_SECONDS": "0.2", "CALLBACK_URL": ""}
"""A lease that nobody gives back ends soon; all POSTs of an invocation are sent within FUNCTION_SECONDS."""
LAG = 15
"""Seconds by which lists lag, before the simulator's time scale: almost as long as LIST_SETTLE_SECONDS."""
TURNS = range(1, 12)
HERE = "tests/steps/test_killed_anywhere.py"


class StoppedError(Exception):
    """The execution was stopped together with the handler's process."""


@dataclass(frozen=True)
class Killing(Steps):
    """Steps of which the first invocation of some functions is killed.

    Attributes:
        whole: The steps, with the machine's patience.
        pending: The functions, by their handlers' modules.
        turn: Before which of its effects.
        stopping: With which of them the execution ends; each of the others is invoked again.
        killed: What each function was killed before.
    """

    whole: Patient
    pending: frozenset[str]
    turn: int
    stopping: frozenset[str]
    killed: dict[str, str] = field(default_factory=dict)

    def invoke(self, function: str, /, *, execution: str = "first", **event: Any) -> Any:
        if function in self.pending - self.killed.keys():
            process = Process(self.turn, by_kind=not thorough())
            with pytest.raises(Killed), process.running():
                self.whole.invoke(function, execution=execution, **event)
            self.killed[function] = process.killed_before
            if function in self.stopping:
                raise StoppedError
        return self.whole.invoke(function, execution=execution, **event)


def nothing(_: Steps) -> None:
    """What most ways need to happen first."""


def orphan(steps: Steps) -> None:
    """A number that a run has seen is released, and another run over the fleet names it."""
    run(steps, {}, "sees-it")
    steps.simulator.controls.release(phone_number(1, 0))
    run(steps, {}, "names-it")


def drift(steps: Steps) -> None:
    """Somebody takes a number off the product, and another one off the profile, too."""
    run(steps, {}, "before")
    for bundle, number in [(PRODUCT, 0), (PRODUCT, 1), (PROFILE, 1)]:
        steps.simulator.controls.drop_assignment(bundle, phone_number(1, number))


@dataclass(frozen=True)
class Way:
    """What is sent, to which fleet, after what; and the functions that do there what they do on no way before it."""

    functions: frozenset[str]
    request: dict[str, Any] = field(default_factory=lambda: NAMED)
    fleet: dict[str, Any] = field(default_factory=dict)
    before: Callable[[Steps], None] = nothing


FIRST = frozenset(
    {
        "read_request",
        "find_business_profile",
        "list_subaccounts",
        "find_or_create_trust_product",
        "connect_business_profile",
        "evaluate_trust_product",
        "submit_trust_product",
        "audit_assignments",
        "list_phone_numbers",
        "assign_to_business_profile",
        "assign_to_trust_product",
        "record_subaccount",
        "summarise_subaccounts",
        "find_orphans",
        "await_review",
        "check_trust_product",
    }
)
APPROVED = {"products": [product(business_profile=PROFILE)]}
DECIDED_AT_ONCE: dict[str, Any] = {"review": {"seconds": 0}, "subaccounts": [subaccount(1, numbers=0)]}
NUMBERS = [phone_number(1, 0), phone_number(1, 1)]
SIGNED = {
    "profiles": [{"sid": PROFILE, "status": "twilio-approved", "primary": True, "numbers": NUMBERS}],
    "products": [product(business_profile=PROFILE, numbers=NUMBERS)],
}
WAYS = {
    "from nothing to approved": Way(FIRST),
    "a quick review": Way(frozenset({"await_review"}), fleet=DECIDED_AT_ONCE),
    "orphans": Way(frozenset({"find_orphans", "release_orphans"}), {"release_orphans": True}, SIGNED, orphan),
    "drift": Way(frozenset({"audit_assignments"}), {}, APPROVED, drift),
}
ALL = frozenset[str]().union(*(way.functions for way in WAYS.values()))


def walked(start: Start, way: Way, pending: frozenset[str], turn: int, stopping: frozenset[str]) -> dict[str, str]:
    """Go a way on which functions are killed once each, to its end; gives what each was killed before."""
    fleet = {"lag": LAG, "subaccounts": [subaccount(1)], **way.fleet}
    whole = patient(start(**fleet, **TIMES))
    way.before(whole)
    fields = {it.name: getattr(whole, it.name) for it in dataclasses.fields(whole)}
    steps = Killing(**fields, whole=whole, pending=pending, turn=turn, stopping=stopping)
    with mortal():
        for attempt in itertools.count():
            try:
                done = run(steps, way.request, f"attempt-{attempt}")
            except StoppedError:
                continue
            break

    assert done.failed is None
    assert [it.status for it in steps.simulator.state.trust_products] == ["twilio-approved"]
    all_signed_once(steps)
    return steps.killed


def all_signed_once(steps: Steps) -> None:
    """Hold that every number is once on the profile, once on the one product, connected once, and recorded so."""
    living = sorted(steps.simulator.state.numbers)
    assert [sorted(it) for it in steps.assignments()] == [living, living]
    [made] = steps.simulator.state.trust_products
    assert len(list(made.entities)) == 1
    recorded = steps.stages(1)
    assert {sid: recorded.get(sid) for sid in living} == dict.fromkeys(living, "on_trust_product")


def ends_with(afterwards: str, pending: frozenset[str], turn: int) -> frozenset[str]:
    """The functions with which the execution ends; by turns, half of all, and the other half the next time."""
    by_turns = {it for place, it in enumerate(sorted(ALL)) if (place + turn) % 2}
    return {"sent again": pending, "tried again": frozenset[str](), "by turns": pending & by_turns}[afterwards]


@pytest.mark.parametrize("afterwards", ["sent again", "tried again"] if thorough() else ["by turns"])
@pytest.mark.parametrize("way", WAYS)
def test_handlers_killed_before_each_of_their_effects(start: Start, way: str, afterwards: str) -> None:
    pending = WAYS[way].functions
    for turn in TURNS:
        killed = walked(start, WAYS[way], pending, turn, ends_with(afterwards, pending, turn))
        assert killed.keys() == pending
        pending = frozenset(function for function, before in killed.items() if before != ANSWER)
        if not pending:
            return
    pytest.fail(f"There are functions with more effects: add to TURNS in {HERE}.")


def test_each_function_of_the_machine_is_killed_on_some_way(template: Template) -> None:
    functions = {function.module for function in template.functions.values()} - {"status_callback"}

    missing = functions - ALL
    assert not missing, f"No way comes through {missing}: add one that does to WAYS in {HERE}."
