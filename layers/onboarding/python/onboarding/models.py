"""The terms of the domain: SIDs, the request, a number's stage, and what the state machine's steps hand on.

SIDs are Twilio's: two letters and 32 hexadecimal digits.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints, model_validator


def _sid(prefix: str) -> StringConstraints:
    return StringConstraints(pattern=rf"^{prefix}[0-9a-fA-F]{{32}}$")


AccountSid = Annotated[str, _sid("AC")]
BundleSid = Annotated[str, _sid("BU")]
"""A Business Profile (CustomerProfile) or a Trust Product."""
PhoneNumberSid = Annotated[str, _sid("PN")]
ChannelEndpointAssignmentSid = Annotated[str, _sid("RA")]
EntityAssignmentSid = Annotated[str, _sid("BV")]
EvaluationSid = Annotated[str, _sid("EL")]
PolicySid = Annotated[str, _sid("RN")]
Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""A libphonenumber region, such as US."""


class Status(StrEnum):
    """The status of a Business Profile or a Trust Product, as Twilio names it."""

    DRAFT = "draft"
    PENDING_REVIEW = "pending-review"
    IN_REVIEW = "in-review"
    REJECTED = "twilio-rejected"
    APPROVED = "twilio-approved"


VERDICTS = frozenset({Status.APPROVED, Status.REJECTED})
"""The statuses that end a review."""


class Stage(StrEnum):
    """How far a phone number has come. It is signed when it is on the Trust Product and that is approved."""

    DISCOVERED = "discovered"
    ON_BUSINESS_PROFILE = "on_business_profile"
    ON_TRUST_PRODUCT = "on_trust_product"
    REFUSED = "refused"
    INELIGIBLE = "ineligible"
    RELEASED = "released"


class SubaccountStatus(StrEnum):
    """How a subaccount came out of its last run."""

    ONBOARDED = "onboarded"
    FAILED = "failed"
    BUSY = "busy"
    IN_PROGRESS = "in_progress"


VerdictBy = Literal["callback", "poll", "none"]
"""How a run learned of Twilio's verdict; `none` when it was in before the run, or is not in yet."""


class Model(BaseModel):
    """A model that refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StepEvent(Model):
    """What every step is told: the execution that it works for, by name."""

    execution: str


class TrustProductRequest(Model):
    """Which Trust Product to use, or what is needed to create one."""

    friendly_name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)] | None = None
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")] | None = None
    sid: BundleSid | None = None


class OnboardingRequest(Model):
    """The input of the state machine, as a person or an event writes it. Everything may be left out."""

    business_profile_sid: BundleSid | None = None
    trust_product: TrustProductRequest = TrustProductRequest()
    subaccounts: Annotated[list[AccountSid], Field(min_length=1)] | None = None
    phone_numbers: Annotated[list[PhoneNumberSid], Field(min_length=1, max_length=500)] | None = None
    include_parent: StrictBool | None = None
    regions: Annotated[list[Region], Field(min_length=1)] | None = None
    resubmit: StrictBool = False
    release_orphans: StrictBool = False

    @model_validator(mode="after")
    def _phone_numbers_need_one_subaccount(self) -> Self:
        if self.phone_numbers and (len(self.subaccounts or []) != 1 or self.include_parent):
            raise ValueError("phone_numbers needs exactly one subaccount in subaccounts, and no include_parent")
        return self

    @model_validator(mode="after")
    def _orphans_need_the_whole_fleet(self) -> Self:
        if self.release_orphans and self.subaccounts:
            raise ValueError("release_orphans needs the whole fleet: leave subaccounts out")
        return self


class CompleteRequest(Model):
    """The request as every later state reads it at `$.request`: each default filled in."""

    execution: str
    business_profile_sid: BundleSid | None
    trust_product: TrustProductRequest
    subaccounts: list[AccountSid] | None
    phone_numbers: list[PhoneNumberSid] | None
    include_parent: bool
    regions: list[Region]
    resubmit: bool
    release_orphans: bool
    map_concurrency: int
    poll_seconds: int
    review_deadline: datetime


class NamedNumber(Model):
    """A phone number that a request names: as Twilio shows it, or else why the run leaves it out."""

    phone_number_sid: PhoneNumberSid
    phone_number: str | None = None
    voice: bool = False
    left_out: str | None = None


class LeftOutNumber(Model):
    """A phone number that a request names but the run leaves out, and why."""

    phone_number_sid: PhoneNumberSid
    reason: str


def left_out_of(named: Iterable[NamedNumber]) -> list[LeftOutNumber]:
    """Pick the phone numbers that the run leaves out."""
    return [LeftOutNumber(phone_number_sid=it.phone_number_sid, reason=it.left_out) for it in named if it.left_out]


class Subaccount(Model):
    """An account whose numbers are to be signed: an entry of the manifest; older manifests may lack the name."""

    subaccount_sid: AccountSid
    friendly_name: str | None


class StoredList(Model):
    """Where a list of the run's lies in S3: its subaccounts, or the phone numbers that are assigned at Twilio."""

    bucket: str
    key: str
    count: int


