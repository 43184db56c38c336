"""The fleet file: which accounts, numbers, profiles and products the simulator starts with."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from simulator.faults import Fault
from simulator.policies import SHAKEN_STIR
from simulator.sentences import sentence
from simulator.sids import AccountSid, BundleSid, PhoneNumberSid, PolicySid, numbered_sid

type BundleStatus = Literal["draft", "pending-review", "in-review", "twilio-rejected", "twilio-approved"]
type AccountStatus = Literal["active", "suspended", "closed"]
type BusinessIdentity = Literal["direct_customer", "isv_reseller_or_partner", "unknown"]
type Verdict = Literal["approved", "rejected"]

PhoneNumberE164 = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
Seconds = Annotated[float, Field(ge=0, le=365 * 24 * 3600)]
ValidUntil = Annotated[AwareDatetime | None, Field(description="When its validity ends, if Twilio names an end.")]

_EXAMPLE_DIGITS = "0123456789abcdef" * 2
_GENERATED = re.compile(r"(\d{1,6})x(\d{1,6})")
_MEANT_AS_GENERATED = re.compile(r"-?\d*[xX]-?\d*")
_MOST_GENERATED_NUMBERS = 1_000_000
# Each has its own 100 fictional numbers: 555-0100 to 555-0199.
_AREA_CODES = (201, 202, 206, 212, 213, 303, 305, 310, 312, 404, 415, 503, 512, 602, 612, 617, 702, 713, 720, 801)


class FleetError(Exception):
    """A fleet that cannot be loaded; the text is one sentence that says what is wrong and where."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Refusal(_Strict):
    """The error that Twilio answers when this number is assigned to a Business Profile."""

    code: int
    message: str


class NumberEntry(_Strict):
    """A phone number of an account."""

    sid: PhoneNumberSid
    phone_number: PhoneNumberE164 = "+15125550100"
    voice: bool = True
    refuse: Refusal | None = None


class Parent(_Strict):
    """The account that authenticates; profiles and products are its own."""

    sid: AccountSid = "AC" + _EXAMPLE_DIGITS
    friendly_name: str = "Parent"
    auth_token: Annotated[str, Field(min_length=1)] = _EXAMPLE_DIGITS
    numbers: list[NumberEntry] = []


class Subaccount(_Strict):
    """A subaccount of the parent."""

    sid: AccountSid
    friendly_name: str = "Subaccount"
    status: AccountStatus = "active"
    numbers: list[NumberEntry] = []


class Profile(_Strict):
    """A Business Profile; ``numbers`` are assigned to it already.

    ``policy`` is its kind; when left out, the primary or the secondary one of a business. ``business_identity`` is in
    the attributes of its end user.
    """

    sid: BundleSid
    friendly_name: str = "Business Profile"
    status: BundleStatus = "twilio-approved"
    primary: bool = True
    policy: PolicySid | None = None
    business_identity: BusinessIdentity = "direct_customer"
    valid_until: ValidUntil = None
    numbers: list[PhoneNumberSid] = []


class Product(_Strict):
    """A Trust Product that exists already, perhaps connected to a profile, perhaps with numbers."""

    sid: BundleSid
    friendly_name: str = "SHAKEN/STIR"
    status: BundleStatus = "draft"
    business_profile: BundleSid | None = None
    policy: PolicySid = SHAKEN_STIR
    valid_until: ValidUntil = None
    numbers: list[PhoneNumberSid] = []
    errors: list[int] = []


class ReviewPlan(_Strict):
    """How long Twilio's review takes and how it ends.

    Of a rejection: ``errors`` are the codes that the product shows, ``failure_reason`` is what the callback says
    instead of them, ``evaluation`` what an evaluation finds then.
    """

    seconds: Annotated[float, Field(ge=0)] = 3.0
    verdict: Verdict = "approved"
    errors: list[int] = [18601]
    failure_reason: str = ""
    evaluation: str = ""


class CallbackPlan(_Strict):
    """How status callbacks behave; by default each is sent once and at once."""

    drop: Annotated[bool, Field(description="None is sent.")] = False
    repeat: Annotated[int, Field(ge=0, le=100, description="How many times more each is sent.")] = 0
    delay_seconds: Annotated[Seconds, Field(description="By how much each is sent later.")] = 0.0
    reorder: Annotated[
        bool, Field(description="Every other one waits until the next is sent, but no longer than ten minutes.")
    ] = False
    every_status: Annotated[bool, Field(description="One tells of the change to in-review, too.")] = False


