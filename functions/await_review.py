"""State "Await Review": wait, by task token, until the verdict on the Trust Product is in."""

import time

from onboarding import clients, executions, settings
from onboarding.errors import ReviewAwaitedElsewhere
from onboarding.models import BundleSid, StepEvent
from onboarding.step import step
from onboarding.table.dynamodb import Table
from onboarding.table.reviews import Waiter, add_waiter, read_waiters, remove_waiter
from onboarding.trust_products import VERDICTS
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
    table, sid = clients.table(environment), event.trust_product_sid
    known = {waiter.execution: waiter.since for waiter in read_waiters(table, sid)}
    since = known.get(event.execution, int(time.time() * 1000))
    waiter = Waiter(since, event.execution, event.execution_arn, event.task_token)
    add_waiter(table, sid, waiter, event.poll_seconds)
    product = trust_hub.of_parent(environment).seen_trust_product(sid, environment.list_settle_seconds)
    # A product that is gone is for Check Trust Product to report.
    if not product or product.status in VERDICTS:
        executions.wake(clients.step_functions(), event.task_token, "poll")
        remove_waiter(table, sid, waiter)
    elif other := longest_waiter(table, sid, waiter):
        remove_waiter(table, sid, waiter)
        raise ReviewAwaitedElsewhere(
            f"The Trust Product {sid} is {product.status.value}; the execution {other.execution} awaits the verdict."
        )


def longest_waiter(table: Table, trust_product_sid: str, waiter: Waiter) -> Waiter | None:
    """Find an execution that still runs and has waited for the product (`BU…`) for longer than this one."""
    earlier = (other for other in read_waiters(table, trust_product_sid) if other < waiter)
    return next(
        (other for other in earlier if executions.is_running(clients.step_functions(), other.execution_arn)), None
    )
