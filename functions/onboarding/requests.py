"""The request: as a person or an event writes it, with every default filled in, and the numbers that it names."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StrictBool, StringConstraints, model_validator

from onboarding.models import AccountSid, BundleSid, Model, PhoneNumberSid, Region


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("it has a control character: leave it out")
    return text


Printable = AfterValidator(_printable)


class TrustProductRequest(Model):
    """Which Trust Product to use, or what is needed to create one."""

    friendly_name: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64), Printable] | None
    ) = None
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$"), Printable] | None = None
    sid: BundleSid | None = None


class OnboardingRequest(Model):
    """The input of the state machine, as a person or an event writes it. Everything may be left out."""

    business_profile_sid: BundleSid | None = None
    trust_product: TrustProductRequest = TrustProductRequest()
    subaccounts: Annotated[list[AccountSid], Field(min_length=1)] | None = None
    phone_numbers: Annotated[list[PhoneNumberSid], Field(min_length=1, max_length=500)] | None = None
    include_parent: StrictBool | None = None
    own_numbers: StrictBool | None = None
    regions: Annotated[list[Region], Field(min_length=1)] | None = None
    resubmit: StrictBool = False
    release_orphans: StrictBool = False

    @model_validator(mode="after")
    def _phone_numbers_need_one_subaccount(self) -> Self:
        if self.phone_numbers and (len(self.subaccounts or []) != 1 or self.include_parent):
            raise ValueError("phone_numbers needs exactly one subaccount in subaccounts, and no include_parent")
        return self

    @model_validator(mode="after")
    def _each_region_once(self) -> Self:
        regions = self.regions or []
        if repeated := sorted({it for it in regions if regions.count(it) > 1}):
            raise ValueError(f"regions: {', '.join(repeated)} is there more than once")
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
    own_numbers: bool
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
