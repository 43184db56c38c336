"""A phone number's life: where it stands, what it may become, and what the audit corrects. All pure.

A number is discovered, goes on the Business Profile, then on the Trust Product. Twilio may refuse it on either, it may
be ineligible or on another bundle of the account, and it may leave its
account. Whether it can be signed at all is told by `eligibility`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from onboarding.models import AccountSid, BundleSid, ChannelEndpointAssignmentSid, Model, PhoneNumberSid
from onboarding.trust_products import Status
from onboarding.validity import TITLES, BundleKind

REFUSED_AGAIN_AFTER = timedelta(days=7)
"""When a refused number is tried again, and a number that is elsewhere is looked for there again."""

type Assignments = Mapping[str, list[str]]
"""The assignments (`RA…`) of each number (`PN…`)."""


class Stage(StrEnum):
    """How far a phone number has come. It is signed when it is on the Trust Product and that is approved."""

    DISCOVERED = "discovered"
    ON_BUSINESS_PROFILE = "on_business_profile"
    ON_TRUST_PRODUCT = "on_trust_product"
    REFUSED = "refused"
    INELIGIBLE = "ineligible"
    ELSEWHERE = "elsewhere"
    RELEASED = "released"


MAY_BECOME: Mapping[Stage, frozenset[Stage]] = MappingProxyType(
    {
        Stage.DISCOVERED: frozenset(Stage) - {Stage.DISCOVERED},
        Stage.ON_BUSINESS_PROFILE: frozenset(Stage) - {Stage.ON_BUSINESS_PROFILE},
        # Only since an assignment is gone, or since other bundles are asked for than those that it is on.
        Stage.ON_TRUST_PRODUCT: frozenset(
            {Stage.DISCOVERED, Stage.ON_BUSINESS_PROFILE, Stage.INELIGIBLE, Stage.RELEASED}
        ),
        Stage.REFUSED: frozenset(Stage) - {Stage.REFUSED},
        Stage.ELSEWHERE: frozenset(Stage) - {Stage.ELSEWHERE},
        Stage.INELIGIBLE: frozenset(
            {Stage.DISCOVERED, Stage.ON_BUSINESS_PROFILE, Stage.ON_TRUST_PRODUCT, Stage.RELEASED}
        ),
        # It has come back to its account.
        Stage.RELEASED: frozenset({Stage.DISCOVERED, Stage.INELIGIBLE}),
    }
)
"""What may follow a stage."""


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A phone number as Twilio lists it (IncomingPhoneNumber); `phone_number` in E.164."""

    sid: str
    phone_number: str
    voice: bool


@dataclass(frozen=True, slots=True)
class Assigned:
    """What is assigned to a Business Profile and a Trust Product (`BU…`), as Twilio lists it."""

    business_profile_sid: str
    trust_product_sid: str
    on_business_profile: Assignments = field(default_factory=dict)
    on_trust_product: Assignments = field(default_factory=dict)

    @property
    def bundles(self) -> tuple[str, str]:
        """The Business Profile and the Trust Product."""
        return self.business_profile_sid, self.trust_product_sid


class Elsewhere(Model):
    """Another Business Profile, or another SHAKEN/STIR product, that a phone number is on; `seen_at` is when."""

    kind: BundleKind
    sid: BundleSid
    friendly_name: str
    status: Status
    seen_at: datetime

    @property
    def signs(self) -> bool:
        """Whether the number is signed there."""
        return self.kind == "trust_product" and self.status is Status.APPROVED

    def describe(self) -> str:
        """Return the bundle with its name and status, and whether the number is signed there."""
        signed = "signed there" if self.signs else "not signed there"
        return f"the {TITLES[self.kind]} {self.sid} ('{self.friendly_name}', {self.status.value}; {signed})"


