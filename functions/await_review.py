"""State "Await Review": wait, by task token, until the verdict on the Trust Product is in."""

from onboarding import progress, settings, trust_hub, workflow
from onboarding.models import VERDICTS, BundleSid, StepEvent
from onboarding.progress import Waiter
from onboarding.step import step


class AwaitReviewEvent(StepEvent):
    """The product, the token that ends the wait, and when the wait ends by itself."""

    trust_product_sid: BundleSid
    task_token: str
    poll_seconds: float


@step(AwaitReviewEvent)
def handler(event: AwaitReviewEvent) -> None:
    """Handle the state's event.

    The token is stored before the status is read: so a callback that came earlier is seen by the read, and one that
    comes later finds the token.
    """
    environment = settings.load()
    table = progress.connect(environment)
    waiter = Waiter(event.execution, event.task_token)
    table.add_waiter(event.trust_product_sid, waiter, event.poll_seconds)
    product = trust_hub.connect(environment).trust_product(event.trust_product_sid)
    # A product that is gone is for Check Trust Product to report.
    if not product or product.status in VERDICTS:
        workflow.wake(workflow.connect(), event.task_token, "poll")
        table.remove_waiter(event.trust_product_sid, waiter)
