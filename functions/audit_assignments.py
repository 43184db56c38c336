"""State "Audit Assignments": compare what is assigned at Twilio with what the table says of it."""

import time
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain

from onboarding import announcements, clients, elsewhere, settings, storage
from onboarding.announcements import MOST_NAMED, DriftFound, SubaccountLoss
from onboarding.left_out_checks import report_left_out_check
from onboarding.models import BundleSid, Model, StepEvent, StoredList
from onboarding.observability import measure
from onboarding.phone_numbers import Assigned, PhoneNumberRecord, by_number, correct, has_vanished, needs_work
from onboarding.step import step
from onboarding.table.dynamodb import Table
from onboarding.table.numbers import Correction, compare_numbers, correct_number
from onboarding.table.outcomes import recount
from onboarding.table.runs import StartedRun, record_start
from onboarding.twilio import trust_hub
from onboarding.twilio.assignments import ChannelEndpointAssignments
from onboarding.twilio.trust_hub import TrustHub
from onboarding.words import first_of, plural

MOST_NUMBERS = 500_000
"""How many numbers of a profile or product fit into the function's memory and time."""
READING_SECONDS = 720
FIRST_TOLD = 3


class AuditAssignmentsEvent(StepEvent):
    """The profile and the product, whose numbers are compared, and when the run began."""

    business_profile_sid: BundleSid
    trust_product_sid: BundleSid
    manifest: StoredList
    started_at: datetime | None = None


class Audit(Model):
    """How many numbers had lost an assignment or had one unknown to us, and where the assigned numbers are listed.

    Without a list the audit was left out; the message says why.
    """

    vanished: int
    adopted: int
    assigned: StoredList | None
    message: str


class TooMuchToReadError(Exception):
    """The audit would take longer, or more memory, than a function has."""


@step(AuditAssignmentsEvent)
def handler(event: AuditAssignmentsEvent) -> Audit:
    """Read what is assigned, compare the table with it, announce what was lost, and correct the table.

    Nothing is changed before everything is read: a failed page ends the audit. An audit that is tried again after some
    corrections finds the others only; so the announcement comes first.

    Raises:
        TwilioThrottled, TwilioUnavailable: A page could not be read; try again.
    """
    environment = settings.load()
    hub, table = trust_hub.of_parent(environment), clients.table(environment)
    read_at = datetime.now(UTC)
    started = StartedRun(
        execution=event.execution,
        started_at=event.started_at or read_at,
        noted_at=read_at,
        accounts=event.manifest.count,
    )
    record_start(table, started)
    try:
        assigned = read(hub, event.business_profile_sid, event.trust_product_sid)
    except TooMuchToReadError as error:
        report_left_out_check(environment, "audit", event.execution, event.trust_product_sid, str(error))
        return Audit(vanished=0, adopted=0, assigned=None, message=str(error))
    subaccounts = storage.read_subaccounts(clients.s3(), event.manifest)
    corrections, work_to_do = compare(table, assigned, [it.subaccount_sid for it in subaccounts])
    if work_to_do:
        # Once for all subaccounts, before the Map lists their numbers.
        elsewhere.refresh(hub, table, assigned.bundles)
    corrections = look_again(hub, assigned, corrections, read_at, environment.list_settle_seconds)
    losses = Counter(it.account_sid for it in corrections if has_vanished(it.before, it.after))
    if losses:
        announcements.try_to_announce(clients.event_bridge(), environment.event_bus_name, announcement(event, losses))
    table.for_each(partial(correct_number, table), corrections)
    table.for_each(lambda sid: recount(table, sid, assigned.bundles), {it.account_sid for it in corrections})
    vanished = losses.total()
    measure(name="AssignmentsVanished", value=vanished)
    numbers = assigned.on_business_profile.keys() | assigned.on_trust_product.keys()
    stored = storage.write_assigned(clients.s3(), environment.manifest_bucket, event.execution, numbers)
    return Audit(vanished=vanished, adopted=len(corrections) - vanished, assigned=stored, message="")