class PhoneNumberRecord(Model):
    """A phone number's item in the table.

    `since` is when its stage began, `came_at` when it was first seen in its account or came back to it, `lost_at` when
    it last left a Trust Product; a record that was written before these were kept has none of them.
    """

    phone_number_sid: PhoneNumberSid
    phone_number: str
    stage: Stage
    since: datetime | None = None
    came_at: datetime | None = None
    lost_at: datetime | None = None
    reason: str | None = None
    error_code: int | None = None
    refused_at: datetime | None = None
    refused_by: BundleSid | None = None
    business_profile_sid: BundleSid | None = None
    business_profile_assignment_sid: ChannelEndpointAssignmentSid | None = None
    trust_product_sid: BundleSid | None = None
    trust_product_assignment_sid: ChannelEndpointAssignmentSid | None = None
    elsewhere: Elsewhere | None = None

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
        return self._begun(Stage.RELEASED)

    def discovered(self) -> Self:
        """The number as if it had just been found: all of it is still to be done."""
        return self._begun(Stage.DISCOVERED)

    def ineligible(self, reason: str) -> Self:
        """The number once it is known that it cannot be signed, and why."""
        return self._begun(Stage.INELIGIBLE, reason=reason)

    def found_elsewhere(self, elsewhere: Elsewhere) -> Self:
        """The number once it is known to be on another bundle of the account, which a run does not touch."""
        return self._begun(Stage.ELSEWHERE, elsewhere=elsewhere)

    def _begun(self, stage: Stage, **changes: Any) -> Self:
        self._check(stage)
        told = {"phone_number_sid": self.phone_number_sid, "phone_number": self.phone_number}
        return type(self)(**told, stage=stage, **self._times(stage), **changes)

    def _moved(self, stage: Stage, **changes: Any) -> Self:
        self._check(stage)
        past = {"reason": None, "error_code": None, "refused_at": None, "refused_by": None, "elsewhere": None}
        return self.model_copy(update={"stage": stage, **self._times(stage), **past, **changes})

    def _times(self, stage: Stage) -> dict[str, datetime | None]:
        times = {"since": self.since, "came_at": self.came_at, "lost_at": self.lost_at}
        if stage is self.stage:
            return times
        now = datetime.now(UTC)
        left_product = {"lost_at": now} if self.stage is Stage.ON_TRUST_PRODUCT else {}
        came_back = {"came_at": now} if self.stage is Stage.RELEASED else {}
        return times | {"since": now} | left_product | came_back

    def with_times_of(self, before: Self) -> Self:
        """The record with the times of what was known before it, if it has not left that stage after all."""
        if self.stage is not before.stage:
            return self
        return self.model_copy(update={"since": before.since, "came_at": before.came_at, "lost_at": before.lost_at})

    def _check(self, stage: Stage) -> None:
        if stage is not self.stage and stage not in MAY_BECOME[self.stage]:
            raise ValueError(f"{self.phone_number_sid} is {self.stage.value} and cannot become {stage.value}.")


class OrphanRecord(Model):
    """An orphan's item in the table: an assigned phone number that a run over the whole fleet found in no account.

    `named_before` is the run before that one which named it, too; `account_sid` where it was last.
    """

    phone_number_sid: PhoneNumberSid
    account_sid: AccountSid | None = None
    named_by: str
    named_at: datetime
    named_before: str | None = None


def classify(
    number: PhoneNumber,
    known: PhoneNumberRecord | None,
    bundles: tuple[str, str],
    ineligible: str | None = None,
    *,
    named: bool = False,
) -> PhoneNumberRecord:
    """Say where a number that Twilio lists stands: equal to what is known of it when there is nothing to do for it.

    Args:
        number: The number.
        known: What is known of it, None if it is new.
        bundles: The Business Profile and the Trust Product (`BU…`) that it is to go on.
        ineligible: Why it cannot be signed, None if it can.
        named: Whether the request names it, so that a refusal is no reason to wait.
    """
    if known and known.stage is Stage.ON_TRUST_PRODUCT and known.bundles == bundles:
        return known
    if known and not ineligible and not named and _is_set_aside(known, bundles):
        return known
    record = (known or _new(number)).model_copy(update={"phone_number": number.phone_number})
    profile_sid, assignment_sid = record.business_profile_sid, record.business_profile_assignment_sid
    stands = record.ineligible(ineligible) if ineligible else record.discovered()
    if not ineligible and assignment_sid and profile_sid == bundles[0]:
        stands = stands.on_business_profile(profile_sid, assignment_sid)
    return stands.with_times_of(record)


