"""The Business Profile and the Trust Product in use: status and validity, and when an expiry is announced. All pure.

Nothing is decided by it: no source says what Twilio does when the validity has ended.
Source: `valid_until` of https://www.twilio.com/docs/trust-hub/trusthub-rest-api/customer-profiles and of
https://www.twilio.com/docs/trust-hub/trusthub-rest-api/trust-products.
"""

from datetime import UTC, datetime
from typing import Literal

from onboarding.models import BundleSid, Model
from onboarding.trust_products import Status
from onboarding.words import day, plural

BundleKind = Literal["business_profile", "trust_product"]
TITLES: dict[BundleKind, str] = {"business_profile": "Business Profile", "trust_product": "Trust Product"}
MONTH_BEFORE, ON_THE_DAY = 30, 0
"""How many days before the end it is announced."""


class Validity(Model):
    """What Twilio said of a Business Profile or a Trust Product in use, and which expiry notice was announced.

    Attributes:
        kind: Which of the two.
        sid: `BU…`.
        observed_at: When Twilio was asked.
        status: Its status then.
        status_since: When it was first seen with this status.
        valid_until: When it ends, None if Twilio names no end.
        announced: How many days before the end it was announced last, as `announcement_due` counts them; None if it
            was not.
        policy_sid: Its policy, `RN…`.
        business_identity: The `business_identity` of a Business Profile's business, None if the profile does not say.
        identity_read_at: When that was read, None if it was not.
    """

    kind: BundleKind
    sid: BundleSid
    observed_at: datetime
    status: Status | None = None
    status_since: datetime | None = None
    valid_until: datetime | None = None
    announced: int | None = None
    policy_sid: str | None = None
    business_identity: str | None = None
    identity_read_at: datetime | None = None


def with_known(known: Validity | None, seen: Validity) -> Validity:
    """Carry over what is still true from the record before: since when the status holds, which notice was announced.

    Args:
        known: The record before, None if there is none.
        seen: What Twilio says now.
    """
    same_status = known is not None and known.status is seen.status
    since = known.status_since if known and same_status else seen.observed_at
    announced = known.announced if known and known.valid_until == seen.valid_until else None
    kept = {name: getattr(known, name) for name in ("business_identity", "identity_read_at")} if known else {}
    return seen.model_copy(update={"status_since": since, "announced": announced, **kept})


def announcement_due(validity: Validity) -> int | None:
    """Say which announcement of an end is due at the time of the look: MONTH_BEFORE, ON_THE_DAY, or None.

    Whoever looks on the day or later for the first time is not told of the month before any more.
    """
    if validity.valid_until is None or not is_ending(validity.valid_until, validity.observed_at):
        return None
    due = ON_THE_DAY if days_left(validity.valid_until, validity.observed_at) <= ON_THE_DAY else MONTH_BEFORE
    return due if validity.announced is None or due < validity.announced else None


def is_ending(valid_until: datetime, now: datetime) -> bool:
    """Say whether a validity ends within a month, or has ended."""
    return days_left(valid_until, now) <= MONTH_BEFORE


def days_left(valid_until: datetime, now: datetime) -> int:
    """Count the days from today to the last one, by UTC's calendar: 0 on the day, below 0 after it."""
    return (valid_until.astimezone(UTC).date() - now.astimezone(UTC).date()).days


def describe_validity(kind: BundleKind, sid: str, valid_until: datetime, now: datetime) -> str:
    """Put a validity into words: `The Trust Product BU… is valid until 2027-03-01 UTC (in 97 days)`.

    Args:
        kind: What is valid.
        sid: Its SID, `BU…`.
        valid_until: When it ends, or has ended.
        now: The time.
    """
    days = days_left(valid_until, now)
    when = "today" if not days else f"in {plural(days, 'day')}" if days > 0 else f"{plural(-days, 'day')} ago"
    verb = "is" if days >= 0 else "was"
    return f"The {TITLES[kind]} {sid} {verb} valid until {day(valid_until)} UTC ({when})"


def remedy_of_ending(valid_until: datetime, now: datetime) -> str:
    """Say what to do about a validity that ends, or has ended."""
    look = (
        "look at it in the Console's Trust Hub before then"
        if days_left(valid_until, now) > 0
        else "see in the Console's Trust Hub whether its status has changed"
    )
    return (
        f"{look}, and renew it there or with Twilio's support, since Twilio does not document what it does at the end; "
        "runs go on assigning numbers (docs/runbook.md#validity-ending)"
    )


def explain_validity(kind: BundleKind, sid: str, valid_until: datetime, now: datetime) -> str:
    """Put a validity into one sentence: until when, and what to do if that is near or past."""
    told = describe_validity(kind, sid, valid_until, now)
    return f"{told}; {remedy_of_ending(valid_until, now)}." if is_ending(valid_until, now) else f"{told}."
