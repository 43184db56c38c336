"""State "Find Or Create Trust Product": the SHAKEN/STIR product to use; created only if there is none."""

import time
from datetime import UTC, datetime
from typing import NamedTuple

from onboarding import clients, settings
from onboarding.errors import InvalidRequest, TwilioUnavailable
from onboarding.models import AccountSid, BundleSid, StepEvent
from onboarding.noticing import notice_validity
from onboarding.ownership import Asked, require_own_numbers
from onboarding.requests import TrustProductRequest
from onboarding.step import step
from onboarding.table import leases
from onboarding.table.doubts import doubt_trust_product
from onboarding.table.dynamodb import Table
from onboarding.table.leases import Times
from onboarding.table.products import read_trust_product, record_trust_product
from onboarding.table.validities import read_trust_product_sids
from onboarding.trust_products import DELETED, TrustProductRecord, TrustProductState, best_first
from onboarding.twilio import trust_hub
from onboarding.twilio.trust_hub import SHAKEN_STIR_POLICY_SID, Bundle, TrustHub


class Chosen(NamedTuple):
    """The product to use, and the entity assignment (`BV…`) that connects it to the profile, None if nothing does.

    `unlisted` says that Twilio's lists did not show it yet.
    """

    product: Bundle
    connection_sid: str | None
    created: bool = False
    unlisted: bool = False

    @property
    def state(self) -> TrustProductState:
        """What the state machine carries of it."""
        sid, status = self.product.sid, self.product.status
        return TrustProductState(sid=sid, status=status, created=self.created, connection_sid=self.connection_sid)


class FindOrCreateTrustProductEvent(StepEvent):
    """The profile that the product is to be connected to, and what the request says of the product.

    An execution that an older definition began does not say whose numbers it means, and is not stopped for them.
    """

    business_profile_sid: BundleSid
    trust_product: TrustProductRequest
    named_profile_sid: BundleSid | None = None
    subaccounts: list[AccountSid] | None = None
    own_numbers: bool = True

    def asked(self, found: Chosen | None) -> Asked:
        """Return whose numbers the request means, with the product that was found."""
        return Asked(
            profile_sid=self.business_profile_sid,
            product_sid=found.product.sid if found else None,
            is_connected=found is not None and found.connection_sid is not None,
            names_profile=self.named_profile_sid is not None,
            whole_fleet=self.subaccounts is None,
        )


@step(FindOrCreateTrustProductEvent)
def handler(event: FindOrCreateTrustProductEvent) -> TrustProductState:
    """Find the product or create it, record it, and notice when its validity ends."""
    environment = settings.load()
    hub, table = trust_hub.of_parent(environment), clients.table(environment)
    asked_at = datetime.now(UTC)
    settle_seconds = environment.list_settle_seconds
    found = find(hub, event, table, settle_seconds)
    if not event.own_numbers:
        require_own_numbers(hub, table, event.asked(found))
    chosen = found or create(hub, table, environment, event)
    product = chosen.product
    if chosen.unlisted:
        doubt_trust_product(table, event.execution)
    record_trust_product(
        table,
        TrustProductRecord(
            sid=product.sid,
            status=product.status,
            business_profile_sid=event.business_profile_sid,
            connection_sid=chosen.connection_sid,
            **({"created_by": event.execution} if chosen.created else {}),
        ),
        asked_at,
    )
    notice_validity(table, environment.event_bus_name, product.seen("trust_product", asked_at), event.execution)
    return chosen.state


