"""A Trust Product's life: its statuses, which one is chosen, what is known of it, rejections in words. All pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Literal, Protocol

from pydantic import Field

from onboarding.models import BundleSid, EntityAssignmentSid, Model

HISTORY_LENGTH = 100


class Status(StrEnum):
    """The status of a Business Profile or a Trust Product, as Twilio names it.

    One that is not among these is known by its name alone, is no verdict, and is waited on like a review:
    `Status("provisionally-approved")`.
    """

    DRAFT = "draft"
    PENDING_REVIEW = "pending-review"
    IN_REVIEW = "in-review"
    REJECTED = "twilio-rejected"
    APPROVED = "twilio-approved"

    @classmethod
    def _missing_(cls, value: object) -> "Status":
        return _unknown(str(value))

    @property
    def is_known(self) -> bool:
        """Whether it is one that this project knows what to do about."""
        return self.name in Status.__members__


@cache
def _unknown(name: str) -> Status:
    """Make a status that is not among the known ones; the same one for the same name."""
    status = str.__new__(Status, name)
    status._name_, status._value_ = name, name
    return status


DELETED = Status("deleted")
"""Not one of Twilio's: the account no longer has the product."""
VERDICTS = frozenset({Status.APPROVED, Status.REJECTED})
"""The statuses that end a review."""
SUBMITTABLE = frozenset({Status.DRAFT, Status.REJECTED})
"""The statuses in which a product can be submitted for review."""
RANKS = {Status.APPROVED: 0, Status.IN_REVIEW: 1, Status.PENDING_REVIEW: 2, Status.DRAFT: 4, Status.REJECTED: 5}
UNKNOWN_RANK = 3
"""Which of several products is taken: the one of the lowest rank. What nobody knows is waited on, like a review."""
VerdictBy = Literal["callback", "poll", "none"]
"""How a run learned of Twilio's verdict; `none` when it was in before the run, or is not in yet."""

