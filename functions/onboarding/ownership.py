"""Stop a first run whose numbers may belong to other businesses.

Twilio attests a number's calls under the company of the Business Profile that the number is on. A first run is one that
creates the Trust Product, or finds no number in the table that is on the profile and the product. Later runs go on.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from onboarding.business_profiles import OTHERS, PRIMARY
from onboarding.errors import InvalidRequest, OnboardingError, TwilioRefused
from onboarding.observability import logger
from onboarding.table.dynamodb import Table
from onboarding.table.ownership import (
    KEPT,
    has_numbers_on,
    has_run_over_the_fleet,
    read_supporting,
    record_supporting,
)
from onboarding.table.validities import read_validity, record_identity
from onboarding.trust_products import SUBMITTABLE, Status
from onboarding.twilio.trust_hub import SHAKEN_STIR_POLICY_SID, Bundle, TrustHub

ISV = "isv_reseller_or_partner"
A_SUBACCOUNT = "AC…"


class Asked(NamedTuple):
    """The part of a request that says whose numbers it means.

    Attributes:
        profile_sid: The Business Profile that a run uses, `BU…`.
        product_sid: The Trust Product that a run uses, None if it creates one.
        is_connected: Whether that product is connected to that profile.
        names_profile: Whether the request or the parameter names the profile.
        whole_fleet: Whether the request names no subaccounts.
    """

    profile_sid: str
    product_sid: str | None
    is_connected: bool
    names_profile: bool
    whole_fleet: bool


class Pair(NamedTuple):
    """A Business Profile, and a SHAKEN/STIR Trust Product that is connected to it."""

    profile: Bundle
    product: Bundle


def require_own_numbers(hub: TrustHub, table: Table, asked: Asked) -> None:
    """Stop a first run whose numbers may belong to other businesses; sends GETs on a first run only.

    Raises:
        InvalidRequest: They may; the sentence says why, and which requests go on.
    """
    first = is_first(table, asked)
    if first and not asked.names_profile and (reason := why_not_this_pair(hub, table, asked)):
        raise InvalidRequest(reason)
    if asked.whole_fleet and (first or not has_run_over_the_fleet(table)):
        profile = read_validity(table, asked.profile_sid)
        policy_sid = profile.policy_sid if profile else None
        identity = read_identity(hub, table, asked.profile_sid) if policy_sid in PRIMARY else None
        if reason := why_not_the_fleet(asked.profile_sid, policy_sid, identity):
            raise InvalidRequest(reason)


def is_first(table: Table, asked: Asked) -> bool:
    """Return whether no run has put numbers on this pair yet."""
    return asked.product_sid is None or not has_numbers_on(table, (asked.profile_sid, asked.product_sid))


def is_live(product: Bundle) -> bool:
    """Return whether a bundle is a SHAKEN/STIR Trust Product that is approved or under review."""
    return product.policy_sid == SHAKEN_STIR_POLICY_SID and product.status not in SUBMITTABLE


def why_not_this_pair(hub: TrustHub, table: Table, asked: Asked) -> str | None:
    """Return why the request must say which pair it means; None if there is only one."""
    products = hub.trust_products()
    ours = asked.product_sid if asked.is_connected else None
    supporting = {it.sid: read_supporting_of(hub, table, it.sid) for it in products if is_live(it) and it.sid != ours}
    if not any(supporting.values()):
        return None
    profiles = hub.business_profiles()
    pairs = other_pairs(asked.profile_sid, profiles, products, supporting)
    return say_several(asked, profiles, products, pairs) if pairs else None


def other_pairs(
    profile_sid: str, profiles: Iterable[Bundle], products: Iterable[Bundle], supporting: Mapping[str, Iterable[str]]
) -> list[Pair]:
    """Pair the live SHAKEN/STIR products with the other approved profiles that they are connected to.

    Args:
        profile_sid: The Business Profile that a run uses, `BU…`.
        profiles: All Business Profiles.
        products: All Trust Products.
        supporting: The objects that are assigned to each product.
    """
    approved = {it.sid: it for it in profiles if it.status is Status.APPROVED and it.sid != profile_sid}
    return [
        Pair(approved[sid], product)
        for product in products
        if is_live(product) and profile_sid not in supporting.get(product.sid, ())
        for sid in supporting.get(product.sid, ())
        if sid in approved
    ]


def read_supporting_of(hub: TrustHub, table: Table, trust_product_sid: str) -> list[str]:
    """Return the objects that are assigned to another Trust Product; Twilio is asked every 7 days."""
    known = read_supporting(table, trust_product_sid)
    if known is not None:
        return known
    try:
        found = hub.supporting(trust_product_sid)
    except TwilioRefused as refusal:
        logger().warning("a Trust Product's connections cannot be read", extra={"said": str(refusal)})
        return []
    record_supporting(table, trust_product_sid, found)
    return found


def knows_identity(table: Table, profile_sid: str) -> bool:
    """Return whether the `business_identity` of a Business Profile (`BU…`) was read within 7 days."""
    known = read_validity(table, profile_sid)
    read_at = known.identity_read_at if known else None
    return read_at is not None and datetime.now(UTC) - read_at < KEPT


def read_identity(hub: TrustHub, table: Table, profile_sid: str) -> str | None:
    """Return the `business_identity` of a recorded Business Profile; Twilio is asked every 7 days.

    An identity that cannot be read stops no run.
    """
    known, now = read_validity(table, profile_sid), datetime.now(UTC)
    if known and knows_identity(table, profile_sid):
        return known.business_identity
    try:
        identity = hub.business_identity(profile_sid)
    except OnboardingError as error:
        logger().warning("the business identity cannot be read", extra={"said": str(error)})
        return None
    record_identity(table, profile_sid, identity, now)
    return identity


def why_not_the_fleet(profile_sid: str, policy_sid: str | None, identity: str | None) -> str | None:
    """Return why the whole fleet must not go on this profile without a word; None if it may."""
    if policy_sid and policy_sid not in PRIMARY:
        kind = OTHERS.get(policy_sid, f"of the policy {policy_sid}")
        return (
            f"The request was refused: business_profile_sid: {profile_sid} is not a primary Business Profile ({kind}), "
            "but the request means the whole fleet; name the subaccounts or phone numbers of that business, such as "
            f"{_request(profile_sid, [A_SUBACCOUNT])}, or say that all numbers are its own with {_own(profile_sid)}."
        )
    if identity == ISV:
        return (
            f"The request was refused: the Business Profile {profile_sid} is that of an ISV (its business_identity is "
            f"{ISV}), and the request means the whole fleet, so Twilio would attest the calls of all your customers "
            "under your own name; name the subaccounts whose numbers are your own, such as "
            f"{_request(None, [A_SUBACCOUNT])}, or a customer's profile and subaccounts, such as "
            f"{_request('BU…', [A_SUBACCOUNT])}, or say that all numbers are your own with {_own(None)}."
        )
    return None


def say_several(asked: Asked, profiles: Iterable[Bundle], products: Iterable[Bundle], pairs: Iterable[Pair]) -> str:
    """Name the pair that a run would use and the other pairs, each with the request that means it."""
    profile = next((it for it in profiles if it.sid == asked.profile_sid), None)
    product = next((it for it in products if it.sid == asked.product_sid), None)
    ours = _described(profile) if profile else asked.profile_sid
    with_ = _described(product) if product else "a new Trust Product"
    others = [
        f"for {_described(pair.profile)} with {_described(pair.product)}, send "
        f"{_request(pair.profile.sid, None if pair.profile.policy_sid in PRIMARY else [A_SUBACCOUNT])}"
        for pair in pairs
    ]
    return (
        "The request was refused: business_profile_sid: SHAKEN/STIR Trust Products are connected to several approved "
        f"Business Profiles, so say whose numbers these are: for {ours} with {with_}, send "
        f"{_request(asked.profile_sid)}; {'; '.join(others)}; or say "
        f"that they are all the first one's with {_own(None)}."
    )


def _described(bundle: Bundle) -> str:
    kind = f"{(PRIMARY | OTHERS)[bundle.policy_sid]}, " if bundle.policy_sid in PRIMARY | OTHERS else ""
    return f"{bundle.sid} ('{bundle.friendly_name or bundle.sid}', {kind}{bundle.status.value})"


def _request(profile_sid: str | None, subaccounts: list[str] | None = None) -> str:
    named = {"business_profile_sid": profile_sid} if profile_sid else {}
    return json.dumps(named | ({"subaccounts": subaccounts} if subaccounts else {}), ensure_ascii=False)


def _own(profile_sid: str | None) -> str:
    named = {"business_profile_sid": profile_sid} if profile_sid else {}
    return json.dumps({**named, "own_numbers": True})
