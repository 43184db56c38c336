"""What the simulator remembers: accounts, numbers, bundles and what is assigned to them."""

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from simulator.fleet import AccountStatus, Refusal


def now() -> datetime:
    """The time, as records are stamped with it."""
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Record:
    """Something with a SID.

    ``position`` is its place in the lists that hold it, given by the register; ``listed_from`` is the (monotonic) time
    before which no list shows it.
    """

    sid: str
    created: datetime = field(default_factory=now)
    position: int = 0
    listed_from: float = 0.0


class Register[R: Record]:
    """Records by SID and in the order of their arrival, which is the order of Twilio's lists."""

    def __init__(self) -> None:
        self._by_sid: dict[str, R] = {}
        self._in_order: list[R] = []
        self._last_position = 0

    def add(self, record: R) -> None:
        """Add a record behind all others."""
        self._last_position += 1
        record.position = self._last_position
        self._by_sid[record.sid] = record
        self._in_order.append(record)

    def remove(self, sid: str) -> R:
        """Take a record out."""
        record = self._by_sid.pop(sid)
        del self._in_order[bisect.bisect_left(self._in_order, record.position, key=position_of)]
        return record

    def get(self, sid: str) -> R | None:
        """The record with this SID, if there is one."""
        return self._by_sid.get(sid)

    def in_order(self) -> Sequence[R]:
        """All records, the oldest first."""
        return self._in_order

    def __getitem__(self, sid: str) -> R:
        return self._by_sid[sid]

    def __contains__(self, sid: str) -> bool:
        return sid in self._by_sid

    def __iter__(self) -> Iterator[R]:
        return iter(self._in_order)

    def __len__(self) -> int:
        return len(self._in_order)


def position_of(record: Record) -> int:
    """The key by which lists of records are ordered."""
    return record.position


@dataclass(slots=True, kw_only=True)
class PhoneNumber(Record):
    """A phone number of an account."""

    account_sid: str
    phone_number: str
    voice: bool
    refuse: Refusal | None


@dataclass(slots=True, kw_only=True)
class Account(Record):
    """The parent or one of its subaccounts."""

    friendly_name: str
    auth_token: str
    owner_sid: str
    status: AccountStatus
    numbers: Register[PhoneNumber] = field(default_factory=Register)


@dataclass(slots=True, kw_only=True)
class EndUser(Record):
    """What a customer says of a business or a person, such as the business of a Business Profile."""

    friendly_name: str
    type: str
    attributes: dict[str, str]


@dataclass(slots=True, kw_only=True)
class EntityAssignment(Record):
    """An object (a Business Profile, an end user, a document) that supports a bundle."""

    object_sid: str
    object_type: str


@dataclass(slots=True, kw_only=True)
class EndpointAssignment(Record):
    """A phone number that is assigned to a bundle."""

    endpoint_type: str
    number_sid: str


class EndpointAssignments(Register[EndpointAssignment]):
    """The assigned numbers of one bundle; a number that was assigned twice is in it twice."""

    def __init__(self) -> None:
        super().__init__()
        self.by_number: dict[str, list[EndpointAssignment]] = {}

    def add(self, record: EndpointAssignment) -> None:
        """Add an assignment behind all others."""
        super().add(record)
        self.by_number.setdefault(record.number_sid, []).append(record)

    def remove(self, sid: str) -> EndpointAssignment:
        """Take an assignment out."""
        record = super().remove(sid)
        of_number = self.by_number[record.number_sid]
        of_number.remove(record)
        if not of_number:
            del self.by_number[record.number_sid]
        return record

    def of_numbers(self, sids: Sequence[str]) -> list[EndpointAssignment]:
        """The assignments of these numbers, in the order of the list."""
        found = [assignment for sid in dict.fromkeys(sids) for assignment in self.by_number.get(sid, ())]
        return sorted(found, key=position_of)


@dataclass(slots=True, kw_only=True)
class Evaluation(Record):
    """The answer to the question whether a bundle has what its policy asks for."""

    policy_sid: str
    status: str
    results: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class BundleKind:
    """What tells Customer Profiles and Trust Products apart; all else is the same."""

    collection: str
    singular: str
    plural: str
    title: str


CUSTOMER_PROFILE = BundleKind("CustomerProfiles", "customer_profile", "customer_profiles", "Customer Profile")
TRUST_PRODUCT = BundleKind("TrustProducts", "trust_product", "trust_products", "Trust Product")


@dataclass(slots=True, kw_only=True)
class Bundle(Record):
    """A Customer Profile or a Trust Product."""

    kind: BundleKind
    policy_sid: str
    friendly_name: str
    email: str
    status: str = "draft"
    failure_reason: str = ""
    status_callback: str | None = None
    errors: list[int] = field(default_factory=list)
    valid_until: datetime | None = None
    updated: datetime = field(default_factory=now)
    entities: Register[EntityAssignment] = field(default_factory=Register)
    endpoints: EndpointAssignments = field(default_factory=EndpointAssignments)
    evaluations: Register[Evaluation] = field(default_factory=Register)


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A status callback as it was sent; ``error`` says why it did not arrive."""

    url: str
    parameters: dict[str, str]
    signature: str
    response_status: int | None = None
    error: str | None = None
