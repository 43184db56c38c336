"""Read a fleet's status from the progress table: Query and GetItem only."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

from onboarding.phone_numbers import Stage, counts_in
from onboarding.subaccounts import SubaccountStatus
from onboarding.table.dynamodb import Item, Table
from onboarding.table.numbers import read_all_numbers
from onboarding.table.orphans import read_orphans
from onboarding.table.outcomes import read_fleet
from onboarding.table.products import read_trust_product
from onboarding.table.runs import RunRecord, StartedRun, read_runs, read_started
from onboarding.table.validities import read_validities_in_use
from onboarding.trust_products import (
    DELETED,
    SUBMITTABLE,
    VERDICTS,
    Status,
    TrustProductRecord,
    explain_rejection,
    status_since,
)
from onboarding.validity import Validity
from shaken_stir.status.model import (
    FleetStatus,
    NumberStatus,
    ProductStatus,
    ProfileStatus,
    RunStatus,
    RunUnderWay,
    SubaccountStanding,
    counts_together,
)
from shaken_stir.status.order import natural
from shaken_stir.status.reasons import Bundles, counts_of, headline, number_status, stage_with

RUNS_SINCE = timedelta(days=30)
LIVELY = timedelta(minutes=15)
"""A run with no lease and no news for longer than this was stopped."""
UNREADABLE = "its item in the progress table cannot be read; send the request again"
CUT_OFF = "its last run ended before it was through with it; send the request again"


def read_status(table: Table, place: str, now: datetime | None = None) -> FleetStatus:
    """Read a fleet, without its numbers one by one.

    Args:
        table: The progress table.
        place: The name of the place, as screens show it.
        now: When it is read, None for the current time.
    """
    now = now or datetime.now(UTC)
    in_use = {it.kind: it for it in read_validities_in_use(table)}
    bundles = Bundles(_product(table, in_use.get("trust_product")), _profile(in_use.get("business_profile")))
    items = read_fleet(table)
    subaccounts = table.for_each(lambda item: _subaccount(table, item, bundles, now), items)
    counted = counts_together(subaccount.counts for subaccount in subaccounts)
    runs = read_runs(table, (now - RUNS_SINCE).date())
    over = {it.execution for it in runs}
    run = _run_under_way((it for it in read_started(table) if it.execution not in over), items, now)
    return FleetStatus(
        place=place,
        read_at=now,
        headline=headline(counted, bundles, subaccounts, run),
        counts=counted,
        subaccounts=tuple(sorted(subaccounts, key=_need_first)),
        product=bundles.product,
        profile=bundles.profile,
        runs=tuple(map(_run, runs)),
        run=run,
    )


def read_numbers_of(table: Table, fleet: FleetStatus, subaccounts: Iterable[SubaccountStanding]) -> list[NumberStatus]:
    """Read the numbers of subaccounts, in their order, several accounts in parallel.

    Args:
        table: The progress table.
        fleet: The fleet as it was read.
        subaccounts: Whose numbers.
    """
    bundles = Bundles(fleet.product, fleet.profile)

    def of(subaccount: SubaccountStanding) -> list[NumberStatus]:
        records = read_all_numbers(table, subaccount.sid)
        return [number_status(record, subaccount, bundles, fleet.read_at) for record in records]

    return list(chain.from_iterable(table.for_each(of, subaccounts)))


def with_unsigned(subaccounts: Iterable[SubaccountStanding]) -> Iterator[SubaccountStanding]:
    """Return the subaccounts that have unsigned numbers; only theirs need to be read."""
    return (it for it in subaccounts if sum(it.counts.by_reason.values()) > it.counts.signed)


def _need_first(subaccount: SubaccountStanding) -> tuple[Any, ...]:
    """Sort what needs a person first, then by name in natural order: `Acme 2` before `Acme 10`."""
    name = subaccount.friendly_name
    return not subaccount.needs_a_person, not name, natural(name), subaccount.sid


def _profile(in_use: Validity | None) -> ProfileStatus | None:
    if not in_use:
        return None
    return ProfileStatus(
        sid=in_use.sid,
        status=in_use.status or Status.APPROVED,
        since=in_use.status_since,
        valid_until=in_use.valid_until,
    )


def _product(table: Table, in_use: Validity | None) -> ProductStatus | None:
    known = read_trust_product(table, in_use.sid) if in_use else None
    if not in_use or not known:
        return None
    return ProductStatus(
        sid=known.sid,
        status=known.status,
        since=status_since(known.history),
        business_profile_sid=known.business_profile_sid,
        connected=known.connection_sid is not None or known.connection_since is None,
        connection_since=known.connection_since,
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
        if change.status in VERDICTS | SUBMITTABLE | {DELETED}:
            break
        begun = change.observed_at
    return begun


def _subaccount(table: Table, item: Item, bundles: Bundles, now: datetime) -> SubaccountStanding:
    """Return how an account stands; one whose item cannot be read is shown as failed, and the next run rebuilds it."""
    try:
        return _standing(table, item, bundles, now)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        status = SubaccountStatus.FAILED
        counts = counts_of({}, bundles, status)
        sid = str(item["sk"]).removeprefix("SUBACCOUNT#")
        return SubaccountStanding(sid=sid, friendly_name="", status=status, counts=counts, message=UNREADABLE)


def _standing(table: Table, item: Item, bundles: Bundles, now: datetime) -> SubaccountStanding:
    status = _status(item, now)
    times: dict[str, Any] = {name: item.get(name) for name in ("recorded_at", "last_success_at", "failing_since")}
    sid = item["sk"].removeprefix("SUBACCOUNT#")
    return SubaccountStanding(
        sid=sid,
        friendly_name=item.get("friendly_name") or "",
        status=status,
        counts=counts_of(_numbers(table, sid, item, bundles), bundles, status),
        error=item.get("error", ""),
        message=item.get("message", CUT_OFF if status is SubaccountStatus.FAILED else ""),
        **times,
    )


def _numbers(table: Table, sid: str, item: Item, bundles: Bundles) -> Mapping[Stage, int]:
    """Return an account's numbers by stage; recorded counts may be old while a run has the account."""
    if item["status"] == SubaccountStatus.IN_PROGRESS:
        return Counter(stage_with(record, bundles) for record in read_all_numbers(table, sid))
    recorded = counts_in(item.get("numbers"))
    counted_for = (item.get("business_profile_sid"), item.get("trust_product_sid"))
    if counted_for in {bundles.sids, (None, None)}:
        return recorded
    # They were counted for bundles that runs no longer use.
    to_do = recorded.get(Stage.DISCOVERED, 0) + recorded.pop(Stage.ON_TRUST_PRODUCT, 0)
    return recorded | {Stage.DISCOVERED: to_do}


