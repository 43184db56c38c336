"""What `tests/benchmarks/speed.py` measures, and what follows from it."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from onboarding.twilio.assignments import SIDS_PER_FILTER
from tests.benchmarks.import_time import ImportTime
from tests.benchmarks.measured import Measured

REQUESTS_AT_ONCE: Final = 16
LATENCY: Final = 0.150
LONG_LATENCY: Final = 0.450
"""What leaves the local engine three times as long for the same work."""
POSTS_A_NUMBER: Final = 2
BEFORE_THE_MAP: Final = 11
"""How many requests a first onboarding sends one after the other before the first subaccount is begun."""
FLEETS: Final = ("4x250", "40x10")
UNCHANGED: Final = "300x100"
TARGETS: Final = {"4x250": 0.85, "40x10": 0.60}


class Split(NamedTuple):
    """How the requests at once are shared: so many subaccounts at once, so many requests each."""

    map_concurrency: int
    threads_per_function: int


class Dollars(NamedTuple):
    """What AWS charges by list prices for so many subaccounts with so many numbers each.

    Attributes:
        subaccounts: How many.
        numbers: How many each has.
        first: For the run that takes them from nothing to approved.
        month: For a month of daily runs.
    """

    subaccounts: int
    numbers: int
    first: float
    month: float


class Results(NamedTuple):
    """All that is measured.

    Attributes:
        chosen: The template's defaults.
        splits: First onboardings by fleet and split, at `LATENCY`.
        waiting: First onboardings by fleet with the defaults, at `LONG_LATENCY`.
        guide: The guide in a script.
        bought: From PutEvents until a number just bought is assigned.
        unchanged: A run that finds nothing to do.
        growing: Such runs by size.
        imports: By module.
        dollars: What AWS charges.
    """

    chosen: Split
    splits: Mapping[tuple[str, Split], Measured]
    waiting: Mapping[str, Measured]
    guide: Measured
    bought: Measured
    unchanged: Measured
    growing: Mapping[str, Measured]
    imports: Mapping[str, ImportTime]
    dollars: Dollars


def at_most(latency: float) -> float:
    """How many numbers a second `REQUESTS_AT_ONCE` allow if each request takes so many seconds."""
    return REQUESTS_AT_ONCE / (latency * POSTS_A_NUMBER)


def rate(measured: Measured) -> float:
    """How many numbers a second were assigned."""
    return measured.numbers / measured.seconds


def share(measured: Measured, latency: float) -> float:
    """How much that is of what the requests at once allow."""
    return rate(measured) / at_most(latency)


def needed(fleet: str, split: Split, latency: float) -> float:
    """How long the requests of a first onboarding take by themselves, when nothing else takes any time.

    Before the first subaccount come `BEFORE_THE_MAP` requests in a row. Each subaccount takes the list of its numbers,
    and a look and the POSTs on either side; the subaccounts are worked off in turns.
    """
    subaccounts, numbers = (int(it) for it in fleet.split("x"))
    at_work = min(subaccounts, split.map_concurrency)
    each = split.map_concurrency * split.threads_per_function // at_work
    looks = -(-numbers // SIDS_PER_FILTER)
    in_a_row = 1 + 2 * (-(-looks // each) + -(-numbers // each))
    return latency * (BEFORE_THE_MAP + -(-subaccounts // at_work) * in_a_row)
