"""State "Connect Business Profile": connect the Trust Product to the Business Profile, if it is not."""

import time

from onboarding import progress, settings
from onboarding.models import BundleSid, EntityAssignmentSid, Model, StepEvent
from onboarding.progress import Progress
from onboarding.step import step
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
    """Handle the state's event."""
    if event.connection_sid:
        return Connection(sid=event.connection_sid, created=False)
    environment = settings.load()
    return connect(trust_hub.of_parent(environment), progress.open_table(environment), event)


def connect(hub: TrustHub, table: Progress, event: ConnectBusinessProfileEvent) -> Connection:
    """Look again, then connect, alone.

    Raises:
        TrustProductBusy: Another execution is creating or connecting the product.
    """
    product_sid, profile_sid = event.trust_product_sid, event.business_profile_sid
    lease = table.hold_trust_product(event.execution, product_sid)
    time.sleep(lease.pause)
    try:
        if existing := hub.connection(product_sid, profile_sid):
            return Connection(sid=existing, created=False)
        table.before_trust_product_post(lease, product_sid)
        try:
            return Connection(sid=hub.connect(product_sid, profile_sid), created=True)
        finally:
            table.after_trust_product_post(lease, product_sid)
    finally:
        table.release_trust_product(lease, product_sid)