def _run_under_way(started: Iterable[StartedRun], fleet: Sequence[Item], now: datetime) -> RunUnderWay | None:
    """Return the run that is going on: one that has a lease, else the newest that has just begun or recorded."""
    found: list[tuple[bool, datetime, RunUnderWay]] = []
    for run in started:
        done = [item for item in fleet if item.get("recorded_by") == run.execution]
        has_lease = any(item.get("lease_execution") == run.execution and _is_held(item, now) for item in fleet)
        times = [run.noted_at]
        for item in done:
            with suppress(LookupError, TypeError, ValueError):  # an item that cannot be read
                times.append(datetime.fromisoformat(item["recorded_at"]))
        news = max(times)
        if has_lease or now - news < LIVELY:
            under_way = RunUnderWay(
                execution=run.execution, started_at=run.started_at, accounts=run.accounts, done=len(done)
            )
            found.append((has_lease, news, under_way))
    return max(found, key=lambda it: it[:2])[2] if found else None


def _status(item: Mapping[str, Any], now: datetime) -> SubaccountStatus:
    """How its last run came out; one whose lease has ended works on it no longer."""
    if _is_held(item, now):
        return SubaccountStatus.IN_PROGRESS
    status = SubaccountStatus(item["status"])
    return SubaccountStatus.FAILED if status is SubaccountStatus.IN_PROGRESS else status


def _is_held(item: Mapping[str, Any], now: datetime) -> bool:
    expires_at = item.get("lease_expires_at", 0)
    # A lease whose time cannot be read counts as taken.
    return not isinstance(expires_at, int | float | Decimal) or expires_at > now.timestamp() * 1000


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
