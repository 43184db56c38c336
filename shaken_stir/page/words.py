"""How the page puts states, times and durations into words. Times are UTC."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from onboarding.phone_numbers import Stage
from onboarding.subaccounts import SubaccountStatus
from onboarding.trust_products import DELETED, Status
from shaken_stir.status.model import Reason
from shaken_stir.words import visible

REASONS: Final[Mapping[Reason, str]] = {
    Reason.SIGNED: "Signed",
    Reason.IN_REVIEW: "In review",
    Reason.REJECTED: "Rejected",
    Reason.PROFILE_NOT_APPROVED: "Profile not approved",
    Reason.NOT_SUBMITTED: "Not submitted",
    Reason.UNDER_WAY: "Under way",
    Reason.TO_DO: "To do",
    Reason.FAILED: "Failed",
    Reason.REFUSED: "Refused",
    Reason.INELIGIBLE: "Ineligible",
    Reason.RELEASED: "Released",
}
STAGES: Final[Mapping[Stage, str]] = {
    Stage.ON_TRUST_PRODUCT: "on the Trust Product",
    Stage.ON_BUSINESS_PROFILE: "on the Business Profile only",
    Stage.DISCOVERED: "not assigned",
    Stage.REFUSED: "refused",
    Stage.INELIGIBLE: "ineligible",
    Stage.RELEASED: "released",
}
STATUSES: Final[Mapping[Status, str]] = {
    Status.DRAFT: "Draft",
    Status.PENDING_REVIEW: "Pending review",
    Status.IN_REVIEW: "In review",
    Status.REJECTED: "Rejected",
    Status.APPROVED: "Approved",
    DELETED: "Deleted",
}
OUTCOMES: Final[Mapping[SubaccountStatus, str]] = {
    SubaccountStatus.ONBOARDED: "Onboarded",
    SubaccountStatus.FAILED: "Failed",
    SubaccountStatus.BUSY: "Busy with another run",
    SubaccountStatus.IN_PROGRESS: "Under way",
}

UNNAMED: Final = "Unnamed subaccount"

_REFERENCE: Final = re.compile(r" ?\((docs/[\w./-]+(?:#[\w-]+)?)\)")


def reason_in_words(reason: Reason) -> str:
    """Return the label of a reason; the page also shows one that has no label yet."""
    return REASONS.get(reason, reason.value.replace("-", " ").capitalize())


def outcome_in_words(outcome: SubaccountStatus) -> str:
    """Return the label of an outcome; the page also shows one that has no label yet."""
    return OUTCOMES.get(outcome, outcome.value.replace("_", " ").capitalize())


def name_of(friendly_name: str) -> str:
    """Return a subaccount's name as visible text, or `UNNAMED`."""
    return visible(friendly_name) or UNNAMED


class Told(NamedTuple):
    """A sentence, and the sections of the documents that it referred to."""

    sentence: str
    sections: tuple[str, ...]


def without_references(text: str) -> Told:
    """Take out of a text the sections that it refers to in parentheses, such as `(docs/errors.md#18601)`."""
    return Told(_REFERENCE.sub("", text), tuple(_REFERENCE.findall(text)))


def sentence(text: str) -> str:
    """Let a text begin with a capital letter and end with a full stop; an empty one stays empty."""
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")