class TrustProductState(Model):
    """The Trust Product as the state machine carries it at `$.trust_product`."""

    sid: BundleSid
    status: Status
    created: bool
    connection_sid: EntityAssignmentSid | None
    verdict_by: VerdictBy = "none"


class PhoneNumberRecord(Model):
    """A phone number's item in the table."""

    phone_number_sid: PhoneNumberSid
    phone_number: str
    stage: Stage
    reason: str | None = None
    error_code: int | None = None
    refused_at: datetime | None = None
    refused_by: BundleSid | None = None
    business_profile_sid: BundleSid | None = None
    business_profile_assignment_sid: ChannelEndpointAssignmentSid | None = None
    trust_product_sid: BundleSid | None = None
    trust_product_assignment_sid: ChannelEndpointAssignmentSid | None = None

    @property
    def bundles(self) -> tuple[str | None, str | None]:
        """The Business Profile and the Trust Product that the number is on."""
        return self.business_profile_sid, self.trust_product_sid

    def on_business_profile(self, sid: str, assignment_sid: str) -> Self:
        """The number once it is on a Business Profile (`BU…`) by an assignment (`RA…`)."""
        return self._moved(
            Stage.ON_BUSINESS_PROFILE, business_profile_sid=sid, business_profile_assignment_sid=assignment_sid
        )

    def on_trust_product(self, sid: str, assignment_sid: str) -> Self:
        """The number once it is on a Trust Product (`BU…`), too, by an assignment (`RA…`)."""
        return self._moved(Stage.ON_TRUST_PRODUCT, trust_product_sid=sid, trust_product_assignment_sid=assignment_sid)

    def refused(self, sid: str, reason: str, error_code: int | None) -> Self:
        """The number once Twilio has refused it on a Business Profile or Trust Product, with its message and code."""
        refusal = {"refused_by": sid, "reason": reason, "error_code": error_code, "refused_at": datetime.now(UTC)}
        return self._moved(Stage.REFUSED, **refusal)

    def released(self) -> Self:
        """The number once it has left its account: nothing of what was known holds any more."""
        return type(self)(phone_number_sid=self.phone_number_sid, phone_number=self.phone_number, stage=Stage.RELEASED)

    def _moved(self, stage: Stage, **changes: Any) -> Self:
        past = {"reason": None, "error_code": None, "refused_at": None, "refused_by": None}
        return self.model_copy(update={"stage": stage, **past, **changes})


class SubaccountOutcome(Model):
    """How a subaccount came out of one run; `changed` when its numbers are not as they were recorded before."""

    subaccount_sid: AccountSid
    friendly_name: str | None = None
    status: SubaccountStatus
    numbers: dict[Stage, int] = {}
    changed: bool = False
    error: str | None = None
    message: str | None = None


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
    errors: list[int] = []
    history: list[StatusChange] = []
    announced: Status | None = None


class OrphanRecord(Model):
    """An orphan's item in the table: an assigned phone number that a run over the whole fleet found in no account.

    `named_before` is the run before that one which named it, too; `account_sid` where it was last.
    """

    phone_number_sid: PhoneNumberSid
    account_sid: AccountSid | None = None
    named_by: str
    named_at: datetime
    named_before: str | None = None
