"""State "Submit Trust Product": submit the product for Twilio's review."""

import time
from datetime import UTC, datetime

from onboarding import clients, settings
from onboarding.errors import TrustProductNotResubmitted, TrustProductNotSubmitted, TwilioRefused
from onboarding.models import StepEvent
from onboarding.step import step
from onboarding.table.products import record_trust_product
from onboarding.trust_products import SUBMITTABLE, Status, TrustProductRecord, TrustProductState
from onboarding.twilio import callback, trust_hub
from onboarding.twilio.trust_hub import TrustHub

ATTEMPTS = 2
MISSING_DATA = range(22212, 22218)
"""The codes by which Twilio names what is missing in a product: that can be corrected."""


class SubmitTrustProductEvent(StepEvent):
    """The product to submit."""

    trust_product: TrustProductState


@step(SubmitTrustProductEvent)
def handler(event: SubmitTrustProductEvent) -> TrustProductState:
    """Submit the product and record the status that it has now."""
    environment = settings.load()
    sid, asked_at = event.trust_product.sid, datetime.now(UTC)
    webhook = callback.url_for(environment.callback_url, sid) if environment.callback_url else None
    status = submit(trust_hub.of_parent(environment), sid, webhook, environment.list_settle_seconds)
    record_trust_product(clients.table(environment), TrustProductRecord(sid=sid, status=status), asked_at)
    return event.trust_product.model_copy(update={"status": status})


def submit(hub: TrustHub, sid: str, webhook: str | None, pause: float) -> Status:
    """Submit the product (`BU…`) until it has left the status that it was in.

    Twilio was seen to answer HTTP 200 and leave a product a draft: then it is looked at again, and submitted once more.

    Args:
        hub: The parent's Trust Hub.
        sid: The product.
        webhook: Where Twilio tells of the verdict; without one that it can call, the verdict is only asked for.
        pause: The seconds before a product that stayed as it was is looked at again.

    Returns:
        Its status now; if another execution has submitted it meanwhile, nothing is sent.

    Raises:
        TwilioRefused: The product cannot be submitted.
        TrustProductNotResubmitted: It is rejected, and Twilio does not take it again.
        TrustProductNotSubmitted: Twilio takes the request, but the product stays as it was.
    """
    for _ in range(ATTEMPTS):
        before = status_of(hub, sid, pause)
        if before not in SUBMITTABLE:
            return before
        if (after := send(hub, sid, before, webhook, pause)) is not before:
            return after
        time.sleep(pause)
    if (after := status_of(hub, sid, pause)) not in SUBMITTABLE:
        return after
    raise TrustProductNotSubmitted(
        f"Twilio took the submission of the Trust Product {sid} {ATTEMPTS} times and answered HTTP 200, but left it "
        f"{after.value}; look at it in the Console's Trust Hub, submit it there, and send the request again."
    )


def send(hub: TrustHub, sid: str, before: Status, webhook: str | None, pause: float) -> Status:
    """Send the submission; a refusal is none when somebody else was faster."""
    try:
        return hub.submit(sid, webhook).status
    except TwilioRefused as refusal:
        if (after := status_of(hub, sid, pause)) not in SUBMITTABLE:
            return after
        if before is Status.REJECTED and refusal.code not in MISSING_DATA:
            raise not_resubmitted(sid, refusal) from refusal
        raise


def status_of(hub: TrustHub, sid: str, pause: float) -> Status:
    """Look at the product, twice if it is not there; one that is still not there is for Twilio to refuse."""
    product = hub.seen_trust_product(sid, pause)
    return product.status if product else Status.DRAFT


def not_resubmitted(sid: str, refusal: TwilioRefused) -> TrustProductNotResubmitted:
    """Say what to do by hand about a rejected product that Twilio does not take again."""
    code = f"code {refusal.code}, " if refusal.code else ""
    return TrustProductNotResubmitted(
        f"Twilio does not take the rejected Trust Product {sid} for review again ('{refusal.reason.rstrip('.')}', "
        f"{code}HTTP {refusal.status}); in the Console's Trust Hub, first, create a new SHAKEN/STIR Trust Product; "
        f"second, assign the Business Profile to it, and do not submit it; third, take the phone numbers off {sid}; "
        'then send the request again with "trust_product": {"sid": "BU…"}, the new one\'s SID.'
    )
