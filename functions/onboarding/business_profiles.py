"""The kinds of Business Profile that Twilio knows, by their policies, and which one is taken. All pure.

Source: https://www.twilio.com/docs/trust-hub/trusthub-rest-api; the policies of governments and nonprofits are known
from other users alone.
"""

from collections.abc import Iterable
from typing import Protocol

from onboarding.trust_products import SUBMITTABLE, VERDICTS, Status

BUSINESS = "RN6433641899984f951173ef1738c3bdd0"
PRIMARY = {
    BUSINESS: "primary Business",
    "RNffcb02a20420c81caf596ffc44f69712": "primary Individual",
    "RN92dc6c39189b4d5ad9c6664f39769f90": "primary Government",
    "RN936f6140f1864391adca88df5d84cb6d": "primary Nonprofit",
}
OTHERS = {
    "RNdfbf3fae0e1107f8aded0e7cead80bf5": "secondary Business",
    "RN074d26323ad8ca107761a5edf4191ba7": "secondary Government",
    "RNaf459d36b007ba6db226cd43a816cfa0": "secondary Nonprofit",
    "RN806dd6cd175f314e1f96a9727ee271f4": "starter",
}
"""Profiles of these policies are never taken: a SHAKEN/STIR Trust Product takes a primary one."""


class Profile(Protocol):
    """A Business Profile, as far as choosing one is concerned."""

    @property
    def sid(self) -> str:
        """`BU…`."""

    @property
    def status(self) -> Status:
        """Its status at Twilio."""

    @property
    def policy_sid(self) -> str:
        """`RN…`."""


def primary_ones[One: Profile](profiles: Iterable[One]) -> list[One]:
    """Pick the primary profiles: those of a business if there are any, else the others."""
    primary = [profile for profile in profiles if profile.policy_sid in PRIMARY]
    return [profile for profile in primary if profile.policy_sid == BUSINESS] or primary


def approved_primary_ones[One: Profile](profiles: Iterable[One]) -> list[One]:
    """Pick the approved primary profiles: those of a business if there are any, else the others."""
    return primary_ones(profile for profile in profiles if profile.status is Status.APPROVED)


def is_waited_for(status: Status) -> bool:
    """Say whether Twilio reviews a profile of this status; a status that is not known counts as a review."""
    return status not in VERDICTS | SUBMITTABLE


def remedy_of_unapproved(status: Status) -> str:
    """Return what to do about a profile that is not approved."""
    if is_waited_for(status):
        return "Twilio is still reviewing it: wait until it is approved, then send the request again"
    return "complete it in the Console's Trust Hub and send the request again"


def describe_profiles(profiles: Iterable[Profile]) -> str:
    """Name each profile with its kind and its status."""
    told = (
        f"{it.sid} ({(PRIMARY | OTHERS).get(it.policy_sid, f'of the policy {it.policy_sid}')}, {it.status.value})"
        for it in profiles
    )
    return ", ".join(told)