REJECTION_REMEDIES = {
    11001: "the website is not written as one: correct it in the Business Profile",
    11002: "a representative's phone number is not a US one: give one that begins with +1",
    11003: "the address is not in the US: correct it in the Business Profile",
    11004: "the business registration could not be checked: compare number and authority with the registration papers",
    11005: "the Business Profile is not approved: have it approved first",
    11006: "the Business Profile is not approved: have it approved first",
    11007: "the display name is not the business's: use the business's own name",
    11008: "a name has a term that is not allowed, such as that of an authority: use another one",
    11022: "the business did not answer Twilio: answer its e-mails, then submit again",
    18601: "the business name or website does not match public records: correct it in the Business Profile",
    18602: "the business registration number could not be verified: correct it in the Business Profile",
    18603: "the business address could not be verified: correct it in the Business Profile",
    18604: "the first authorized representative could not be verified: correct their details",
    18605: "the second authorized representative could not be verified: correct their details",
    18606: "a representative's e-mail is not of the business's domain: use one that is",
    18607: "the data cannot be copied from another profile: enter the business's own data",
    18608: "the data was copied from another profile already: nothing is to be copied again",
    18609: "the registration authority does not fit the registration number: choose the right one",
    18610: "the data cannot be copied, since its address was deleted: enter the address again",
    20409: "something on it could not be changed just then: wait, then try again",
    22203: "a status did not fit: look at the product's and the profile's in the Console",
    22204: "status and properties were changed in one request: change the properties in the Console first",
    22205: "something that is assigned is not the account's own: look at what is assigned to it",
    22206: "something that is assigned is of the wrong kind: look at what is assigned to it",
    22212: "something that is assigned is of the wrong type: look at what is assigned to it",
    22213: "something that is assigned is not known: look at what is assigned to it",
    22214: "information about the business is missing: add it to the Business Profile",
    22215: "a field of the business's information is missing or not approved: complete it in the Business Profile",
    22216: "a document is missing: add it to the Business Profile",
    22217: "a field of a document is missing: complete it in the Business Profile",
    60711: "it could not be edited while it was in review or approved: submit it again when that is over",
    70001: "a field did not pass Twilio's check: look at what the Console marks",
    70002: "Twilio could not read a field: look at what the Console marks",
    70003: "something on it has changed meanwhile: look at it in the Console, then try again",
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
    """A status of a Trust Product that Twilio was seen to give it, with the codes and the reasons of a rejection."""

    status: Status
    errors: list[int]
    reasons: list[str] = Field(default_factory=list)
    observed_at: datetime


class TrustProductRecord(Model):
    """A Trust Product's item in the table: what Twilio last said of it, what it said before, and what was announced.

    `connection_sid` connects it to the Business Profile, None while nothing does; `connection_since` is when that was
    first seen.
    """

    sid: BundleSid
    status: Status
    business_profile_sid: BundleSid | None = None
    connection_sid: EntityAssignmentSid | None = None
    connection_since: datetime | None = None
    created_by: str | None = None
    verdict_by: VerdictBy = "none"
    errors: list[int] = Field(default_factory=list)
    reasons: list[str] = Field(default_factory=list)
    history: list[StatusChange] = Field(default_factory=list)
    announced: Status | None = None


class HasStatus(Protocol):
    """A Trust Product, as far as its status is concerned."""

    @property
    def status(self) -> Status:
        """Its status at Twilio."""


def best_first[Product: HasStatus](products: Iterable[Product]) -> list[Product]:
    """Sort Trust Products by how near they are to signing; of equals, Twilio's order stays."""
    return sorted(products, key=lambda product: RANKS.get(product.status, UNKNOWN_RANK))


def with_news(known: TrustProductRecord | None, news: TrustProductRecord, observed_at: datetime) -> TrustProductRecord:
    """Say what is known of a Trust Product once there is news of it.

    A status that differs from the last one joins the history, and is to be announced anew. What the news leave out
    stays as it is.

    Args:
        known: What was known, None if nothing.
        news: What Twilio said.
        observed_at: When it was asked.
    """
    if "connection_sid" in news.model_fields_set and not (known and known.connection_sid == news.connection_sid):
        news = news.model_copy(update={"connection_since": observed_at})
    if known is None:
        return news.model_copy(update={"history": [_change(news, observed_at)]})
    told = known.model_copy(update={name: getattr(news, name) for name in news.model_fields_set})
    if known.status is not news.status:
        history = [*known.history, _change(news, observed_at)]
        update = {
            "errors": news.errors,
            "reasons": news.reasons,
            "announced": None,
            "history": history[-HISTORY_LENGTH:],
        }
        return told.model_copy(update=update)
    # What a callback said is kept, though the callback itself is forgotten in time.
    told = told.model_copy(update={"errors": news.errors or known.errors, "reasons": news.reasons or known.reasons})
    if (told.errors, told.reasons) == (known.errors, known.reasons):
        return told
    if known.errors or known.reasons:
        return told.model_copy(update={"history": [*known.history, _change(told, observed_at)][-HISTORY_LENGTH:]})
    # A step that looked at the status alone did not learn why.
    since = known.history[-1].observed_at if known.history else observed_at
    return told.model_copy(update={"history": [*known.history[:-1], _change(told, since)]})


def _change(news: TrustProductRecord, observed_at: datetime) -> StatusChange:
    return StatusChange(status=news.status, errors=news.errors, reasons=news.reasons, observed_at=observed_at)


def status_since(history: Sequence[StatusChange]) -> datetime | None:
    """Return when the last status was first seen; a change of reasons alone does not count."""
    since = None
    for change in reversed(history):
        if change.status is not history[-1].status:
            break
        since = change.observed_at
    return since


def submitted_at(history: Iterable[StatusChange]) -> datetime | None:
    """Say when the review began that ended last, None if nobody saw it begin."""
    begun = [change.observed_at for change in history if change.status not in VERDICTS | SUBMITTABLE]
    return begun[-1] if begun else None


def codes_in(reason: str) -> list[int]:
    """Read a reason that is nothing but codes, such as `18601, 18606`; empty for any other."""
    words = reason.replace(",", " ").split()
    return [int(word) for word in words] if all(word.isdecimal() for word in words) else []


def explain_rejection(trust_product_sid: str, codes: Iterable[int], said: Iterable[str] = ()) -> str:
    """Put a rejection into one sentence.

    Args:
        trust_product_sid: The rejected Trust Product, `BU…`.
        codes: Twilio's codes, from the `errors` of the bundle.
        said: Twilio's own words, from its callback and from its evaluation.

    Returns:
        What Twilio found, code by code, and what to do next.
    """
    reasons = [f"{code}: {REJECTION_REMEDIES.get(code, 'see https://www.twilio.com/docs/errors')}" for code in codes]
    reasons += [f"Twilio says: {words.rstrip('.')}" for words in said]
    why = "; ".join(reasons) if reasons else "Twilio named no reason: look into the Console's Trust Hub"
    return (
        f"Twilio rejected the Trust Product {trust_product_sid} ({why}). "
        'Correct it in the Console, then send the request again with "resubmit": true.'
    )
