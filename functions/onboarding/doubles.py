"""Duplicates: assignments and Trust Products that a run has created twice, found when Twilio's lists have settled."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from onboarding.errors import OnboardingError
from onboarding.phone_numbers import by_number
from onboarding.table.doubts import AssignmentDoubt, Doubts
from onboarding.table.dynamodb import Table
from onboarding.table.numbers import read_numbers
from onboarding.twilio.trust_hub import TrustHub
from onboarding.words import first_of, plural

LOOKS = 4
"""How often the lists are read until they show all that the run has recorded."""
FIRST_TOLD = 3
REMEDY = "see docs/runbook.md#duplicates"


@dataclass(frozen=True, slots=True)
class Bundles:
    """The Business Profile and the Trust Product of a run, `BU…`."""

    business_profile_sid: str
    trust_product_sid: str


@dataclass(frozen=True, slots=True)
class Doubles:
    """What exists twice, and whether the lists still lack something that the run has recorded.

    Attributes:
        numbers: The numbers (`PN…`) that are on the profile or the product more than once.
        trust_products: Other Trust Products (`BU…`) of the same name as the run's.
        connections: The entity assignments (`BV…`) that connect the run's profile to its product, if several do.
        lists_lag: Whether the lists still lack something that the run has recorded.
    """

    numbers: tuple[str, ...] = ()
    trust_products: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    lists_lag: bool = False


def tell_doubles(hub: TrustHub, table: Table, doubts: Doubts, bundles: Bundles, settle_seconds: float) -> str:
    """Return a sentence on what a run has created twice, empty if nothing is known to be.

    Args:
        hub: The client.
        table: The progress table.
        doubts: What the run may have created twice.
        bundles: Its profile and product.
        settle_seconds: How long Twilio's lists may lag.
    """
    try:
        doubles = find_doubles(hub, table, doubts, bundles)
        for _ in range(LOOKS - 1):
            if not doubles.lists_lag:
                break
            time.sleep(settle_seconds)
            doubles = find_doubles(hub, table, doubts, bundles)
    except OnboardingError as error:
        return f"An answer of Twilio was lost or its lists lagged, and duplicates were not looked for: {error}"
    return in_words(doubles, bundles.trust_product_sid)


def find_doubles(hub: TrustHub, table: Table, doubts: Doubts, bundles: Bundles) -> Doubles:
    """Read from Twilio's lists what is there twice."""
    numbers: dict[str, None] = {}
    lists_lag = False
    for doubt in doubts.assignments:
        listed, recorded = assignments_of(hub, table, doubt, bundles)
        lists_lag |= any(sid not in listed.get(number, ()) for number, sid in recorded.items())
        for number, sids in listed.items():
            if len({*sids, *filter(None, [recorded.get(number)])}) > 1:
                numbers[number] = None
    others: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    if doubts.about_product:
        products = {it.sid: it for it in hub.trust_products()}
        lists_lag |= bundles.trust_product_sid not in products
        ours = products.pop(bundles.trust_product_sid, None) or hub.trust_product(bundles.trust_product_sid)
        others = tuple(it.sid for it in products.values() if ours and it.friendly_name == ours.friendly_name)
        connections = tuple(hub.connections(bundles.trust_product_sid, bundles.business_profile_sid))
    return Doubles(tuple(numbers), others, connections if len(connections) > 1 else (), lists_lag)


def assignments_of(
    hub: TrustHub, table: Table, doubt: AssignmentDoubt, bundles: Bundles
) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Read the assignments (`RA…`) of numbers (`PN…`): all that are listed, and the one that is recorded."""
    sids, on_profile = doubt.phone_number_sids, doubt.bundle_sid == bundles.business_profile_sid
    assignments = (hub.on_business_profile if on_profile else hub.on_trust_product)(doubt.bundle_sid)
    records = read_numbers(table, doubt.account_sid, sids)
    recorded = {
        sid: it.business_profile_assignment_sid if on_profile else it.trust_product_assignment_sid
        for sid, it in records.items()
        if doubt.bundle_sid in it.bundles
    }
    return by_number(assignments.find_all(sids)), {number: sid for number, sid in recorded.items() if sid}


def in_words(doubles: Doubles, trust_product_sid: str) -> str:
    """Say what exists twice; empty if nothing does."""
    parts = list(_parts(doubles, trust_product_sid))
    return f"An answer of Twilio was lost or its lists lagged: {'; '.join(parts)}; {REMEDY}." if parts else ""


def _parts(doubles: Doubles, trust_product_sid: str) -> Iterator[str]:
    if doubles.numbers:
        are = "is" if len(doubles.numbers) == 1 else "are"
        yield f"{plural(len(doubles.numbers), 'number')} {are} assigned more than once ({_first(doubles.numbers)})"
    if doubles.trust_products:
        others = plural(len(doubles.trust_products), "more Trust Product")
        yield f"{others} of the same name as {trust_product_sid} ({_first(doubles.trust_products)})"
    if doubles.connections:
        yield f"the Business Profile is connected to {trust_product_sid} {len(doubles.connections)} times"
    if doubles.lists_lag:
        yield "the lists still lack something that this run created, so more may exist twice"


def _first(sids: Sequence[str]) -> str:
    return first_of(sids, FIRST_TOLD)
