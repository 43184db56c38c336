"""Read a fleet's status from the progress table: Query and GetItem only."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from onboarding.phone_numbers import Stage
from onboarding.subaccounts import SubaccountStatus
from onboarding.table.dynamodb import Item, Table
from onboarding.table.numbers import read_all_numbers
from onboarding.table.orphans import read_orphans
from onboarding.table.outcomes import read_fleet
from onboarding.table.products import read_trust_product
from onboarding.table.runs import RunRecord, read_runs
from onboarding.table.validities import read_validities_in_use
from onboarding.trust_products import SUBMITTABLE, VERDICTS, Status, TrustProductRecord, explain_rejection
from onboarding.validity import Validity
from shaken_stir.status.model import (
    FleetStatus,
    NumberStatus,
    ProductStatus,
    ProfileStatus,
    RunStatus,
    SubaccountStanding,
    counts_together,
)
from shaken_stir.status.reasons import counts_of, headline, number_status

RUNS_SINCE = timedelta(days=30)
CUT_OFF = "its last run ended before it was through with it; send the request again"


def read_status(table: Table, place: str, now: datetime | None = None) -> FleetStatus:
    """Read a fleet, but for its numbers one by one.

    Args:
        table: The progress table.
        place: What it is called where it is shown.
        now: When it is read, None for the time that it is.
    """
    now = now or datetime.now(UTC)
    in_use = {it.kind: it for it in read_validities_in_use(table)}
    product = _product(table, in_use.get("trust_product"))
    profile = in_use.get("business_profile")
    subaccounts = [_subaccount(item, product, now) for item in read_fleet(table)]
    counts = counts_together(subaccount.counts for subaccount in subaccounts)
    return FleetStatus(
        place=place,
        read_at=now,
        headline=headline(counts, product, subaccounts),
        counts=counts,
        subaccounts=tuple(sorted(subaccounts, key=lambda it: (not it.needs_a_person, it.friendly_name, it.sid))),
        product=product,
        profile=ProfileStatus(sid=profile.sid, valid_until=profile.valid_until) if profile else None,
        runs=tuple(_run(it) for it in read_runs(table, (now - RUNS_SINCE).date())),
    )


def read_numbers_of(table: Table, fleet: FleetStatus, subaccounts: Iterable[SubaccountStanding]) -> list[NumberStatus]:
    """Read the numbers of subaccounts, in their order, several accounts side by side.

    Args:
        table: The progress table.
        fleet: What was read of the fleet.
        subaccounts: Of whom.
    """

    def of(subaccount: SubaccountStanding) -> list[NumberStatus]:
        records = read_all_numbers(table, subaccount.sid)
        return [number_status(record, subaccount, fleet.product) for record in records]

    return list(chain.from_iterable(table.for_each(of, subaccounts)))


def with_unsigned(fleet: FleetStatus) -> Iterator[SubaccountStanding]:
    """Give the subaccounts that have numbers that are not signed; only theirs need be read."""
    return (it for it in fleet.subaccounts if sum(it.counts.by_reason.values()) > it.counts.signed)


def _product(table: Table, in_use: Validity | None) -> ProductStatus | None:
    known = read_trust_product(table, in_use.sid) if in_use else None
    if not in_use or not known:
        return None
    return ProductStatus(
        sid=known.sid,
        status=known.status,
        since=known.history[-1].observed_at if known.history else None,
        reviewed_since=_reviewed_since(known),
        explanation=explain_rejection(known.sid, known.errors, known.reasons)
        if known.status is Status.REJECTED
        else "",
        errors=tuple(known.errors),
        valid_until=in_use.valid_until,
        history=tuple(known.history),
        orphans=len(read_orphans(table, known.sid)),
    )


def _reviewed_since(product: TrustProductRecord) -> datetime | None:
    """When the review began: with the first of the statuses at the history's end that are neither verdict nor draft."""
    begun = None
    for change in reversed(product.history):
        if change.status in VERDICTS | SUBMITTABLE:
            break
        begun = change.observed_at
    return begun


def _subaccount(item: Item, product: ProductStatus | None, now: datetime) -> SubaccountStanding:
    status = _status(item, now)
    numbers = {Stage(stage): int(count) for stage, count in item.get("numbers", {}).items()}
    times: dict[str, Any] = {name: item.get(name) for name in ("recorded_at", "last_success_at", "failing_since")}
    sid = item["sk"].removeprefix("SUBACCOUNT#")
    return SubaccountStanding(
        sid=sid,
        friendly_name=item.get("friendly_name") or "",
        status=status,
        counts=counts_of(numbers, product, status),
        error=item.get("error", ""),
        message=item.get("message", CUT_OFF if status is SubaccountStatus.FAILED else ""),
        **times,
    )


def _status(item: Mapping[str, Any], now: datetime) -> SubaccountStatus:
    """How its last run came out; one whose lease has ended works on it no longer."""
    is_held = float(item.get("lease_expires_at", 0)) > now.timestamp() * 1000
    if is_held:
        return SubaccountStatus.IN_PROGRESS
    status = SubaccountStatus(item["status"])
    return SubaccountStatus.FAILED if status is SubaccountStatus.IN_PROGRESS else status


def _run(run: RunRecord) -> RunStatus:
    stages = [stage for stage in Stage if stage in run.numbers or stage in run.numbers_before]
    change = {stage: run.numbers.get(stage, 0) - run.numbers_before.get(stage, 0) for stage in stages}
    return RunStatus(
        execution=run.execution,
        at=run.summarised_at,
        whole_fleet=run.whole_fleet,
        onboarded=run.onboarded,
        failed=run.failed,
        busy=run.busy,
        changed=run.changed,
        numbers=run.numbers,
        change={stage: count for stage, count in change.items() if count},
    )
