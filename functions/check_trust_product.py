"""State "Check Trust Product": what Twilio says of the product now. The API is the truth, a callback only a hint."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from onboarding import announcements, clients, settings
from onboarding.errors import OnboardingError, ReviewTimedOut, TrustProductRejected
from onboarding.masking import mask
from onboarding.models import StepEvent
from onboarding.noticing import notice_validity
from onboarding.observability import measure
from onboarding.step import step
from onboarding.table.dynamodb import Table
from onboarding.table.products import note_announced, read_trust_product, record_trust_product
from onboarding.table.reviews import newest_failure_reason
from onboarding.trust_products import (
    VERDICTS,
    Status,
    TrustProductRecord,
    TrustProductState,
    VerdictBy,
    codes_in,
    explain_rejection,
    submitted_at,
)
from onboarding.twilio import trust_hub
from onboarding.twilio.trust_hub import Bundle, TrustHub
from onboarding.words import moment


class CheckTrustProductEvent(StepEvent):
    """The product as it was last seen, since when the run goes on, and when it stops waiting."""

    trust_product: TrustProductState
    started_at: datetime
    review_deadline: datetime


@step(CheckTrustProductEvent)
def handler(event: CheckTrustProductEvent) -> TrustProductState:
    """Ask Twilio, record what it says, and announce a verdict that is news, and a validity that ends.

    Raises:
        TrustProductRejected: With Twilio's codes and what to correct.
        ReviewTimedOut: There is no verdict, and the deadline has passed.
    """
    environment = settings.load()
    table = clients.table(environment)
    before, asked_at = event.trust_product, datetime.now(UTC)
    hub = trust_hub.of_parent(environment)
    product = fetch(hub, before.sid, environment.list_settle_seconds)
    verdict_by: VerdictBy = "none"
    if product.status in VERDICTS and before.status not in VERDICTS:
        verdict_by = "poll" if before.verdict_by == "none" else before.verdict_by
    news = TrustProductRecord(
        sid=product.sid, status=product.status, errors=list(product.errors), reasons=list(product.reasons)
    )
    if product.status is Status.REJECTED:
        news = with_reasons(hub, table, news)
    recorded = record_trust_product(
        table, news if verdict_by == "none" else news.model_copy(update={"verdict_by": verdict_by}), asked_at
    )
    # What is recorded may be newer than this answer.
    if product.status in VERDICTS and recorded.status is product.status is not recorded.announced:
        announce(table, environment.event_bus_name, recorded, event.execution)
    # An approval may bring another validity than the run began with.
    notice_validity(table, environment.event_bus_name, product.seen("trust_product", asked_at), event.execution)
    if product.status is Status.REJECTED:
        raise TrustProductRejected(explain_rejection(product.sid, recorded.errors, recorded.reasons))
    if product.status is not Status.APPROVED:
        await_on(product, event)
    return before.model_copy(update={"status": product.status, "verdict_by": verdict_by})


def fetch(hub: TrustHub, sid: str, settle_seconds: float) -> Bundle:
    """Fetch the product (`BU…`); one that was deleted meanwhile counts as rejected.

    Args:
        hub: The client.
        sid: The product.
        settle_seconds: The seconds after which a product that Twilio does not find is asked for again.

    Raises:
        TrustProductRejected: There is no such product any more.
    """
    product = hub.seen_trust_product(sid, settle_seconds)
    if not product:
        raise TrustProductRejected(
            f"The Trust Product {sid} was deleted from the account {hub.account_sid} while it was awaited; "
            "send the request again."
        )
    return product


def with_reasons(hub: TrustHub, table: Table, news: TrustProductRecord) -> TrustProductRecord:
    """Gather why the product was rejected: Twilio tells it in its errors, in its callback, or in an evaluation.

    That it is rejected only the API tells; what cannot be read now is left out.
    """
    known = read_trust_product(table, news.sid)
    said = newest_failure_reason(table, news.sid, submitted_at(known.history) if known else None)
    codes = codes_in(said)
    reasons = [*news.reasons, *([said] if said and not codes else [])]
    with suppress(OnboardingError):
        reasons += hub.newest_failures(news.sid)
    return news.model_copy(
        update={"errors": list(dict.fromkeys([*news.errors, *codes])), "reasons": list(dict.fromkeys(reasons))}
    )


def announce(table: Table, bus: str, product: TrustProductRecord, execution: str) -> None:
    """Announce the verdict on the product, or that an approval was revoked; executions at once send the same `id`."""
    since = product.history[-1].observed_at.isoformat() if product.history else ""
    said: dict[str, Any] = {
        "id": f"{product.sid}/{product.status}/{since}",
        "execution": execution,
        "trust_product_sid": product.sid,
    }
    announcements.announce(
        clients.event_bridge(),
        bus,
        announcements.TrustProductApproved(**said, message=f"Twilio has approved the Trust Product {product.sid}.")
        if product.status is Status.APPROVED
        else announcements.TrustProductRejected(
            **said,
            errors=product.errors,
            reasons=[mask(reason) for reason in product.reasons],
            message=mask(explain_rejection(product.sid, product.errors, product.reasons)),
        ),
    )
    note_announced(table, product.sid, product.status)


def await_on(product: Bundle, event: CheckTrustProductEvent) -> None:
    """Measure how long the review has taken; `ReviewOverdueAlarm` tells a person.

    Raises:
        ReviewTimedOut: The deadline has passed.
    """
    now = datetime.now(UTC)
    measure(name="ReviewHours", value=(now - event.started_at).total_seconds() / 3600)
    if now > event.review_deadline:
        raise ReviewTimedOut(
            f"Twilio gave no verdict on the Trust Product {product.sid} by {moment(event.review_deadline)} "
            f"(it is {product.status.value}); ask Twilio's support, then send the request again."
        )