def read(hub: TrustHub, business_profile_sid: str, trust_product_sid: str) -> Assigned:
    """Read all assignments of the profile and the product (`BU…`), side by side.

    Raises:
        TooMuchToReadError: There are too many.
    """
    deadline = time.monotonic() + READING_SECONDS

    def read_all(assignments: ChannelEndpointAssignments) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for phone_number_sid, assignment_sid in assignments.stream():
            found[phone_number_sid].append(assignment_sid)
            if len(found) > MOST_NUMBERS or time.monotonic() > deadline:
                raise TooMuchToReadError(
                    f"The audit was left out: {assignments.bundle_sid} has more assignments than can be read in one "
                    f"step ({MOST_NUMBERS:,} numbers, {READING_SECONDS // 60} minutes); new numbers are signed all the "
                    "same, but what was removed by hand, and orphans, are not noticed."
                )
        return found

    bundles = [hub.on_business_profile(business_profile_sid), hub.on_trust_product(trust_product_sid)]
    return Assigned(business_profile_sid, trust_product_sid, *hub.for_each(read_all, bundles))


def compare(table: Table, assigned: Assigned, account_sids: list[str]) -> tuple[list[Correction], bool]:
    """Compare the table with what is assigned.

    Args:
        table: The progress table.
        assigned: What is assigned at Twilio.
        account_sids: The accounts whose numbers are compared, `AC…`.

    Returns:
        The corrections, and whether the run has numbers to assign: some need work, or none is known yet.
    """

    def compare_account(sid: str) -> tuple[list[Correction], list[bool]]:
        need_work: list[bool] = []

        def corrected(record: PhoneNumberRecord) -> PhoneNumberRecord:
            after = correct(record, assigned)
            need_work.append(needs_work(after))
            return after

        return list(compare_numbers(table, sid, corrected)), need_work

    compared = table.for_each(compare_account, account_sids)
    known = [need for _, need_work in compared for need in need_work]
    return list(chain.from_iterable(corrections for corrections, _ in compared)), any(known) or not known


def look_again(
    hub: TrustHub, assigned: Assigned, corrections: list[Correction], read_at: datetime, list_settle_seconds: float
) -> list[Correction]:
    """Look again at what seems to have vanished but was assigned so lately that Twilio's lists may lag behind it."""
    settled = (read_at - timedelta(seconds=list_settle_seconds)).isoformat()

    def is_late(correction: Correction) -> bool:
        return has_vanished(correction.before, correction.after) and correction.updated_at > settled

    late = list(filter(is_late, corrections))
    if not late:
        return corrections
    time.sleep(list_settle_seconds)
    sids = [it.before.phone_number_sid for it in late]
    by_now = replace(
        assigned,
        on_business_profile=by_number(hub.on_business_profile(assigned.business_profile_sid).find_all(sids)),
        on_trust_product=by_number(hub.on_trust_product(assigned.trust_product_sid).find_all(sids)),
    )
    again = (it._replace(after=correct(it.before, by_now)) for it in late)
    return [it for it in corrections if not is_late(it)] + [it for it in again if it.after != it.before]


def announcement(event: AuditAssignmentsEvent, losses: Counter[str]) -> DriftFound:
    """Say how many numbers of which subaccounts (`AC…`) had lost an assignment."""
    most_first = sorted(losses.items(), key=lambda it: (-it[1], it[0]))
    first = first_of([f"{sid} ({lost:,})" for sid, lost in most_first], FIRST_TOLD)
    return DriftFound(
        id=f"{event.execution}/drift",
        execution=event.execution,
        trust_product_sid=event.trust_product_sid,
        vanished=losses.total(),
        subaccounts=len(losses),
        losses=[SubaccountLoss(subaccount_sid=sid, vanished=lost) for sid, lost in most_first[:MOST_NAMED]],
        message=(
            f"Found {plural(losses.total(), 'number')} of {plural(len(losses), 'subaccount')} without an assignment "
            f"that they had at Twilio: {first}; this run assigns them again, as far as they are still there."
        ),
    )
