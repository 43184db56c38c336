"""State "Submit Trust Product": hand the product in for Twilio's review."""

from urllib.parse import urlencode

from onboarding import progress, settings, trust_hub
from onboarding.models import BundleSid, Model, Status, StepEvent, TrustProductRecord
from onboarding.step import step
from onboarding.trust_hub import TrustHub

SUBMITTABLE = {Status.DRAFT, Status.REJECTED}


class SubmitTrustProductEvent(StepEvent):
    """The product to submit, and the webhook that Twilio is to call."""

    trust_product_sid: BundleSid
    callback_url: str


class Submission(Model):
    """The product's status after the submission."""

    status: Status


@step(SubmitTrustProductEvent)
def handler(event: SubmitTrustProductEvent) -> Submission:
    """Handle the state's event."""
    environment = settings.load()
    status = submit(trust_hub.connect(environment), event)
    progress.connect(environment).record_trust_product(TrustProductRecord(sid=event.trust_product_sid, status=status))
    return Submission(status=status)


def submit(hub: TrustHub, event: SubmitTrustProductEvent) -> Status:
    """Submit the product, unless another execution has done so meanwhile.

    The signature of the callback covers its query string: so the webhook knows the product for sure.
    """
    product = hub.trust_product(event.trust_product_sid)
    if product and product.status not in SUBMITTABLE:
        return product.status
    query = urlencode({"trust_product_sid": event.trust_product_sid})
    return hub.submit(event.trust_product_sid, f"{event.callback_url}?{query}").status