def _new(number: PhoneNumber) -> PhoneNumberRecord:
    now = datetime.now(UTC)
    return PhoneNumberRecord(
        phone_number_sid=number.sid,
        phone_number=number.phone_number,
        stage=Stage.DISCOVERED,
        since=now,
        came_at=now,
    )


def needs_work(record: PhoneNumberRecord) -> bool:
    """Say whether a number is on its way."""
    return record.stage in {Stage.DISCOVERED, Stage.ON_BUSINESS_PROFILE}


def correct(record: PhoneNumberRecord, assigned: Assigned) -> PhoneNumberRecord:
    """Say what should be known of a number by what is assigned: equal to the record when that is right."""
    return _by_assignments(record, assigned).with_times_of(record)


def _by_assignments(record: PhoneNumberRecord, assigned: Assigned) -> PhoneNumberRecord:
    if record.stage is Stage.RELEASED:
        return record
    ours, sid = assigned.bundles, record.phone_number_sid
    on_profile = _one_of(assigned.on_business_profile.get(sid), record.business_profile_assignment_sid)
    on_product = _one_of(assigned.on_trust_product.get(sid), record.trust_product_assignment_sid)
    if on_profile and on_product:
        return record.on_business_profile(ours[0], on_profile).on_trust_product(ours[1], on_product)
    if not on_profile:
        return record.discovered() if record.business_profile_sid == ours[0] else record
    on_its_way = needs_work(record) or record.refused_by == ours[0]
    lost_product = record.stage is Stage.ON_TRUST_PRODUCT and record.bundles == ours
    if on_its_way or lost_product:
        return record.discovered().on_business_profile(ours[0], on_profile)
    return record


def has_vanished(before: PhoneNumberRecord, after: PhoneNumberRecord) -> bool:
    """Say whether a correction means that somebody else took a number off the profile or the product."""
    return after.stage is Stage.DISCOVERED or (
        before.stage is Stage.ON_TRUST_PRODUCT and after.stage is Stage.ON_BUSINESS_PROFILE
    )


def counts_in(said: object) -> dict[Stage, int]:
    """Read recorded counts by stage; what cannot be read is left out."""
    counts: dict[Stage, int] = {}
    for stage, count in said.items() if isinstance(said, Mapping) else ():
        with suppress(ValueError, TypeError, ArithmeticError):
            counts[Stage(stage)] = int(count)
    return counts


def by_number(assignments: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Gather assignments (`RA…`) by number (`PN…`)."""
    found: dict[str, list[str]] = defaultdict(list)
    for phone_number_sid, assignment_sid in assignments:
        found[phone_number_sid].append(assignment_sid)
    return found


def _is_set_aside(known: PhoneNumberRecord, bundles: tuple[str, str]) -> bool:
    if known.stage is Stage.ELSEWHERE and known.elsewhere and known.elsewhere.sid not in bundles:
        return datetime.now(UTC) < known.elsewhere.seen_at + REFUSED_AGAIN_AFTER
    return _is_refused_for_now(known, bundles)


def _is_refused_for_now(known: PhoneNumberRecord, bundles: tuple[str, str]) -> bool:
    if known.stage is not Stage.REFUSED or known.refused_by not in bundles:
        return False
    refused_at = known.refused_at or datetime.min.replace(tzinfo=UTC)
    return datetime.now(UTC) < refused_at + REFUSED_AGAIN_AFTER


def _one_of(listed: list[str] | None, known: str | None) -> str | None:
    """The assignment that is known, if it is listed, else another that is."""
    if not listed:
        return None
    return known if known in listed else listed[0]
