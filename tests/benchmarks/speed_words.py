"""The words and tables of docs/benchmarks.md."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from textwrap import fill
from typing import Final

from tests.benchmarks import machine
from tests.benchmarks.measured import PURCHASES, Measured
from tests.benchmarks.results import (
    BEFORE_THE_MAP,
    FLEETS,
    LATENCY,
    LONG_LATENCY,
    REQUESTS_AT_ONCE,
    TARGETS,
    UNCHANGED,
    Results,
    Split,
    at_most,
    needed,
    rate,
    share,
)

_WIDTH: Final = 120
_SMALLEST, _LARGE, _LARGEST = "100x1", "1000x1", "2000x1"
_INTRODUCTION: Final = """# How fast it is

Written by `make bench` on {date:%Y-%m-%d}: {machine}.

The state machine and the functions run in one process of this machine, on moto; a simulated Twilio in another process
takes {latency:.0f} ms for each request, unless another time is named. Nothing here was measured on AWS. Before each run
two functions are called, so that what they import is there, as in functions that are warm. Times are those of this
machine, and of what else it did meanwhile; ratios are what can be compared.

A fleet of 4x250 is four subaccounts with 250 numbers each. **What {at_once} requests at once allow** is
{at_once} / ({latency:.0f} ms x 2) = {at_most:.1f} numbers a second, since a run sends at least two POSTs for each
number, one for the Business Profile and one for the Trust Product. A run's own time is from its start until the last
number is assigned; so all that is asked before the first number, and each look before the POSTs, counts against it.
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
    onboardings = {fleet: results.splits[fleet, results.chosen] for fleet in FLEETS}
    shares = {fleet: share(it, LATENCY) for fleet, it in onboardings.items()}
    smallest, few = _computed_each(results, _SMALLEST), _subaccounts(_SMALLEST)
    rows = [
        *(
            [f"{fleet}: share of what {REQUESTS_AT_ONCE} requests at once allow", f"{it:.2f}", _aim(fleet, it)]
            for fleet, it in shares.items()
        ),
        *(
            [f"{fleet}: numbers a second, times those of the guide", f"{rate(it) / rate(results.guide):.1f}"]
            for fleet, it in onboardings.items()
        ),
        *(
            [
                f"{_subaccounts(fleet):,} subaccounts: processor's time for each, times that with {few}",
                f"{_computed_each(results, fleet) / smallest:.2f}",
                "1",
            ]
            for fleet in (_LARGE, _LARGEST)
        ),
        *(
            [f"import of {module} without bytecode, times that with it", f"{it.slow / it.fast:.1f}"]
            for module, it in results.imports.items()
        ),
    ]
    return _table(["what", "ratio", "aim"], rows)


def _aim(fleet: str, reached: float) -> str:
    aim = TARGETS[fleet]
    return f"{aim:.2f}: reached" if round(reached, 2) >= aim else f"{aim:.2f}: missed by {aim - reached:.2f}"


def _onboardings(results: Results) -> str:
    at_latencies = [
        (fleet, latency, it)
        for fleet in FLEETS
        for latency, it in (
            (LATENCY, results.splits[fleet, results.chosen]),
            (LONG_LATENCY, results.waiting[fleet]),
        )
    ]
    rows = [_onboarding(fleet, latency, it, results.chosen) for fleet, latency, it in at_latencies]
    guide = results.guide
    rows.append(
        [
            f"the guide, {guide.numbers} numbers",
            f"{rate(guide):.1f}",
            f"{share(guide, LATENCY):.2f}",
            "",
            "",
            f"{guide.most}, {guide.under_way:.1f}",
            f"{guide.before:.1f}",
            f"{guide.seconds:.1f}",
        ]
    )
    header = [
        "run",
        "numbers a second",
        "share",
        "share that requests alone allow",
        "of which is reached",
        "requests at once: most, on average",
        "seconds before the first number",
        "seconds",
        "ms computed a number",
    ]
    times = LONG_LATENCY / LATENCY
    return _paragraphs(
        _table(header, rows),
        "The guide is Twilio's, followed in a script: one call after the other, without a look whether a number is "
        "assigned already.",
        "The share that requests alone allow is worked out, not measured: it is what would be reached if nothing but "
        f"requests took time. A run asks {BEFORE_THE_MAP} times in a row before the first number; the list of a "
        "subaccount's numbers and a look on either side go before its POSTs; and what is left at the end does not "
        "always divide evenly.",
        "What is not reached of that is the time between requests: here mostly that of moto, which computes the state "
        "machine and the table, in one process with all functions and so on one core. With "
        f"{1000 * LONG_LATENCY:.0f} ms a request it has {times:.0f} times as long for the same work: the second row of "
        "each fleet is nearer to what the product does by itself. On AWS each function has a processor of its own, and "
        "the way from one state to the next takes longer.",
    )


