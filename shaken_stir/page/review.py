"""The Trust Product's time line, and how long its review takes beside what Twilio names. All pure."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from onboarding.trust_products import REJECTION_REMEDIES, Status
from onboarding.validity import BundleKind, describe_validity, is_ending, remedy_of_ending
from shaken_stir.page.words import STATUSES, sentence, without_references
from shaken_stir.status.model import FleetStatus, ProductStatus, ProfileStatus
from shaken_stir.words import lasted

NAMED_BY_TWILIO: Final = timedelta(hours=72)
"""What Twilio names for a review, which may take longer (docs/faq.md)."""


class Step(NamedTuple):
    """A status that the product had.

    Attributes:
        status: As it is said.
        at: When it was first seen.
        took: How long it lasted, or lasts.
        reasons: Of a rejection: each code in words.
        now: Whether it still has it.
    """

    status: str
    at: datetime
    took: str
    reasons: tuple[str, ...]
    now: bool


class Review(NamedTuple):
    """A review that goes on: since when, for how long, and how much of what Twilio names that is, at most 1."""

    since: datetime
    takes: str
    share: float
    is_longer: bool


class ValidUntil(NamedTuple):
    """Until when a product or a profile is valid, and what to do if the end is near, else empty."""

    says: str
    remedy: str


def steps(fleet: FleetStatus) -> list[Step]:
    """Give the statuses of the product, oldest first."""
    history = fleet.product.history if fleet.product else ()
    ends = [later.observed_at for _, later in pairwise(history)] + [fleet.read_at]
    return [
        Step(
            STATUSES.get(change.status, change.status.value),
            change.observed_at,
            lasted(change.observed_at, end),
            tuple(_in_words(code) for code in change.errors) + tuple(change.reasons),
            now=number == len(history),
        )
        for number, (change, end) in enumerate(zip(history, ends, strict=False), start=1)
    ]


def review(fleet: FleetStatus) -> Review | None:
    """Say how long the review takes so far, None if there is none."""
    since = fleet.product.reviewed_since if fleet.product else None
    if not since:
        return None
    took = fleet.read_at - since
    share = round(min(1.0, took / NAMED_BY_TWILIO), 3)
    return Review(since, lasted(since, fleet.read_at), share, took > NAMED_BY_TWILIO)


def validities(fleet: FleetStatus) -> list[ValidUntil]:
    """Say until when the product and the profile are valid, as far as Twilio names an end."""
    bundles: dict[BundleKind, ProductStatus | ProfileStatus | None] = {
        "trust_product": fleet.product,
        "business_profile": fleet.profile,
    }
    found = []
    for kind, bundle in bundles.items():
        if bundle and bundle.valid_until:
            says = describe_validity(kind, bundle.sid, bundle.valid_until, fleet.read_at)
            remedy = remedy_of_ending(bundle.valid_until, fleet.read_at)
            near = is_ending(bundle.valid_until, fleet.read_at)
            found.append(ValidUntil(sentence(says), sentence(without_references(remedy).sentence) if near else ""))
    return found


def status_in_words(status: Status) -> str:
    """Give a status as it is said; one that Twilio does not document by its name."""
    return STATUSES.get(status, status.value)


def _in_words(code: int) -> str:
    return f"{code}: {REJECTION_REMEDIES.get(code, 'see https://www.twilio.com/docs/errors')}"
