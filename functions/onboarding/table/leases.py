"""Who works on what: the leases of subaccounts and of Trust Products.

A lease keeps other executions out. `unsettled_until` keeps out whoever would look at Twilio's lists too early: while
POSTs are under way, and after POSTs of which nobody knows what became of them.
"""

import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from onboarding.errors import OnboardingError, SubaccountBusy, TableOfLaterVersion, TrustProductBusy
from onboarding.subaccounts import SubaccountStatus
from onboarding.table.dynamodb import ConditionFailed, Item, Key, Table, is_newer

LEASE = ("lease_execution", "lease_token", "lease_expires_at")
LEASE_IS_FREE = (
    "attribute_not_exists(lease_execution) OR lease_execution = :execution "
    "OR (attribute_type(lease_expires_at, :number) AND lease_expires_at < :now)"
)
"""The condition that an execution may take a lease; `values_of_lease` has its values."""
LEASE_IS_OURS = "lease_token = :lease_token"


class Times(Protocol):
    """How long things take; the settings know."""

    @property
    def lease_seconds(self) -> float:
        """How long a lease holds without renewal: longer than any function runs."""

    @property
    def function_seconds(self) -> float:
        """How long a function runs at the most."""

    @property
    def list_settle_seconds(self) -> float:
        """How long Twilio's lists may lag behind what was created."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that was taken or renewed.

    Attributes:
        key: The item that it is on.
        token: What proves that no other invocation, not even of the same execution, has taken it since.
        times: How long things take.
        pause: The seconds to wait before looking at Twilio's lists, mostly 0.
        unsettled: Whether nobody recorded what became of the POSTs that were sent under it before.
    """

    key: Key
    token: str
    times: Times
    pause: float
    unsettled: bool = False


def hold_subaccount(
    table: Table, times: Times, account_sid: str, execution: str, friendly_name: str | None = None
) -> Lease:
    """Take the lease of a subaccount, or renew it.

    Args:
        table: The progress table.
        times: How long things take.
        account_sid: `AC…`.
        execution: The execution that works on it, by name.
        friendly_name: The subaccount's name, to be recorded; None to leave the recorded one.

    Raises:
        SubaccountBusy: Another execution holds the lease, or another invocation may still send POSTs.
        TableOfLaterVersion: A later version of this project wrote the item.
    """
    key = Key("FLEET", f"SUBACCOUNT#{account_sid}")
    named = {"friendly_name": friendly_name} if friendly_name else {}
    return _hold(table, times, key, execution, status=SubaccountStatus.IN_PROGRESS.value, **named)


def hold_trust_product(table: Table, times: Times, execution: str, sid: str | None = None) -> Lease:
    """Take the lease for connecting a Trust Product (`BU…`), or for creating one; as `hold_subaccount`.

    Raises:
        TrustProductBusy: Another execution holds it, or another invocation may still send a POST.
    """
    key = Key(f"TRUST_PRODUCT#{sid}", "CONNECTION") if sid else Key("FLEET", "TRUST_PRODUCT")
    return _hold(table, times, key, execution)


def before_posts(table: Table, lease: Lease) -> None:
    """Note that POSTs are about to be sent.

    Raises:
        SubaccountBusy, TrustProductBusy: The lease was taken by somebody else meanwhile.
    """
    _unsettle(table, lease, lease.times.function_seconds)


def after_posts(table: Table, lease: Lease, *, settled: bool) -> None:
    """Note that all POSTs have ended.

    Args:
        table: The progress table.
        lease: That under which they were sent.
        settled: Whether what became of each is recorded; if not, whoever comes next waits until Twilio's lists are
            sure to show it.

    Raises:
        SubaccountBusy, TrustProductBusy: The lease was taken by somebody else meanwhile.
    """
    if settled:
        _change(table, lease, remove=["unsettled_until"])
    else:
        _unsettle(table, lease)


def give_back(table: Table, lease: Lease) -> None:
    """Give a Trust Product's lease back, if it is still held; a subaccount's goes with the record of its outcome."""
    with suppress(TrustProductBusy):
        _change(table, lease, remove=LEASE)


def _hold(table: Table, times: Times, key: Key, execution: str, **also: str) -> Lease:
    now, token = milliseconds(), str(uuid.uuid4())
    expires_at = now + int(times.lease_seconds * 1000)
    taken = {"lease_execution": execution, "lease_token": token, "lease_expires_at": expires_at}
    try:
        before = table.update(key, taken | also, condition=LEASE_IS_FREE, values=values_of_lease(execution, now))
    except ConditionFailed as error:
        if is_newer(table.get(key) or {}):
            raise _newer(key) from error
        _bound(table, key, "lease_execution", "lease_expires_at", expires_at)
        raise _busy(key) from error
    unsettled_until = before.get("unsettled_until", 0)
    if not isinstance(unsettled_until, int | Decimal):
        longest = times.function_seconds + times.list_settle_seconds
        _bound(table, key, "unsettled_until", "unsettled_until", now + int(longest * 1000))
        raise _busy(key)
    pause = (int(unsettled_until) - now) / 1000
    if pause > times.list_settle_seconds:
        raise _busy(key)
    return Lease(key, token, times, max(0.0, pause), unsettled="unsettled_until" in before)


def values_of_lease(execution: str, now: int) -> Item:
    """Give the values of `LEASE_IS_FREE` for an execution, at a time in milliseconds."""
    return {"execution": execution, "now": now, "number": "N"}


def _bound(table: Table, key: Key, marks: str, time_of: str, at: int) -> None:
    """Give a lease or a note whose time cannot be read the longest time that it can have from now on.

    Args:
        table: The progress table.
        key: The item.
        marks: The attribute that says that there is one.
        time_of: The attribute with its time, in milliseconds.
        at: The longest time.
    """
    unreadable = f"attribute_exists({marks}) AND NOT attribute_type({time_of}, :number)"
    with suppress(ConditionFailed):
        table.update(key, {time_of: at}, condition=unreadable, values={"number": "N"})


def _unsettle(table: Table, lease: Lease, seconds: float = 0) -> None:
    until = milliseconds() + int((seconds + lease.times.list_settle_seconds) * 1000)
    _change(table, lease, {"unsettled_until": until})


def _change(table: Table, lease: Lease, changes: Item | None = None, remove: Iterable[str] = ()) -> None:
    ours = {"lease_token": lease.token}
    try:
        table.update(lease.key, changes or {}, remove=remove, condition=LEASE_IS_OURS, values=ours)
    except ConditionFailed as error:
        raise _busy(lease.key) from error


def _busy(key: Key) -> OnboardingError:
    if key.sk.startswith("SUBACCOUNT#"):
        return SubaccountBusy(
            f"Another execution is working on {key.sk.removeprefix('SUBACCOUNT#')}; "
            "send the request again when that one has ended."
        )
    return TrustProductBusy(
        "Another execution is creating or connecting the Trust Product; send the request again when that one has ended."
    )


def _newer(key: Key) -> OnboardingError:
    return TableOfLaterVersion(
        f"A later version of this project wrote the table's item {key.pk} / {key.sk}, so this version does not change "
        "it; deploy the later version, then send the request again."
    )


def milliseconds() -> int:
    """Tell the time, in milliseconds since 1970."""
    return int(time.time() * 1000)
