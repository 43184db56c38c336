"""What an operator asks of a fleet: every number, subaccount, run and product as the progress table knows them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, computed_field

from onboarding.models import AccountSid, BundleSid, PhoneNumberSid
from onboarding.phone_numbers import Elsewhere, Stage
from onboarding.subaccounts import SubaccountStatus
from onboarding.trust_products import DELETED, SUBMITTABLE, Status, StatusChange


class Reason(StrEnum):
    """Why a number is signed or not, in one word."""

    SIGNED = "signed"
    IN_REVIEW = "in-review"
    REJECTED = "rejected"
    PROFILE_NOT_APPROVED = "profile-not-approved"
    PROFILE_IN_REVIEW = "profile-in-review"
    NOT_SUBMITTED = "not-submitted"
    UNDER_WAY = "under-way"
    TO_DO = "to-do"
    FAILED = "failed"
    REFUSED = "refused"
    INELIGIBLE = "ineligible"
    ELSEWHERE = "elsewhere"
    RELEASED = "released"


class Move(StrEnum):
    """Whose move it is before a number can be signed."""

    NOBODY = "nobody"
    TWILIO = "twilio"
    CUSTOMER = "customer"
    OPERATOR = "operator"
    NEVER = "never"


MOVES: Mapping[Reason, Move] = {
    Reason.SIGNED: Move.NOBODY,
    Reason.IN_REVIEW: Move.TWILIO,
    Reason.REJECTED: Move.CUSTOMER,
    Reason.PROFILE_NOT_APPROVED: Move.CUSTOMER,
    Reason.PROFILE_IN_REVIEW: Move.TWILIO,
    Reason.NOT_SUBMITTED: Move.OPERATOR,
    Reason.UNDER_WAY: Move.NOBODY,
    Reason.TO_DO: Move.OPERATOR,
    Reason.FAILED: Move.OPERATOR,
    Reason.REFUSED: Move.OPERATOR,
    Reason.INELIGIBLE: Move.NEVER,
    Reason.ELSEWHERE: Move.NEVER,
    Reason.RELEASED: Move.NEVER,
}
NEED_A_PERSON = frozenset({Move.CUSTOMER, Move.OPERATOR})


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True)


class NumberStatus(_Told):
    """A number: where it stands, why, whose move it is.

    Attributes:
        since: Since when this reason has held; of a signed number, the later of its assignment and the approval.
        explanation: Why, in words.
        remedy: What to do, empty if there is nothing.
        code: Twilio's, of a refusal.
        tried_again_at: When a run tries a refused number again by itself.
        came_at: When it was first seen in its account.
        lost_at: When it last left a Trust Product.
        business_profile_sid, trust_product_sid: The bundles (`BU…`) that it is on.
        trust_product_status: The status of that Trust Product, None if runs use another one.
        approved_seen_at: When that product was first seen approved, None if it is not approved.
        valid_until: When that product or the profile expires, whichever is first; None if Twilio names no end.
        assigned_at: When it was put on that product.
        read_at: When the table was read.
        elsewhere: The other bundle that it is on, None if it is on none.
    """

    account_sid: AccountSid
    account_name: str
    phone_number_sid: PhoneNumberSid
    phone_number: str
    stage: Stage
    reason: Reason
    explanation: str
    remedy: str = ""
    since: datetime | None = None
    code: int | None = None
    tried_again_at: datetime | None = None
    came_at: datetime | None = None
    lost_at: datetime | None = None
    business_profile_sid: BundleSid | None = None
    trust_product_sid: BundleSid | None = None
    trust_product_status: Status | None = None
    approved_seen_at: datetime | None = None
    valid_until: datetime | None = None
    assigned_at: datetime | None = None
    read_at: datetime | None = None
    elsewhere: Elsewhere | None = None

    @computed_field  # type: ignore[prop-decorator] # pydantic's own order
    @property
    def signed(self) -> bool:
        """Whether its calls get full (A) attestation."""
        return self.reason is Reason.SIGNED

    @computed_field  # type: ignore[prop-decorator] # pydantic's own order
    @property
    def signed_since(self) -> datetime | None:
        """Since when, None if it is not signed."""
        return self.since if self.signed else None

    @computed_field  # type: ignore[prop-decorator] # pydantic's own order
    @property
    def move(self) -> Move:
        """Whose move it is."""
        return MOVES[self.reason]


class Counts(_Told):
    """Numbers by why they are signed or not; released ones are not among them."""

    by_reason: dict[Reason, int]

    @computed_field  # type: ignore[prop-decorator] # pydantic's own order
    @property
    def eligible(self) -> int:
        """How many can be signed."""
        return sum(count for reason, count in self.by_reason.items() if MOVES[reason] is not Move.NEVER)

    @computed_field  # type: ignore[prop-decorator] # pydantic's own order
    @property
    def signed(self) -> int:
        """How many are."""
        return self.by_reason.get(Reason.SIGNED, 0)

    @computed_field  # type: ignore[prop-decorator] # pydantic's own order
    @property
    def need_a_person(self) -> int:
        """For how many it is the move of the customer or the operator."""
        return sum(count for reason, count in self.by_reason.items() if MOVES[reason] in NEED_A_PERSON)


def counts_together(parts: Iterable[Counts]) -> Counts:
    """Add counts up."""
    total: Counter[Reason] = Counter()
    for part in parts:
        total.update(part.by_reason)
    return Counts(by_reason={reason: total[reason] for reason in Reason if total[reason]})


class SubaccountStanding(_Told):
    """A subaccount: its numbers counted, and how its last run came out.

    Attributes:
        status: How its last run came out, or that it is under way.
        message: What went wrong, empty if nothing did.
        recorded_at: When its last run was through with it.
    """

    sid: AccountSid
    friendly_name: str
    status: SubaccountStatus
    counts: Counts
    error: str = ""
    message: str = ""
    recorded_at: datetime | None = None
    last_success_at: datetime | None = None
    failing_since: datetime | None = None

    @computed_field  # type: ignore[prop-decorator] # pydantic's own order
    @property
    def is_read(self) -> bool:
        """Whether a run has been through its numbers at least once."""
        return self.recorded_at is not None

    @computed_field  # type: ignore[prop-decorator] # pydantic's own order
    @property
    def is_failing(self) -> bool:
        """Whether no run has come through with it since one failed."""
        return self.failing_since is not None or self.status is SubaccountStatus.FAILED

    @computed_field  # type: ignore[prop-decorator] # pydantic's own order
    @property
    def needs_a_person(self) -> bool:
        """Whether it is somebody's move for one of its numbers, or it fails."""
        return self.is_failing or self.counts.need_a_person > 0


