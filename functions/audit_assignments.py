"""State "Audit Assignments": compare what is assigned at Twilio with what the table says of it."""

import time
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain

from onboarding import clients, manifest, settings
from onboarding.models import BundleSid, Model, PhoneNumberRecord, Stage, StepEvent, StoredList
from onboarding.observability import measure
from onboarding.step import step
from onboarding.table.dynamodb import Table
from onboarding.table.numbers import Correction, compare_numbers, correct_number
from onboarding.twilio import trust_hub
from onboarding.twilio.trust_hub import ChannelEndpointAssignments, TrustHub

MOST_NUMBERS = 500_000
"""How many numbers of a profile or product fit into the function's memory and time."""
READING_SECONDS = 720

type Assignments = dict[str, list[str]]
"""The assignments (`RA…`) of each number (`PN…`)."""


class AuditAssignmentsEvent(StepEvent):
    """The profile and the product, and whose numbers are looked at."""

    business_profile_sid: BundleSid
    trust_product_sid: BundleSid
    manifest: StoredList


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


@dataclass(frozen=True)
class Assigned:
    """What is assigned to the Business Profile and the Trust Product, as Twilio listed it since `read_at`."""

    read_at: datetime
    business_profile_sid: str
    trust_product_sid: str
    on_business_profile: Assignments
    on_trust_product: Assignments

    def correct(self, record: PhoneNumberRecord) -> PhoneNumberRecord:
        """Say what should be known of a number: equal to the record when that is right."""
        if record.stage is Stage.RELEASED:
            return record
        ours, sid = (self.business_profile_sid, self.trust_product_sid), record.phone_number_sid
        on_profile = _one_of(self.on_business_profile.get(sid), record.business_profile_assignment_sid)
        on_product = _one_of(self.on_trust_product.get(sid), record.trust_product_assignment_sid)
        discovered = PhoneNumberRecord(phone_number_sid=sid, phone_number=record.phone_number, stage=Stage.DISCOVERED)
        if on_profile and on_product:
            return record.on_business_profile(ours[0], on_profile).on_trust_product(ours[1], on_product)
        if not on_profile:
            return discovered if record.business_profile_sid == ours[0] else record
        on_its_way = record.stage in {Stage.DISCOVERED, Stage.ON_BUSINESS_PROFILE} or record.refused_by == ours[0]
        lost_product = record.stage is Stage.ON_TRUST_PRODUCT and record.bundles == ours
        if on_its_way or lost_product:
            return discovered.on_business_profile(ours[0], on_profile)
        return record


@step(AuditAssignmentsEvent)
def handler(event: AuditAssignmentsEvent) -> Audit:
    """Handle the state's event. Nothing is changed before everything is read: a failed page ends the audit.

    Raises:
        TwilioThrottled, TwilioUnavailable: A page could not be read; try again.
    """
    environment = settings.load()
    hub, table = trust_hub.of_parent(environment), clients.table(environment)
    threads = environment.threads_per_function
    try:
        assigned = read(hub, event.business_profile_sid, event.trust_product_sid)
    except TooMuchToReadError as error:
        return Audit(vanished=0, adopted=0, assigned=None, message=str(error))
    subaccounts = manifest.read_subaccounts(clients.s3(), event.manifest)
    corrections = compare(table, assigned, [it.subaccount_sid for it in subaccounts], threads)
    corrections = look_again(hub, assigned, corrections, environment.list_settle_seconds)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(partial(correct_number, table), corrections))
    vanished = sum(map(has_vanished, corrections))
    measure(name="AssignmentsVanished", value=vanished)
    numbers = assigned.on_business_profile.keys() | assigned.on_trust_product.keys()
    stored = manifest.write_assigned(clients.s3(), environment.manifest_bucket, event.execution, numbers)
    return Audit(vanished=vanished, adopted=len(corrections) - vanished, assigned=stored, message="")


def read(hub: TrustHub, business_profile_sid: str, trust_product_sid: str) -> Assigned:
    """Read all assignments of the profile and the product (`BU…`), side by side.

    Raises:
        TooMuchToReadError: There are too many.
    """
    read_at, deadline = datetime.now(UTC), time.monotonic() + READING_SECONDS

    def read_all(assignments: ChannelEndpointAssignments) -> Assignments:
        found: Assignments = defaultdict(list)
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
    with ThreadPoolExecutor(len(bundles)) as pool:
        return Assigned(read_at, business_profile_sid, trust_product_sid, *pool.map(read_all, bundles))


def compare(table: Table, assigned: Assigned, account_sids: list[str], threads: int) -> list[Correction]:
    """Find out what the table has wrong of the numbers of these accounts (`AC…`)."""
    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(lambda sid: list(compare_numbers(table, sid, assigned.correct)), account_sids)
        return list(chain.from_iterable(found))


def look_again(
    hub: TrustHub, assigned: Assigned, corrections: list[Correction], list_settle_seconds: float
) -> list[Correction]:
    """Look again at what seems to have vanished but was assigned so lately that Twilio's lists may lag behind it."""
    settled = (assigned.read_at - timedelta(seconds=list_settle_seconds)).isoformat()

    def is_late(correction: Correction) -> bool:
        return has_vanished(correction) and correction.updated_at > settled

    late = list(filter(is_late, corrections))
    if not late:
        return corrections
    time.sleep(list_settle_seconds)
    sids = [it.before.phone_number_sid for it in late]
    by_now = replace(
        assigned,
        on_business_profile=_by_number(hub.on_business_profile(assigned.business_profile_sid).find_all(sids)),
        on_trust_product=_by_number(hub.on_trust_product(assigned.trust_product_sid).find_all(sids)),
    )
    again = (it._replace(after=by_now.correct(it.before)) for it in late)
    return [it for it in corrections if not is_late(it)] + [it for it in again if it.after != it.before]


def has_vanished(correction: Correction) -> bool:
    """Say whether a number was taken off the profile or the product by somebody else."""
    before, after = correction.before.stage, correction.after.stage
    return after is Stage.DISCOVERED or (before is Stage.ON_TRUST_PRODUCT and after is Stage.ON_BUSINESS_PROFILE)


def _by_number(assignments: Iterable[tuple[str, str]]) -> Assignments:
    found: Assignments = defaultdict(list)
    for phone_number_sid, assignment_sid in assignments:
        found[phone_number_sid].append(assignment_sid)
    return found


def _one_of(listed: list[str] | None, known: str | None) -> str | None:
    """The assignment that is known, if it is listed, else another that is."""
    if not listed:
        return None
    return known if known in listed else listed[0]