def _onboarding(fleet: str, latency: float, it: Measured, split: Split) -> list[str]:
    alone = needed(fleet, split, latency)
    return [
        f"{fleet}, {1000 * latency:.0f} ms",
        f"{rate(it):.1f}",
        f"{share(it, latency):.2f}",
        f"{it.numbers / alone / at_most(latency):.2f}",
        f"{alone / it.seconds:.2f}",
        f"{it.most}, {it.under_way:.1f}",
        f"{it.before:.1f}",
        f"{it.seconds:.1f}",
        f"{1000 * it.computed / it.numbers:.0f}",
    ]


def _splits(results: Results) -> str:
    rows = []
    for split in dict.fromkeys(split for _, split in results.splits):
        row = [f"**{_words(split)}**" if split == results.chosen else _words(split)]
        for fleet in FLEETS:
            it = results.splits[fleet, split]
            alone = it.numbers / needed(fleet, split, LATENCY) / at_most(LATENCY)
            row += [f"{share(it, LATENCY):.2f}", f"{alone:.2f}", f"{it.most}"]
        rows.append(row)
    header = ["`MapConcurrency` x `ThreadsPerFunction`"]
    for fleet in FLEETS:
        header += [f"{fleet}: share", "that requests alone allow", "most at once"]
    return _paragraphs(
        _table(header, rows),
        "The product of the two bounds all requests of a run at once. A run of fewer subaccounts than "
        "`MapConcurrency` gives each of them a larger share, so four subaccounts have four requests each in every row "
        "but the first.",
        "Many small subaccounts are done sooner the more of them are worked on at once, since the list and the looks "
        f"of one go beside the POSTs of others. The defaults are {_words(results.chosen)}, not 16 x 1: a new AWS "
        "account runs 10 functions at once, so the others would wait, and 40 subaccounts are two and a half turns of "
        "16.",
    )


def _unchanged(results: Results) -> str:
    runs = {UNCHANGED: results.unchanged, **{it: results.growing[it] for it in (_SMALLEST, _LARGE, _LARGEST)}}
    rows = [
        [
            fleet,
            f"{it.seconds:.1f}",
            f"{it.computed:.1f}",
            f"{1000 * it.computed / _subaccounts(fleet):.0f}",
            f"{it.requests:,}",
        ]
        for fleet, it in runs.items()
    ]
    header = ["fleet", "seconds", "seconds computed", "ms computed a subaccount", "requests to Twilio"]
    return _paragraphs(
        "Every number is signed already, and Twilio answers without delay. Two such runs were made at once, so it is "
        "the processor's time that counts.",
        _table(header, rows),
    )


def _bought(results: Results) -> str:
    it = results.bought
    return _paragraphs(
        "From PutEvents on the stack's bus until the number is on the approved Trust Product, and so signed: "
        f"**{it.seconds:.1f} s**, with {it.requests} requests of {1000 * LATENCY:.0f} ms, one after the other, which "
        f"take {it.requests * LATENCY:.1f} s of it. The fleet is a signed {FLEETS[1]}; the middle one of {PURCHASES}."
    )


def _imports(results: Results) -> str:
    rows = [
        [module, f"{it.fast:.0f}", f"{it.slow:.0f}", f"{it.slow / it.fast:.1f}"]
        for module, it in results.imports.items()
    ]
    return _table(["function", "ms with bytecode, as it is deployed", "ms without", "ratio"], rows)


def _dollars(results: Results) -> str:
    it = results.dollars
    return _paragraphs(
        f"By list prices, without free tiers: {it.subaccounts:,} subaccounts with {it.numbers} numbers each take "
        f"**{it.first:.2f} US dollars** from nothing to approved, and **{it.month:.2f} US dollars** in a month of "
        "daily runs that find nothing to do. [Each line](costs.md)."
    )


def _subaccounts(fleet: str) -> int:
    return int(fleet.partition("x")[0])


def _computed_each(results: Results, fleet: str) -> float:
    return results.growing[fleet].computed / _subaccounts(fleet)


def _words(split: Split) -> str:
    return f"{split.map_concurrency} x {split.threads_per_function}"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    filled = ([*row, *[""] * (len(header) - len(row))] for row in rows)
    lines = [f"| {' | '.join(row)} |" for row in (header, *filled)]
    return "\n".join([lines[0], f"|---|{'---:|' * (len(header) - 1)}", *lines[1:]])


def _paragraphs(*texts: str) -> str:
    """Put texts below each other, those that are no table in lines of a readable length."""
    return "\n\n".join(text if text.startswith("|") else fill(text, _WIDTH, break_on_hyphens=False) for text in texts)
