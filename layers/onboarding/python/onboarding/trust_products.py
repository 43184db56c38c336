"""A Trust Product's life: its statuses, which one is chosen, what is known of it, rejections in words. All pure."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from pydantic import Field

from onboarding.models import BundleSid, EntityAssignmentSid, Model

HISTORY_LENGTH = 100


class Status(StrEnum):
    """The status of a Business Profile or a Trust Product, as Twilio names it."""

    DRAFT = "draft"
    PENDING_REVIEW = "pending-review"
    IN_REVIEW = "in-review"
    REJECTED = "twilio-rejected"
    APPROVED = "twilio-approved"


VERDICTS = frozenset({Status.APPROVED, Status.REJECTED})
"""The statuses that end a review."""
SUBMITTABLE = frozenset({Status.DRAFT, Status.REJECTED})
"""The statuses in which a product can be submitted for review."""
BEST_FIRST = (Status.APPROVED, Status.IN_REVIEW, Status.PENDING_REVIEW, Status.DRAFT, Status.REJECTED)
"""Which of several products is taken."""
VerdictBy = Literal["callback", "poll", "none"]
"""How a run learned of Twilio's verdict; `none` when it was in before the run, or is not in yet."""

REJECTION_REMEDIES = {
    18601: "the business name or website does not match public records: correct it in the Business Profile",
    18602: "the business registration number could not be verified: correct it in the Business Profile",
    18603: "the business address could not be verified: correct it in the Business Profile",
    18604: "the first authorized representative could not be verified: correct their details",
    18605: "the second authorized representative could not be verified: correct their details",
    18606: "a representative's e-mail is not of the business's domain: use one that is",
    18607: "the data was used by another profile: enter the business's own data",
    18608: "the data was used by another profile: enter the business's own data",
    18609: "the registration authority does not fit the registration number: choose the right one",
}
"""What to correct, by the code in a rejected bundle's `errors` (https://www.twilio.com/docs/api/errors)."""


class TrustProductState(Model):
    """The Trust Product as the state machine carries it at `$.trust_product`."""

    sid: BundleSid
    status: Status
    created: bool
    connection_sid: EntityAssignmentSid | None
    verdict_by: VerdictBy = "none"


class StatusChange(Model):
    """A status of a Trust Product that Twilio was seen to give it, with the codes of a rejection."""

    status: Status
    errors: list[int]
    observed_at: datetime


class TrustProductRecord(Model):
    """A Trust Product's item in the table: what Twilio last said of it, what it said before, and what was announced."""

    sid: BundleSid
    status: Status
    business_profile_sid: BundleSid | None = None
    created_by: str | None = None
    verdict_by: VerdictBy = "none"
    errors: list[int] = Field(default_factory=list)
    history: list[StatusChange] = Field(default_factory=list)
    announced: Status | None = None


class HasStatus(Protocol):
    """A Trust Product, as far as its status is concerned."""

    @property
    def status(self) -> Status:
        """Its status at Twilio."""


def best_first[Product: HasStatus](products: Iterable[Product]) -> list[Product]:
    """Sort Trust Products by how near they are to signing; of equals, Twilio's order stays."""
    return sorted(products, key=lambda product: BEST_FIRST.index(product.status))


def with_news(known: TrustProductRecord | None, news: TrustProductRecord, observed_at: datetime) -> TrustProductRecord:
    """Say what is known of a Trust Product once there is news of it.

    A status that differs from the last one joins the history, and is to be announced anew. What the news leave out
    stays as it is.

    Args:
        known: What was known, None if nothing.
        news: What Twilio said.
        observed_at: When it was asked.
    """
    if known is None:
        return news.model_copy(update={"history": [_change(news, observed_at)]})
    told = known.model_copy(update={name: getattr(news, name) for name in news.model_fields_set})
    if known.status is not news.status:
        history = [*known.history, _change(news, observed_at)]
        return told.model_copy(update={"errors": news.errors, "announced": None, "history": history[-HISTORY_LENGTH:]})
    if not news.errors or news.errors == known.errors:
        return told
    if known.errors:
        return told.model_copy(update={"history": [*known.history, _change(news, observed_at)][-HISTORY_LENGTH:]})
    # A step that looked at the status alone did not learn the codes.
    since = known.history[-1].observed_at if known.history else observed_at
    return told.model_copy(update={"history": [*known.history[:-1], _change(news, since)]})


def _change(news: TrustProductRecord, observed_at: datetime) -> StatusChange:
    return StatusChange(status=news.status, errors=news.errors, observed_at=observed_at)


def explain_rejection(trust_product_sid: str, codes: list[int]) -> str:
    """Put a rejection into one sentence.

    Args:
        trust_product_sid: The rejected Trust Product, `BU…`.
        codes: Twilio's codes, from the `errors` of the bundle.

    Returns:
        What Twilio found, code by code, and what to do next.
    """
    reasons = [f"{code}: {REJECTION_REMEDIES.get(code, 'see https://www.twilio.com/docs/errors')}" for code in codes]
    why = "; ".join(reasons) if reasons else "Twilio named no reason: look into the Console's Trust Hub"
    return (
        f"Twilio rejected the Trust Product {trust_product_sid} ({why}). "
        'Correct it in the Console, then send the request again with "resubmit": true.'
    )
