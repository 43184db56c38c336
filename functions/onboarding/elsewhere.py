"""Find phone numbers that are on another Business Profile, or another live SHAKEN/STIR product, of the account.

Twilio is asked once a day at most, and only when a run has numbers to assign. Other kinds of products do not count.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from onboarding.errors import TwilioRefused
from onboarding.observability import logger
from onboarding.ownership import is_live
from onboarding.phone_numbers import Elsewhere, PhoneNumberRecord, needs_work
from onboarding.table.dynamodb import Table
from onboarding.table.other_bundles import (
    OtherBundles,
    read_elsewhere,
    read_other_bundles,
    record_elsewhere,
)
from onboarding.trust_products import Status
from onboarding.twilio.assignments import ChannelEndpointAssignments
from onboarding.twilio.trust_hub import Bundle, TrustHub
from onboarding.validity import BundleKind

type Other = tuple[BundleKind, Bundle]


def set_aside(
    hub: TrustHub, table: Table, bundles: tuple[str, str], records: list[PhoneNumberRecord], *, named: bool
) -> list[PhoneNumberRecord]:
    """Return the records, with those that need work but are on another bundle as elsewhere.

    A number that is on both of these bundles stays a number to assign, whatever else it is on.

    Args:
        hub: The client.
        table: The progress table.
        bundles: The Business Profile and the Trust Product (`BU…`) of the run.
        records: The numbers of a page.
        named: Whether the request names them: then Twilio is asked whether they are still there.
    """
    to_assign = [record.phone_number_sid for record in records if needs_work(record)]
    if not to_assign:
        return records
    reading = refresh(hub, table, bundles, again=not named)
    found = read_elsewhere(table, reading, to_assign)
    if named:
        still_there = hub.for_each(lambda hit: is_still_there(hub, *hit), found.items())
        found = {sid: it for (sid, it), still in zip(found.items(), still_there, strict=True) if still}
    ours = on_both(hub, bundles, found)
    return [
        record.found_elsewhere(found[sid]) if (sid := record.phone_number_sid) in found and sid not in ours else record
        for record in records
    ]


def refresh(hub: TrustHub, table: Table, bundles: tuple[str, str], *, again: bool = True) -> OtherBundles:
    """Return the reading of the other bundles; Twilio is asked if there is none of the last day.

    Args:
        hub: The client.
        table: The progress table.
        bundles: The Business Profile and the Trust Product (`BU…`) of the run.
        again: Whether to ask again where the last reading found no other bundle.
    """
    known = read_other_bundles(table, bundles)
    if known and (known.is_fresh or not (again or known.bundles)):
        return known
    read_at = datetime.now(UTC)
    others = list_others(hub, bundles)
    elsewhere = read_numbers(hub, others, read_at)
    reading = OtherBundles(
        business_profile_sid=bundles[0],
        trust_product_sid=bundles[1],
        read_at=read_at,
        bundles=len(others),
        numbers=len(elsewhere),
    )
    record_elsewhere(table, reading, elsewhere)
    return reading


def list_others(hub: TrustHub, bundles: tuple[str, str]) -> list[Other]:
    """List the Business Profiles and the live SHAKEN/STIR products of the account other than these (`BU…`)."""
    return others_of(bundles, hub.business_profiles(), hub.trust_products())


def others_of(bundles: tuple[str, str], profiles: Iterable[Bundle], products: Iterable[Bundle]) -> list[Other]:
    """Return the bundles whose numbers are elsewhere: first those that tell the least of a number."""
    live = [it for it in products if is_live(it) and it.sid not in bundles]
    approved_last = sorted(live, key=lambda it: it.status is Status.APPROVED)
    other_profiles: list[Other] = [("business_profile", it) for it in profiles if it.sid not in bundles]
    return [*other_profiles, *(("trust_product", it) for it in approved_last)]


def read_numbers(hub: TrustHub, others: Iterable[Other], seen_at: datetime) -> dict[str, Elsewhere]:
    """Read the phone numbers (`PN…`) on other bundles; of several bundles, a number has the one that tells the most."""
    elsewhere: dict[str, Elsewhere] = {}
    others = list(others)

    def read(other: Other) -> list[str]:
        try:
            return [sid for sid, _ in assignments_of(hub, *other).stream()]
        except TwilioRefused as refusal:
            logger().warning("the numbers of another bundle cannot be read", extra={"said": str(refusal)})
            return []

    for (kind, bundle), numbers in zip(others, hub.for_each(read, others), strict=True):
        name = bundle.friendly_name or bundle.sid
        there = Elsewhere(kind=kind, sid=bundle.sid, friendly_name=name, status=bundle.status, seen_at=seen_at)
        elsewhere |= dict.fromkeys(numbers, there)
    return elsewhere


def assignments_of(hub: TrustHub, kind: BundleKind, bundle: Bundle) -> ChannelEndpointAssignments:
    """Return the assignments of a bundle."""
    return hub.on_business_profile(bundle.sid) if kind == "business_profile" else hub.on_trust_product(bundle.sid)


def is_still_there(hub: TrustHub, phone_number_sid: str, there: Elsewhere) -> bool:
    """Return whether Twilio still lists a number (`PN…`) on another bundle."""
    on = hub.on_business_profile if there.kind == "business_profile" else hub.on_trust_product
    return bool(on(there.sid).find([phone_number_sid]))


def on_both(hub: TrustHub, bundles: tuple[str, str], phone_number_sids: Iterable[str]) -> set[str]:
    """Return the numbers (`PN…`) that are on this Business Profile and on this Trust Product."""
    on_profile = hub.on_business_profile(bundles[0]).find(phone_number_sids)
    return set(hub.on_trust_product(bundles[1]).find(on_profile)) if on_profile else set()