class ProductStatus(_Told):
    """The Trust Product: what Twilio says of it, since when, and what it said before.

    Attributes:
        since: When it was first seen with its status.
        connected: Whether it is connected to the Business Profile, and since when that is known.
        reviewed_since: When the review began that goes on, None if none does.
        errors: Twilio's codes, of a rejection.
        valid_until: When its validity ends, None if Twilio names no end.
        orphans: How many numbers are assigned that live in no account.
    """

    sid: BundleSid
    status: Status
    since: datetime | None = None
    business_profile_sid: BundleSid | None = None
    connected: bool = True
    connection_since: datetime | None = None
    reviewed_since: datetime | None = None
    explanation: str = ""
    errors: tuple[int, ...] = ()
    valid_until: datetime | None = None
    history: tuple[StatusChange, ...] = ()
    orphans: int = 0


class ProfileStatus(_Told):
    """The Business Profile that the last run used: its status, since when, and until when it is valid."""

    sid: BundleSid
    status: Status = Status.APPROVED
    since: datetime | None = None
    valid_until: datetime | None = None


class RunStatus(_Told):
    """A run: when, over what, how its subaccounts came out, its numbers by stage, and how each stage has changed."""

    execution: str
    at: datetime
    whole_fleet: bool
    onboarded: int
    failed: int
    busy: int
    changed: int
    numbers: dict[Stage, int]
    change: dict[Stage, int]


class RunUnderWay(_Told):
    """A run that is going on: since when, and how many of its accounts are done."""

    execution: str
    started_at: datetime
    accounts: int
    done: int


class FleetStatus(_Told):
    """All of a fleet, but for its numbers one by one.

    Attributes:
        place: Where it was read.
        read_at: When.
        headline: The one sentence that matters.
        subaccounts: Those that need a person first, then by name.
        runs: The newest last.
        run: The run that is going on, None if none is.
    """

    place: str
    read_at: datetime
    headline: str
    counts: Counts
    subaccounts: tuple[SubaccountStanding, ...]
    product: ProductStatus | None = None
    profile: ProfileStatus | None = None
    runs: tuple[RunStatus, ...] = ()
    run: RunUnderWay | None = None

    def subaccount(self, sid: str) -> SubaccountStanding | None:
        """Give a subaccount (`AC…`), None if the table has none of this SID."""
        return next((it for it in self.subaccounts if it.sid == sid), None)

    @property
    def needs_a_person(self) -> bool:
        """Whether it is the customer's or the operator's move somewhere."""
        stuck = self.product is not None and self.product.status in SUBMITTABLE | {DELETED}
        not_approved = self.profile is not None and self.profile.status is not Status.APPROVED
        return stuck or not_approved or not self.subaccounts or any(it.needs_a_person for it in self.subaccounts)

    @property
    def is_with_twilio(self) -> bool:
        """Whether Twilio reviews the product."""
        return self.product is not None and self.product.reviewed_since is not None
