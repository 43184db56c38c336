"""State "Submit Trust Product": hand the product in for Twilio's review."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from onboarding import progress, settings, trust_hub
from onboarding.errors import TwilioRefused
from onboarding.models import Status, StepEvent, TrustProductRecord, TrustProductState
from onboarding.step import step
from onboarding.trust_hub import TrustHub

SUBMITTABLE = {Status.DRAFT, Status.REJECTED}


class SubmitTrustProductEvent(StepEvent):
    """The product to submit, and the webhook that Twilio is to call; empty where there is none."""

    trust_product: TrustProductState
    callback_url: str


@step(SubmitTrustProductEvent)
def handler(event: SubmitTrustProductEvent) -> TrustProductState:
    """Handle the state's event."""
    environment = settings.load()
    sid, asked_at = event.trust_product.sid, datetime.now(UTC)
    status = submit(trust_hub.connect(environment), sid, event.callback_url)
    progress.connect(environment).record_trust_product(TrustProductRecord(sid=sid, status=status), asked_at)
    return event.trust_product.model_copy(update={"status": status})


def submit(hub: TrustHub, sid: str, callback_url: str) -> Status:
    """Submit the product (`BU…`), unless another execution has done so meanwhile.

    The callback names the product in its query string, which its signature covers: so the webhook knows it for sure.
    Without one, the verdict is only asked for.

    Raises:
        TwilioRefused: The product cannot be submitted.
    """
    if status := submitted(hub, sid):
        return status
    try:
        named = f"{callback_url}?{urlencode({'trust_product_sid': sid})}" if callback_url else None
        return hub.submit(sid, named).status
    except TwilioRefused:
        if status := submitted(hub, sid):
            return status
        raise


def submitted(hub: TrustHub, sid: str) -> Status | None:
    """Look whether the product is submitted already; gives its status then."""
    product = hub.trust_product(sid)
    return product.status if product and product.status not in SUBMITTABLE else None
