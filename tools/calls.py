"""What each situation costs in Trust Hub calls and state transitions: docs/calls.md, measured on the local stack.

`make calls` measures and writes it anew.
"""

import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from functools import partial
from textwrap import fill
from typing import Final, NamedTuple
from unittest.mock import patch

from onboarding.phone_numbers import Stage
from onboarding.twilio import trust_hub
from onboarding.twilio.assignments import PAGE_SIZE
from shaken_stir.project import EXAMPLE_EVENT, ROOT, SMALL_FLEET, load_event
from shaken_stir.report import Report
from shaken_stir.simulated.meanwhile import once_awaited
from shaken_stir.simulated.place import SimulatedPlace
from simulator.fleet import Fleet, NumberEntry, Product, Profile, ReviewPlan, Verdict, load_fleet
from simulator.observe import LIST_NUMBERS, READ_ASSIGNMENTS, total

DOCUMENT: Final = ROOT / "docs/calls.md"
METHODS: Final = ("GET", "POST", "DELETE")
NUMBERS_PER_PAGE: Final = trust_hub.PHONE_NUMBERS_PER_PAGE
ASSIGNMENTS_PER_PAGE: Final = PAGE_SIZE
_UNTIL_DECIDED: Final = ReviewPlan(seconds=100_000)
_TIME_SCALE: Final = 0.002
_SHORT_POLL_SECONDS: Final = 150
_FEW: Final = 3
_DONE: Final = Stage.ON_TRUST_PRODUCT
_INTRODUCTION: Final = """# What it costs

Trust Hub calls and state transitions of one run, by situation. Written by `make calls` from runs on this machine: the
real state machine and functions, with every request counted at the simulated Twilio. A test measures again.

Left out is what depends on timing. Two runs at once: the one that finds a subaccount or the product busy repeats that
state, with one more transition each time. Calls that Twilio throttles or does not answer: each retry is a call. How
often a run polls: at most once per `PollSeconds` until the verdict, and not at all when the callback comes before.
"""


