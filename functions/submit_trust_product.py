"""State "Submit Trust Product": submit the product for Twilio's review."""

from datetime import UTC, datetime

from onboarding import clients, settings
from onboarding.errors import TwilioRefused
from onboarding.models import StepEvent
from onboarding.step import step
from onboarding.table.products import record_trust_product
from onboarding.trust_products import SUBMITTABLE, Status, TrustProductRecord, TrustProductState
from onboarding.twilio import callback, trust_hub
from onboarding.twilio.trust_hub import TrustHub


class SubmitTrustProductEvent(StepEvent, extra="ignore"):
    """The product to submit. An execution that an older definition began hands on the webhook's address, too."""

    trust_product: TrustProductState


@step(SubmitTrustProductEvent)
def handler(event: SubmitTrustProductEvent) -> TrustProductState:
    """Submit the product and record the status that it has now."""
    environment = settings.load()
    sid, asked_at = event.trust_product.sid, datetime.now(UTC)
    status = submit(trust_hub.of_parent(environment), sid, environment.callback_url)
    record_trust_product(clients.table(environment), TrustProductRecord(sid=sid, status=status), asked_at)
    return event.trust_product.model_copy(update={"status": status})


def submit(hub: TrustHub, sid: str, webhook: str | None) -> Status:
    """Submit the product (`BU…`), unless another execution has done so meanwhile.

    Without a webhook that Twilio can call, the verdict is only asked for.

    Raises:
        TwilioRefused: The product cannot be submitted.
    """
    if status := submitted(hub, sid):
        return status
    try:
        return hub.submit(sid, callback.url_for(webhook, sid) if webhook else None).status
    except TwilioRefused:
        if status := submitted(hub, sid):
            return status
        raise


def submitted(hub: TrustHub, sid: str) -> Status | None:
    """Look whether the product is submitted already; gives its status then."""
    product = hub.trust_product(sid)
    return product.status if product and product.status not in SUBMITTABLE else None