def find(
    hub: TrustHub, event: FindOrCreateTrustProductEvent, table: Table | None = None, settle_seconds: float = 0
) -> Chosen | None:
    """Find the product: the one named, else one connected to the profile, else one of the same name.

    If Twilio's lists show none of these, the product that the table has recorded and the lists do not show yet.

    Args:
        hub: The client.
        event: The profile and the request.
        table: The progress table, None if there is none.
        settle_seconds: The pause after which a recorded product that Twilio does not find is requested again.

    Raises:
        InvalidRequest: The product that the request names does not exist or is not a SHAKEN/STIR one.
    """
    profile_sid = event.business_profile_sid
    if event.trust_product.sid:
        sid = event.trust_product.sid
        is_recorded = table is not None and read_trust_product(table, sid) is not None
        named = hub.seen_trust_product(sid, settle_seconds) if is_recorded else hub.trust_product(sid)
        if not named or named.policy_sid != SHAKEN_STIR_POLICY_SID:
            raise InvalidRequest(
                f"The request was refused: trust_product.sid: {sid} is not a SHAKEN/STIR "
                f"Trust Product of the account {hub.account_sid}; leave it out to find or create one."
            )
        return Chosen(named, hub.connection(named.sid, profile_sid))
    products = best_first(hub.trust_products())
    for product in products:
        if connection_sid := hub.connection(product.sid, profile_sid):
            return Chosen(product, connection_sid)
    name = event.trust_product.friendly_name
    same_name = (Chosen(product, None) for product in products if product.friendly_name == name)
    return next(same_name, None) or (unlisted(hub, table, profile_sid, products, settle_seconds) if table else None)


def unlisted(
    hub: TrustHub, table: Table, profile_sid: str, listed: list[Bundle], settle_seconds: float
) -> Chosen | None:
    """Find a recorded product of this profile that exists, but which Twilio's lists do not show yet.

    A GET by SID shows a product and its connection immediately. A recorded product that is in the list without its
    connection was disconnected from the profile, and is not used.

    Args:
        hub: The client.
        table: The progress table.
        profile_sid: The Business Profile, `BU…`.
        listed: The products that the list shows.
        settle_seconds: The pause after which a product that Twilio does not find is requested again.
    """
    for sid in read_trust_product_sids(table):
        record = read_trust_product(table, sid)
        if not record or record.business_profile_sid != profile_sid or record.status is DELETED:
            continue
        product = hub.seen_trust_product(sid, settle_seconds)
        if not product or product.policy_sid != SHAKEN_STIR_POLICY_SID:
            continue
        connection_sid = record.connection_sid
        if connection_sid and hub.is_connected(sid, connection_sid):
            return Chosen(product, connection_sid, unlisted=True)
        if all(it.sid != sid for it in listed):
            return Chosen(product, None, unlisted=True)
    return None


def create(hub: TrustHub, table: Table, times: Times, event: FindOrCreateTrustProductEvent) -> Chosen:
    """Create a draft, unless another execution does so at the same time.

    Raises:
        InvalidRequest: The request and the deployment's parameters leave out the name or the e-mail.
        TrustProductBusy: Another execution is creating or connecting the product.
    """
    lease = leases.hold_trust_product(table, times, event.execution)
    time.sleep(lease.pause)
    if lease.pause:
        doubt_trust_product(table, event.execution)
    try:
        if found := find(hub, event, table, times.list_settle_seconds):
            return found
        name, email = name_and_email(hub, event.trust_product)
        leases.before_posts(table, lease)
        try:
            created = hub.create_trust_product(name, email)
        except TwilioUnavailable:
            doubt_trust_product(table, event.execution)
            raise
        finally:
            leases.after_posts(table, lease, settled=False)
    finally:
        leases.give_back(table, lease)
    return Chosen(created, None, created=True)


def name_and_email(hub: TrustHub, wanted: TrustProductRequest) -> tuple[str, str]:
    """Return what is needed to create a product.

    Raises:
        InvalidRequest: The request and the deployment's parameters leave out the name or the e-mail.
    """
    name, email = wanted.friendly_name, wanted.email
    if not name or not email:
        missing = " and ".join(
            key for key, value in [("trust_product.friendly_name", name), ("trust_product.email", email)] if not value
        )
        raise InvalidRequest(
            f"The request was refused: {missing}: needed, since the account {hub.account_sid} "
            "has no SHAKEN/STIR Trust Product yet and one must be created."
        )
    return name, email