class Cost(NamedTuple):
    """What a run costs.

    Attributes:
        calls: How often each route was requested, by method and path.
        transitions: How many states were entered.
    """

    calls: Mapping[str, int]
    transitions: int

    def plus(self, other: "Cost", times: int = 1) -> "Cost":
        """Add another one, so many times."""
        calls = Counter(self.calls)
        for call, count in other.calls.items():
            calls[call] += times * count
        return Cost({call: it for call, it in calls.items() if it}, self.transitions + times * other.transitions)

    def over(self, count: int) -> "Cost":
        """Share it evenly."""
        return Cost({call: it // count for call, it in self.calls.items()}, self.transitions // count)


type Costs = dict[str, Cost]
"""What each situation costs, by what it is called."""


class Section(NamedTuple):
    """Situations that belong together, and what is to be said of them."""

    costs: Costs
    remark: str = ""


def place(fleet: Fleet, poll_seconds: int = 3600) -> SimulatedPlace:
    """Give a place whose reviews end when they are told to."""
    parameters = {"PollSeconds": str(poll_seconds)}
    return SimulatedPlace(fleet.model_copy(update={"review": _UNTIL_DECIDED}), _TIME_SCALE, parameters)


def deciding(local: SimulatedPlace, verdict: Verdict) -> Callable[[], None]:
    """Give what tells the one review its verdict."""

    def decide() -> None:
        [product] = local.simulator.state.trust_products
        local.simulator.controls.decide(product.sid, verdict)

    return decide


def of(report: Report) -> Cost:
    """Take from a run's report what it cost."""
    return Cost(report.twilio_calls, report.state_transitions)


def one_fleet() -> Section:
    """Measure a fleet from its first onboarding on, whatever happens to it."""
    request, costs = load_event(EXAMPLE_EVENT), dict[str, Cost]()
    with place(load_fleet(SMALL_FLEET)) as local:
        controls = local.simulator.controls
        first = local.run(request, once_awaited(local, deciding(local, "approved")))
        costs["first onboarding, 33 numbers of which 30 can be signed"] = of(first)
        costs["nothing to do"] = of(local.run(request))
        [here, there, *_], [product] = first.subaccounts, local.simulator.state.trust_products
        moved, once, *thrice = sorted(_on_product(local, here))[:5]
        bought = controls.buy(here)
        costs["a number bought, and named in the request"] = of(
            local.run({**request, "subaccounts": [here], "phone_numbers": [bought]})
        )
        controls.buy(here)
        costs["a number bought, and found by the run"] = of(local.run(request))
        controls.move(moved, there)
        costs["a number moved to another subaccount"] = of(local.run(request))
        controls.drop_assignment(product.sid, once)
        costs["a number taken off the Trust Product by hand"] = of(local.run(request))
        for sid in thrice:
            controls.drop_assignment(product.sid, sid)
        costs["three numbers of one subaccount taken off it by hand"] = of(local.run(request))
        controls.release(once)
        costs["a number released, and named as an orphan"] = of(local.run(request))
        costs["the orphan named again"] = of(local.run(request))
        costs['the orphan removed, with `"release_orphans": true`'] = of(
            local.run({**request, "release_orphans": True})
        )
    return Section(
        costs,
        "Whoever looks for orphans lists the numbers of all other accounts, too: here those of the parent and of a "
        "suspended subaccount.",
    )


def a_rejection() -> Section:
    """Measure a rejection, what follows it, and a wait for it that takes several polls."""
    request = load_event(EXAMPLE_EVENT)
    with place(load_fleet("1x1")) as local:
        rejected = of(local.run(request, once_awaited(local, deciding(local, "rejected"))))
        unchanged = of(local.run(request))
        approved = of(local.run({**request, "resubmit": True}, once_awaited(local, deciding(local, "approved"))))
    with place(load_fleet("1x1"), poll_seconds=_SHORT_POLL_SECONDS) as local:
        local.simulator.controls.callbacks(drop=True)
        by_poll = of(local.run(request, once_awaited(local, deciding(local, "rejected"), waits=2)))
        polls = local.engine.invocations["check_trust_product"]
    return Section(
        {
            "first onboarding of one number, rejected by a callback or the first poll": rejected,
            "each poll more": by_poll.plus(rejected, -1).over(polls - 1),
            "the same request again": unchanged,
            'with `"resubmit": true`, approved': approved,
        }
    )


def a_growing_fleet(*, measured: bool = False) -> Section:
    """Measure first onboardings by size.

    Args:
        measured: Whether the largest is measured, too, which takes long, or told from the others.
    """

    def first(size: str) -> Cost:
        with place(load_fleet(size)) as local:
            return of(local.run(load_event(EXAMPLE_EVENT), once_awaited(local, deciding(local, "approved"))))

    one, two = first("1x10"), first("2x10")
    each = two.plus(one, -1)
    hundred = first("100x10") if measured else one.plus(each, 99)
    costs = {
        "1 subaccount with 10 numbers": one,
        "each further subaccount with 10 numbers": each,
        "100 subaccounts with 10 numbers each": hundred,
    }
    return Section(costs, f"The last of these are {total(hundred.calls) / 1000:.2f} calls per number.")


@contextmanager
def looked_through(fleet: Fleet) -> Iterator[SimulatedPlace]:
    """Have a fleet of which all numbers that can take calls are signed, and which a run has looked through."""
    numbers = [number.sid for subaccount in fleet.subaccounts for number in subaccount.numbers if number.voice]
    profile = Profile(sid=f"BU{'1' * 32}", numbers=numbers)
    product = Product(sid=f"BU{'2' * 32}", status="twilio-approved", business_profile=profile.sid, numbers=numbers)
    with place(fleet.model_copy(update={"profiles": [profile], "products": [product]})) as local:
        local.run({})
        yield local


def unchanged(fleet: Fleet) -> Cost:
    """Measure a run that has nothing to do, for a fleet of which all numbers that can take calls are signed."""
    with looked_through(fleet) as local:
        return of(local.run({}))


def a_page_more(numbers: int) -> Cost:
    """Measure a run that has nothing to do, where one subaccount has a page more than one number, of so many."""
    with patch.object(trust_hub, "PHONE_NUMBERS_PER_PAGE", numbers):
        return unchanged(_with_unable(load_fleet("1x1"), numbers))


def an_unchanged_fleet(*, measured: bool = False) -> Section:
    """Measure runs that have nothing to do, by the size of the fleet.

    Args:
        measured: As in `a_growing_fleet`; pages are of their real size only then.
    """
    one, two = unchanged(load_fleet("1x1")), unchanged(load_fleet("2x1"))
    each = two.plus(one, -1)
    page = a_page_more(NUMBERS_PER_PAGE if measured else _FEW).plus(one, -1)
    more_assigned = Cost(dict.fromkeys(READ_ASSIGNMENTS, 1), 0)
    costs = {
        "1 subaccount with 1 number": one,
        "each further subaccount with up to 500 numbers": each,
        "each further 500 numbers of a subaccount": page,
        "1 subaccount with 1,001 numbers": unchanged(load_fleet("1x1001"))
        if measured
        else one.plus(page, 2).plus(more_assigned),
    }
    others = sum(count for call, count in one.calls.items() if call not in {LIST_NUMBERS, *READ_ASSIGNMENTS})
    return Section(
        costs,
        f"That is: one list of numbers for each subaccount and {NUMBERS_PER_PAGE} numbers of it "
        f"(`{_short(LIST_NUMBERS)}`), two lists of assignments for each {ASSIGNMENTS_PER_PAGE:,} numbers that are "
        f"assigned (`{'`, `'.join(map(_short, READ_ASSIGNMENTS))}`), and {others} calls more (for up "
        "to 1,000 subaccounts).",
    )


SECTIONS: Final[dict[str, Callable[[], Section]]] = {
    "A fleet with three subaccounts": one_fleet,
    "A rejection and a verdict": a_rejection,
    "First onboardings by size": a_growing_fleet,
    "Nothing to do, by size": an_unchanged_fleet,
}
LARGE: Final[dict[str, Callable[[], Section]]] = {
    "First onboardings by size": partial(a_growing_fleet, measured=True),
    "Nothing to do, by size": partial(an_unchanged_fleet, measured=True),
}
"""Those with large fleets, measured: the others tell these from small ones."""


def text(title: str, section: Section) -> str:
    """Write a section: a table of what its situations cost."""
    lines = [
        f"## {title}\n",
        f"| situation | Trust Hub calls | {' | '.join(METHODS)} | state transitions | by operation |",
        f"|---|{'---:|' * (len(METHODS) + 2)}---|",
    ]
    for situation, cost in section.costs.items():
        counts = [total(cost.calls), *(total(cost.calls, method) for method in METHODS), cost.transitions]
        which = "<br>".join(f"{count:,} {_short(call)}" for call, count in sorted(cost.calls.items(), key=_order))
        lines.append(f"| {situation} | {' | '.join(f'{count:,}' for count in counts)} | {which} |")
    return "\n".join([*lines, *(["", fill(section.remark, 120)] if section.remark else [])]) + "\n"


def document() -> str:
    """Measure everything and write docs/calls.md."""
    sections = (text(title, measure()) for title, measure in (SECTIONS | LARGE).items())
    return "\n".join([_INTRODUCTION, *sections])


def _with_unable(fleet: Fleet, count: int) -> Fleet:
    """Give the first subaccount numbers that cannot take calls: listed as all are, and soon looked through."""
    [first, *others] = fleet.subaccounts
    unable = [NumberEntry(sid=f"PN{'e' * 16}{index:016x}", voice=False) for index in range(count)]
    return fleet.model_copy(
        update={"subaccounts": [first.model_copy(update={"numbers": [*first.numbers, *unable]}), *others]}
    )


def _on_product(local: SimulatedPlace, subaccount_sid: str) -> list[str]:
    return [number.phone_number_sid for number in local.phone_numbers(subaccount_sid) if number.stage is _DONE]


def _short(call: str) -> str:
    method, path = call.split()
    return f"{method} {path.removeprefix('/v1/').removeprefix('/2010-04-01/').removesuffix('.json')}"


def _order(counted: tuple[str, int]) -> tuple[int, str]:
    return METHODS.index(counted[0].split()[0]), counted[0]


if __name__ == "__main__":
    with redirect_stdout(io.StringIO()):
        written = document()
    DOCUMENT.write_text(written, encoding="utf-8")
