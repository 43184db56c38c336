"""A subaccount of a run, and how it came out."""

from enum import StrEnum

from pydantic import Field

from onboarding.models import AccountSid, BundleSid, Model
from onboarding.phone_numbers import Stage


class SubaccountStatus(StrEnum):
    """How a subaccount came out of its last run."""

    ONBOARDED = "onboarded"
    FAILED = "failed"
    BUSY = "busy"
    IN_PROGRESS = "in_progress"


class Subaccount(Model):
    """An account whose numbers are to be signed: an entry of the manifest; older manifests may lack the name."""

    subaccount_sid: AccountSid
    friendly_name: str | None


class SubaccountOutcome(Model):
    """How a subaccount came out of one run.

    `changed` when its numbers are not as they were recorded before, which `numbers_before` counts. The two bundles are
    those that `numbers` was counted for.
    """

    subaccount_sid: AccountSid
    friendly_name: str | None = None
    status: SubaccountStatus
    business_profile_sid: BundleSid | None = None
    trust_product_sid: BundleSid | None = None
    numbers: dict[Stage, int] = Field(default_factory=dict)
    numbers_before: dict[Stage, int] = Field(default_factory=dict)
    changed: bool = False
    error: str | None = None
    message: str | None = None
