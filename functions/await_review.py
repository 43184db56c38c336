"""State "Await Review": wait, by task token, until the verdict on the Trust Product is in."""

import time

from onboarding import clients, progress, settings, workflow
from onboarding.errors import ReviewAwaitedElsewhere
from onboarding.models import VERDICTS, BundleSid, StepEvent
from onboarding.progress import Progress, Waiter
from onboarding.step import step
from onboarding.twilio import trust_hub


class AwaitReviewEvent(StepEvent):
    """The product, the token that ends the wait, and when the wait ends by itself."""

    execution_arn: str
    trust_product_sid: BundleSid
    task_token: str
    poll_seconds: float


@step(AwaitReviewEvent)
def handler(event: AwaitReviewEvent) -> None:
    """Handle the state's event.

    The token is stored before the status is read: so a callback that came earlier is seen by the read, and one that
    comes later finds the token.

    Raises:
        ReviewAwaitedElsewhere: Another execution has been waiting for the product for longer.
    """
    environment = settings.load()
    table, sid = progress.open_table(environment), event.trust_product_sid
    known = {waiter.execution: waiter.since for waiter in table.waiters(sid)}
    since = known.get(event.execution, int(time.time() * 1000))
    waiter = Waiter(since, event.execution, event.execution_arn, event.task_token)
    table.add_waiter(sid, waiter, event.poll_seconds)
    product = trust_hub.of_parent(environment).trust_product(sid)
    # A product that is gone is for Check Trust Product to report.
    if not product or product.status in VERDICTS:
        workflow.wake(clients.step_functions(), event.task_token, "poll")
        table.remove_waiter(sid, waiter)
    elif other := longest_waiter(table, sid, waiter):
        table.remove_waiter(sid, waiter)
        raise ReviewAwaitedElsewhere(
            f"The Trust Product {sid} is {product.status.value}; the execution {other.execution} awaits the verdict."
        )


def longest_waiter(table: Progress, trust_product_sid: str, waiter: Waiter) -> Waiter | None:
    """Find an execution that still runs and has waited for the product (`BU…`) for longer than this one."""
    earlier = (other for other in table.waiters(trust_product_sid) if other < waiter)
    return next(
        (other for other in earlier if workflow.is_running(clients.step_functions(), other.execution_arn)), None
    )
