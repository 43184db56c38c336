"""Putting phone numbers of a subaccount that is held on a Business Profile or a Trust Product: look, POST, record."""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Event

from onboarding.errors import InvalidRequest, OnboardingError, TwilioRefused, TwilioUnavailable
from onboarding.observability import logger, measure
from onboarding.phone_numbers import PhoneNumberRecord
from onboarding.table import leases
from onboarding.table.doubts import AssignmentDoubt, doubt_assignments
from onboarding.table.dynamodb import Table
from onboarding.table.leases import Lease, Times
from onboarding.table.numbers import read_numbers, write_numbers
from onboarding.twilio.assignments import ChannelEndpointAssignments

BATCH_SECONDS = 180
"""When a batch stops by itself, well before its function would be stopped."""
OF_THE_NUMBER = {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
"""The answers that refuse one number; any other error is about all of them."""
HAS_IT_ALREADY = re.compile(r"\balready\b.*?\b(BU[0-9a-fA-F]{32})\b", re.IGNORECASE)
"""The words of a refusal that names the bundle where the number is; another one may name where it is missing."""
BAD_STATUS, STATUS_AND_PROPERTIES = 22203, 22204
OF_THE_BUNDLE = {BAD_STATUS, STATUS_AND_PROPERTIES}
"""The codes that refuse the profile or product as it is now, whatever the number."""


@dataclass(frozen=True, slots=True)
class HeldSubaccount:
    """A subaccount (`AC…`) whose lease an execution has."""

    sid: str
    table: Table
    lease: Lease
    execution: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of numbers (`PN…`) that were to be assigned.

    Attributes:
        created: The assignment (`RA…`) of each number that got one.
        refused: Twilio's refusal of each number that got none.
        stopped_by: Why the rest was not tried, None if there is no rest.
        unanswered: Whether nobody knows what became of some POST.
    """

    created: dict[str, str] = field(default_factory=dict)
    refused: dict[str, TwilioRefused] = field(default_factory=dict)
    stopped_by: OnboardingError | None = None
    unanswered: bool = False


def hold(
    table: Table, times: Times, execution: str, subaccount_sid: str, friendly_name: str | None = None
) -> HeldSubaccount:
    """Take the lease of a subaccount, or renew it, and wait until Twilio's lists can be trusted.

    The execution keeps it from the list of the numbers to the record of the outcome, which gives it back.

    Args:
        table: The progress table.
        times: How long things take.
        execution: Who works on the subaccount.
        subaccount_sid: `AC…`.
        friendly_name: The subaccount's name, to be recorded with the lease; None to leave the recorded one.

    Raises:
        SubaccountBusy: Another execution holds it.
    """
    lease = leases.hold_subaccount(table, times, subaccount_sid, execution, friendly_name)
    time.sleep(lease.pause)
    return HeldSubaccount(subaccount_sid, table, lease, execution)


def read_records(held: HeldSubaccount, phone_number_sids: list[str]) -> list[PhoneNumberRecord]:
    """Read what is known of numbers (`PN…`).

    Raises:
        InvalidRequest: One of them was never listed.
    """
    known = read_numbers(held.table, held.sid, phone_number_sids)
    if unknown := [sid for sid in phone_number_sids if sid not in known]:
        raise InvalidRequest(
            f"phone_numbers: not in the table of {held.sid}: {', '.join(unknown)}; run List Phone Numbers first."
        )
    return [known[sid] for sid in phone_number_sids]


def assign(
    held: HeldSubaccount,
    records: Iterable[PhoneNumberRecord],
    assignments: ChannelEndpointAssignments,
    moved: Callable[[PhoneNumberRecord, str], PhoneNumberRecord],
    again_after: float = 0,
) -> set[str]:
    """Assign the numbers that are not assigned yet, and record what became of each.

    Args:
        held: Whose numbers they are.
        records: The numbers.
        assignments: Those of the Business Profile or the Trust Product.
        moved: What a number's record becomes with an assignment (`RA…`).
        again_after: The seconds after which a refused number is tried once more, 0 if it is not.

    Returns:
        The numbers (`PN…`) that Twilio refused.

    Raises:
        OnboardingError: What stopped the batch, once all that was done before is recorded.
    """
    deadline = time.monotonic() + BATCH_SECONDS
    by_sid = {record.phone_number_sid: record for record in records}
    found = assignments.find(by_sid)
    missing = [sid for sid in by_sid if sid not in found]
    tried = Tried()
    if missing:
        leases.before_posts(held.table, held.lease)
        tried = create(assignments, missing, deadline)
        if tried.refused:
            there = assignments.find(tried.refused)
            tried = reconsider(tried, there, assignments, again_after, deadline)
            found |= there
    if missing and (tried.unanswered or held.lease.unsettled):
        doubt = AssignmentDoubt(
            bundle_sid=assignments.bundle_sid, account_sid=held.sid, phone_number_sids=sorted(missing)
        )
        doubt_assignments(held.table, held.execution, doubt)
    for sid, refusal in tried.refused.items():
        logger().warning("Twilio refused a number", extra={"phone_number_sid": sid, "said": str(refusal)})
    reasons = say_where_else(tried.refused, assignments)
    became = [moved(by_sid[sid], assignment_sid) for sid, assignment_sid in (found | tried.created).items()]
    became += [
        by_sid[sid].refused(assignments.bundle_sid, reasons[sid], refusal.code)
        for sid, refusal in tried.refused.items()
    ]
    write_numbers(held.table, held.sid, became)
    if missing:
        leases.after_posts(held.table, held.lease, settled=not tried.unanswered)
    measure(name="PhoneNumbersAssigned", value=len(tried.created))
    measure(name="PhoneNumbersRefused", value=len(tried.refused))
    if tried.stopped_by:
        raise tried.stopped_by
    return set(tried.refused)


def create(assignments: ChannelEndpointAssignments, phone_number_sids: list[str], deadline: float) -> Tried:
    """Create assignments side by side, until an error that is not about one number.

    When it was stopped, refusals are left out: the next attempt looks at them again.

    Args:
        assignments: Those of the Business Profile or the Trust Product.
        phone_number_sids: `PN…`, looked up before and found to be missing.
        deadline: When it stops by itself, by the monotonic clock.
    """
    stop = Event()

    def create_one(phone_number_sid: str) -> str | OnboardingError | None:
        if stop.is_set() or time.monotonic() > deadline:
            return None
        try:
            return assignments.create(phone_number_sid)
        except OnboardingError as error:
            if not refuses_one_number(error):
                stop.set()
            return error

    became = dict(zip(phone_number_sids, assignments.for_each(create_one, phone_number_sids), strict=True))
    created = {sid: it for sid, it in became.items() if isinstance(it, str)}
    failures = [it for it in became.values() if isinstance(it, OnboardingError) and not refuses_one_number(it)]
    if failures or None in became.values():
        late = TwilioUnavailable(
            f"Twilio took over {BATCH_SECONDS} seconds for a batch of numbers; send the request again later."
        )
        unanswered = any(isinstance(it, TwilioUnavailable) for it in failures)
        return Tried(created, stopped_by=failures[0] if failures else late, unanswered=unanswered)
    return Tried(created, {sid: it for sid, it in became.items() if isinstance(it, TwilioRefused)})


def reconsider(
    tried: Tried,
    there: dict[str, str],
    assignments: ChannelEndpointAssignments,
    again_after: float,
    deadline: float,
) -> Tried:
    """Say what is left of the refusals once those numbers were looked up again.

    Some accounts refuse a second assignment: then the number is where it belongs. And the Trust Product refuses a
    number as long as it does not see it on the Business Profile.

    Args:
        tried: What became of each number so far.
        there: The refused numbers (`PN…`) that have an assignment (`RA…`) all the same.
        assignments: Those of the Business Profile or the Trust Product.
        again_after: The seconds after which the others are tried once more, 0 if they are not.
        deadline: When it stops by itself, by the monotonic clock.
    """
    refused = {sid: refusal for sid, refusal in tried.refused.items() if sid not in there}
    if not again_after or not refused:
        return Tried(tried.created, refused)
    time.sleep(again_after)
    again = create(assignments, list(refused), deadline)
    return Tried(tried.created | again.created, again.refused, again.stopped_by, again.unanswered)


def say_where_else(refused: Mapping[str, TwilioRefused], assignments: ChannelEndpointAssignments) -> dict[str, str]:
    """Put the refusals into words; of one that names another bundle, say which one that is and what to do.

    Args:
        refused: Twilio's refusal of each number (`PN…`).
        assignments: Those of the profile or product that refused them.
    """
    ours = assignments.bundle_sid
    named = {sid: HAS_IT_ALREADY.search(refusal.reason.replace(ours, "")) for sid, refusal in refused.items()}
    told: dict[str, str] = {}
    for other in {match[1] for match in named.values() if match}:
        try:
            told[other] = assignments.describe_bundle(other) or f"{other}, which this account does not have"
        except OnboardingError:  # what was assigned is still to be recorded
            told[other] = other
    return {
        sid: f"{refusal.reason.rstrip('.')}: it is on {told[match[1]]}; take it off there in the Console, and the next "
        "request that names the number tries again"
        if (match := named[sid])
        else refusal.reason
        for sid, refusal in refused.items()
    }


def refuses_one_number(error: OnboardingError) -> bool:
    """Say whether an error is Twilio's refusal of one number, rather than of the profile or product."""
    return isinstance(error, TwilioRefused) and error.status in OF_THE_NUMBER and error.code not in OF_THE_BUNDLE
