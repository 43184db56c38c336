"""The words and tables of docs/benchmarks.md."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from tests.benchmarks import machine
from tests.benchmarks.measured import Measured
from tests.benchmarks.results import (
    FLEETS,
    LATENCY,
    LONG_LATENCY,
    REQUESTS_AT_ONCE,
    TARGETS,
    Results,
    Split,
    at_most,
    needed,
    rate,
    share,
)

_SMALLEST, _LARGE, _LARGEST = "100x1", "1000x1", "2000x1"
_INTRODUCTION: Final = """# How fast it is

Written by `make bench` on {date:%Y-%m-%d}: {machine}. The state machine and the functions run in one process of this machine, on moto; a
simulated Twilio in another process takes {latency:.0f} ms for each request, unless another time is named. Nothing here was
measured on AWS. Times are those of this machine, and of what else it did meanwhile; ratios are what can be compared.

A fleet of `4x250` is four subaccounts with 250 numbers each. **What {at_once} requests at once allow** is
{at_once} / ({latency:.0f} ms x 2) = {at_most:.1f} numbers a second, since a run sends at least two POSTs for each number, one for the
Business Profile and one for the Trust Product. A run's own time is from its start until the last number is assigned; so all
that is asked before the first number, and each look before the POSTs, counts against it.
"""


def document(results: Results) -> str:
    """Write docs/benchmarks.md."""
    introduction = _INTRODUCTION.format(
        date=datetime.now(UTC),
        machine=machine.described(),
        latency=1000 * LATENCY,
        at_once=REQUESTS_AT_ONCE,
        at_most=at_most(LATENCY),
    )
    sections = {
        "Ratios": _ratios(results),
        "First onboardings": _onboardings(results),
        "How the requests at once are shared": _splits(results),
        "Nothing to do, and growth": _unchanged(results),
        "A number bought": _bought(results),
        "Imports": _imports(results),
        "Dollars": _dollars(results),
    }
    return "\n".join([introduction, *(f"## {heading}\n\n{text}\n" for heading, text in sections.items())])[:-1]


def _ratios(results: Results) -> str:
    rows = []
    for fleet in FLEETS:
        reached = share(_by_default(results, fleet), LATENCY)
        rows.append(
            [
                f"{fleet}: share of what {REQUESTS_AT_ONCE} requests at once allow",
                f"{reached:.2f}",
                _aim(fleet, reached),
            ]
        )
    rows += [
        [f"{fleet}: numbers a second, times those of the guide", f"{rate(it) / rate(results.guide):.1f}", ""]
        for fleet in FLEETS
        for it in [_by_default(results, fleet)]
    ]
    small = _computed_each(results.growing[_SMALLEST], _SMALLEST)
    rows += [
        [
            f"{_subaccounts(fleet):,} subaccounts: processor's time for each, times that at {_subaccounts(_SMALLEST)}",
            f"{_computed_each(results.growing[fleet], fleet) / small:.2f}",
            "1: grows with the fleet",
        ]
        for fleet in (_LARGE, _LARGEST)
    ]
    rows += [
        [f"import of {module} with bytecode, times that without", f"{it.fast / it.slow:.2f}", ""]
        for module, it in results.imports.items()
    ]
    return _table(["what", "ratio", "aim"], rows)


def _aim(fleet: str, reached: float) -> str:
    aim = TARGETS[fleet]
    return f"{aim:.2f}: reached" if round(reached, 2) >= aim else f"{aim:.2f}: missed by {aim - reached:.2f}"


def _onboardings(results: Results) -> str:
    rows = []
    for fleet in FLEETS:
        for latency, it in ((LATENCY, _by_default(results, fleet)), (LONG_LATENCY, results.waiting[fleet])):
            by_itself = needed(fleet, results.chosen, latency)
            rows.append(
                [
                    f"{fleet}, {1000 * latency:.0f} ms",
                    f"{rate(it):.1f}",
                    f"{share(it, latency):.2f}",
                    f"{it.numbers / by_itself / at_most(latency):.2f}",
                    f"{by_itself / it.seconds:.2f}",
                    f"{it.most}",
                    f"{it.under_way:.1f}",
                    f"{it.before:.1f} of {it.seconds:.1f}",
                    f"{1000 * it.computed / it.numbers:.0f}",
                ]
            )
    guide = results.guide
    row = [f"the guide, {guide.numbers} numbers", f"{rate(guide):.1f}", f"{share(guide, LATENCY):.2f}"]
    rows.append([*row, "", "", f"{guide.most}", f"{guide.under_way:.1f}", f"{guide.before:.1f} of {guide.seconds:.1f}"])
    header = [
        "run",
        "numbers a second",
        "share",
        "share that the requests allow",
        "of which is reached",
        "most requests at once",
        "on average",
        "seconds before the first number, of all",
        "ms computed a number",
    ]
    return (
        f"{_table(header, rows)}\n\n"
        "The guide is Twilio's, followed in a script: one call after the other, without a look whether a number is assigned "
        "already.\n\n"
        "**Share that the requests allow** is worked out, not measured: what would be left if nothing but requests took "
        "time. A run asks 12 times in a row before the first number; each subaccount takes the list of its numbers and "
        "a look on either side, which go before the POSTs; and at the end of a fleet there is not always work for all. "
        "**Of which is reached** is what the time between the requests leaves: here mostly that of moto, which computes "
        "the state machine and the table in the same process as all functions, on one core. With "
        f"{1000 * LONG_LATENCY:.0f} ms a request it has {LONG_LATENCY / LATENCY:.0f} times as long for the same work, so "
        "the second row of each fleet is nearer to what the product does by itself; on AWS, each function has a "
        "processor of its own, and the way between two states takes longer."
    )


def _splits(results: Results) -> str:
    rows = []
    for split in dict.fromkeys(split for _, split in results.splits):
        row = [f"**{_words(split)}**" if split == results.chosen else _words(split)]
        for fleet in FLEETS:
            it = results.splits[fleet, split]
            by_itself = it.numbers / needed(fleet, split, LATENCY) / at_most(LATENCY)
            row += [f"{share(it, LATENCY):.2f}", f"{by_itself:.2f}", f"{it.most}"]
        rows.append(row)
    header = ["MapConcurrency x ThreadsPerFunction"]
    for fleet in FLEETS:
        header += [f"{fleet}: share", "that the requests allow", "most at once"]
    chosen = results.chosen
    return (
        f"{_table(header, rows)}\n\n"
        "The product of the two bounds the requests of a run. A run of fewer subaccounts than MapConcurrency gives each of "
        "them a larger share, so four subaccounts have four requests each by each row but the first. Many small "
        "subaccounts are done faster the more of them are worked on at once, since the list and the looks of one go "
        f"beside the POSTs of others. The defaults are {_words(chosen)}: with 16 x 1, 40 subaccounts are worked off in two and "
        "a half turns, and a new AWS account, which runs 10 functions at once, would make the others wait."
    )


def _unchanged(results: Results) -> str:
    large = results.unchanged
    all_rows = [("300x100", large), *((fleet, results.growing[fleet]) for fleet in (_SMALLEST, _LARGE, _LARGEST))]
    rows = [
        [
            fleet,
            f"{it.seconds:.1f}",
            f"{it.computed:.1f}",
            f"{1000 * _computed_each(it, fleet):.0f}",
            f"{it.requests:,}",
        ]
        for fleet, it in all_rows
    ]
    header = ["fleet", "seconds", "seconds computed", "ms computed a subaccount", "requests to Twilio"]
    return (
        "Every number is signed already, and Twilio answers without delay; two such runs at once, so it is the processor's "
        f"time that counts.\n\n{_table(header, rows)}"
    )


def _bought(results: Results) -> str:
    it = results.bought
    return (
        f"From PutEvents on the stack's bus until the number is on the approved Trust Product, and so signed: "
        f"**{it.seconds:.1f} s**, with {it.requests} requests of {1000 * LATENCY:.0f} ms, which take "
        f"{it.requests * LATENCY:.1f} s of it; the purchase is one of them. The fleet is a signed {FLEETS[1]}."
    )


def _imports(results: Results) -> str:
    rows = [
        [module, f"{it.fast:.0f}", f"{it.slow:.0f}", f"{it.slow / it.fast:.1f}"]
        for module, it in results.imports.items()
    ]
    return _table(["function", "ms with bytecode, as it is deployed", "ms without", "ratio"], rows)


def _dollars(results: Results) -> str:
    it = results.dollars
    return (
        f"By list prices, without free tiers: {it.subaccounts:,} subaccounts with {it.numbers} numbers each take "
        f"**{it.first:.2f} US dollars** from nothing to approved, and **{it.month:.2f} US dollars** in a month of daily "
        "runs that find nothing to do. [Each line](costs.md)."
    )


def _by_default(results: Results, fleet: str) -> Measured:
    return results.splits[fleet, results.chosen]


def _subaccounts(fleet: str) -> int:
    return int(fleet.partition("x")[0])


def _computed_each(it: Measured, fleet: str) -> float:
    return it.computed / _subaccounts(fleet)


def _words(split: Split) -> str:
    return f"{split.map_concurrency} x {split.threads_per_function}"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    filled = ([*row, *[""] * (len(header) - len(row))] for row in rows)
    lines = [f"| {' | '.join(row)} |" for row in (header, *filled)]
    return "\n".join([lines[0], f"|---|{'---:|' * (len(header) - 1)}", *lines[1:]])
