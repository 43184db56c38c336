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
    Reason.PROFILE_IN_REVIEW: "Profile in review",
    Reason.NOT_SUBMITTED: "Not submitted",
    Reason.UNDER_WAY: "Under way",
    Reason.TO_DO: "To do",
    Reason.FAILED: "Failed",
    Reason.REFUSED: "Refused",
    Reason.INELIGIBLE: "Ineligible",
    Reason.ELSEWHERE: "Elsewhere",
    Reason.RELEASED: "Released",
}
STAGES: Final[Mapping[Stage, str]] = {
    Stage.ON_TRUST_PRODUCT: "on the Trust Product",
    Stage.ON_BUSINESS_PROFILE: "on the Business Profile only",
    Stage.DISCOVERED: "not assigned",
    Stage.REFUSED: "refused",
    Stage.INELIGIBLE: "ineligible",
    Stage.ELSEWHERE: "on another bundle",
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
    SubaccountStatus.ONBOARDED: "Done",
    SubaccountStatus.FAILED: "Failed",
    SubaccountStatus.BUSY: "Busy with another run",
    SubaccountStatus.IN_PROGRESS: "Working",
}

UNNAMED: Final = "Unnamed subaccount"

_REFERENCE: Final = re.compile(r" ?\((docs/[\w./-]+(?:#[\w-]+)?)\)")


def outcome_in_words(outcome: SubaccountStatus, refused: int = 0) -> str:
    """Return the label of an outcome; one that is done with refused numbers says so."""
    words = OUTCOMES[outcome]
    return f"{words}, {refused:,} refused" if outcome is SubaccountStatus.ONBOARDED and refused else words


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
