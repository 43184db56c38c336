"""State "Connect Business Profile": connect the Trust Product to the Business Profile, if it is not."""

import time

from onboarding import clients, settings
from onboarding.errors import TwilioUnavailable
from onboarding.models import BundleSid, EntityAssignmentSid, Model, StepEvent
from onboarding.step import step
from onboarding.table import leases
from onboarding.table.doubts import doubt_trust_product
from onboarding.table.dynamodb import Table
from onboarding.table.leases import Times
from onboarding.table.products import record_connection
from onboarding.twilio import trust_hub
from onboarding.twilio.trust_hub import TrustHub


class ConnectBusinessProfileEvent(StepEvent):
    """What to connect, and the entity assignment if it was found before."""

    trust_product_sid: BundleSid
    business_profile_sid: BundleSid
    connection_sid: EntityAssignmentSid | None


class Connection(Model):
    """The entity assignment that connects them."""

    sid: EntityAssignmentSid
    created: bool


@step(ConnectBusinessProfileEvent)
def handler(event: ConnectBusinessProfileEvent) -> Connection:
    """Connect them, unless they were found connected, and record the connection."""
    if event.connection_sid:
        return Connection(sid=event.connection_sid, created=False)
    environment = settings.load()
    table = clients.table(environment)
    connection = connect(trust_hub.of_parent(environment), table, environment, event)
    record_connection(table, event.trust_product_sid, connection.sid)
    return connection


def connect(hub: TrustHub, table: Table, times: Times, event: ConnectBusinessProfileEvent) -> Connection:
    """Look again, then connect, alone.

    Raises:
        TrustProductBusy: Another execution is creating or connecting the product.
    """
    product_sid, profile_sid = event.trust_product_sid, event.business_profile_sid
    lease = leases.hold_trust_product(table, times, event.execution, product_sid)
    time.sleep(lease.pause)
    try:
        if existing := hub.connection(product_sid, profile_sid):
            return Connection(sid=existing, created=False)
        leases.before_posts(table, lease)
        try:
            return Connection(sid=hub.connect(product_sid, profile_sid), created=True)
        except TwilioUnavailable:
            doubt_trust_product(table, event.execution)
            raise
        finally:
            leases.after_posts(table, lease, settled=False)
    finally:
        leases.give_back(table, lease)