class Fleet(_Strict):
    """Everything that exists at Twilio before the first request."""

    parent: Parent = Parent()
    profiles: list[Profile] = [Profile(sid="BU" + _EXAMPLE_DIGITS)]
    products: list[Product] = []
    subaccounts: list[Subaccount] = []
    review: ReviewPlan = ReviewPlan()
    callbacks: CallbackPlan = CallbackPlan()
    lag: Annotated[Seconds, Field(description="Seconds by which lists lag behind creates.")] = 0.0
    latency: Annotated[float, Field(ge=0, description="Seconds that every request takes longer.")] = 0.0
    faults: Annotated[list[Fault], Field(description="What goes wrong from the first request on.")] = []

    @model_validator(mode="after")
    def _sids_are_unique(self) -> Self:
        seen: set[str] = set()
        for place, sid in self._own_sids():
            if sid in seen:
                raise ValueError(f"{place}: {sid} is used twice")
            seen.add(sid)
        for place, sid in self._assigned_numbers():
            if sid not in seen:
                raise ValueError(f"{place}: {sid} is not a phone number of this fleet")
        return self

    @model_validator(mode="after")
    def _products_agree_with_profiles(self) -> Self:
        on_profile = {profile.sid: set(profile.numbers) for profile in self.profiles}
        for i, product in enumerate(self.products):
            profile = product.business_profile
            if profile is not None and profile not in on_profile:
                raise ValueError(f"products[{i}].business_profile: {profile} is not among the profiles")
            for j, sid in enumerate(product.numbers):
                if profile is None or sid not in on_profile[profile]:
                    raise ValueError(f"products[{i}].numbers[{j}]: {sid} is not on the product's business_profile")
        return self

    def _own_sids(self) -> Iterator[tuple[str, str]]:
        accounts: list[tuple[str, Parent | Subaccount]] = [("parent", self.parent)]
        accounts += [(f"subaccounts[{i}]", subaccount) for i, subaccount in enumerate(self.subaccounts)]
        for place, account in accounts:
            yield f"{place}.sid", account.sid
            for j, number in enumerate(account.numbers):
                yield f"{place}.numbers[{j}].sid", number.sid
        for i, profile in enumerate(self.profiles):
            yield f"profiles[{i}].sid", profile.sid
        for i, product in enumerate(self.products):
            yield f"products[{i}].sid", product.sid

    def _assigned_numbers(self) -> Iterator[tuple[str, str]]:
        for i, profile in enumerate(self.profiles):
            for j, sid in enumerate(profile.numbers):
                yield f"profiles[{i}].numbers[{j}]", sid


def load_fleet(source: str | Path) -> Fleet:
    """Load a fleet from a file, or generate one.

    Args:
        source: The path of a fleet file, or ``"100x10"`` for 100 subaccounts with 10 numbers each.

    Raises:
        FleetError: The file is missing, is not JSON, or does not describe a fleet.
    """
    if _MEANT_AS_GENERATED.fullmatch(str(source)) and not Path(source).exists():
        return _generated_fleet(str(source))
    where = f"fleet file {source}"
    try:
        document = json.loads(Path(source).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FleetError(f"{where}: there is no such file") from None
    except OSError as error:
        raise FleetError(f"{where}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise FleetError(f"{where}: is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise FleetError(f"{where}: line {error.lineno}, column {error.colno}: not JSON: {error.msg}") from None
    try:
        return Fleet.model_validate(document)
    except ValidationError as error:
        raise FleetError(f"{where}: {sentence(error.errors()[0])}") from None


def _generated_fleet(size: str) -> Fleet:
    match = _GENERATED.fullmatch(size)
    accounts, numbers = (int(group) for group in match.groups()) if match else (0, 0)
    if not 1 <= accounts * numbers <= _MOST_GENERATED_NUMBERS:
        raise FleetError(
            f"fleet {size}: a generated fleet is SUBACCOUNTSxNUMBERS such as 100x10, "
            f"both at least 1 and at most {_MOST_GENERATED_NUMBERS:,} numbers together"
        )
    subaccounts = [
        Subaccount(
            sid=numbered_sid("AC", account + 1),
            friendly_name=f"Subaccount {account + 1}",
            numbers=[
                NumberEntry(sid=numbered_sid("PN", n + 1), phone_number=fictional_number(n))
                for n in range(account * numbers, (account + 1) * numbers)
            ],
        )
        for account in range(accounts)
    ]
    return Fleet(subaccounts=subaccounts)


def fictional_number(index: int) -> str:
    """A US phone number that is nobody's; after two thousand they repeat."""
    area_code = _AREA_CODES[index // 100 % len(_AREA_CODES)]
    return f"+1{area_code}55501{index % 100:02}"
