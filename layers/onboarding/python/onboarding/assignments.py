"""Putting many phone numbers on a Business Profile or a Trust Product: look, assign what is missing, record."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Event

from onboarding.errors import InvalidRequest, OnboardingError, TwilioRefused, TwilioUnavailable
from onboarding.models import PhoneNumberRecord
from onboarding.observability import measure
from onboarding.settings import Settings
from onboarding.table import leases
from onboarding.table.dynamodb import Table
from onboarding.table.leases import Lease
from onboarding.table.numbers import read_numbers, write_numbers
from onboarding.twilio.trust_hub import ChannelEndpointAssignments

BATCH_SECONDS = 180
"""When a batch stops by itself, well before its function would be stopped."""
OF_THE_NUMBER = {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
"""The answers that refuse one number; any other error is about all of them."""
BAD_STATUS, STATUS_AND_PROPERTIES = 22203, 22204
OF_THE_BUNDLE = {BAD_STATUS, STATUS_AND_PROPERTIES}
"""The codes that refuse the profile or product as it is now, whatever the number."""


@dataclass
class Batch:
    """What became of the phone numbers of a batch.

    Attributes:
        deadline: When it stops by itself, by the monotonic clock.
        found: The assignment (`RA…`) of each number (`PN…`) that had one already.
        created: The assignment of each number that got one.
        refused: Twilio's refusal of each number that got none.
        stopped_by: Why the rest was not tried, None if there is no rest.
        unanswered: Whether nobody knows what became of some POST.
    """

    deadline: float
    found: dict[str, str] = field(default_factory=dict)
    created: dict[str, str] = field(default_factory=dict)
    refused: dict[str, TwilioRefused] = field(default_factory=dict)
    stopped_by: OnboardingError | None = None
    unanswered: bool = False


@dataclass(frozen=True)
class Claim:
    """A subaccount whose lease is held: what an execution may do with its numbers."""

    table: Table
    lease: Lease
    subaccount_sid: str
    threads: int

    def records(self, phone_number_sids: list[str]) -> list[PhoneNumberRecord]:
        """Read what is known of the numbers.

        Raises:
            InvalidRequest: One of them was never listed.
        """
        known = read_numbers(self.table, self.subaccount_sid, phone_number_sids)
        if unknown := [sid for sid in phone_number_sids if sid not in known]:
            raise InvalidRequest(
                f"phone_numbers: not in the table of {self.subaccount_sid}: {', '.join(unknown)}; "
                "run List Phone Numbers first."
            )
        return [known[sid] for sid in phone_number_sids]

    def assign(
        self,
        records: list[PhoneNumberRecord],
        assignments: ChannelEndpointAssignments,
        moved: Callable[[PhoneNumberRecord, str], PhoneNumberRecord],
        again_after: float = 0,
    ) -> Batch:
        """Assign the numbers that are not assigned yet, and record what became of each.

        Args:
            records: The numbers.
            assignments: Those of the Business Profile or the Trust Product.
            moved: What a number's record becomes with an assignment (`RA…`).
            again_after: The seconds after which a refused number is tried once more, 0 if it is not.

        Raises:
            OnboardingError: What stopped the batch, once all that was done before is recorded.
        """
        by_sid = {record.phone_number_sid: record for record in records}
        batch = Batch(deadline=time.monotonic() + BATCH_SECONDS)
        batch.found = assignments.find(by_sid)
        missing = [sid for sid in by_sid if sid not in batch.found]
        if missing:
            leases.before_posts(self.table, self.lease)
            create(batch, assignments, missing, self.threads)
            reconsider(batch, assignments, again_after, self.threads)
        write_numbers(
            self.table,
            self.subaccount_sid,
            [moved(by_sid[sid], assignment_sid) for sid, assignment_sid in (batch.found | batch.created).items()]
            + [
                by_sid[sid].refused(assignments.bundle_sid, refusal.reason, refusal.code)
                for sid, refusal in batch.refused.items()
            ],
        )
        if missing:
            leases.after_posts(self.table, self.lease, settled=not batch.unanswered)
        measure(name="PhoneNumbersAssigned", value=len(batch.created))
        measure(name="PhoneNumbersRefused", value=len(batch.refused))
        if batch.stopped_by:
            raise batch.stopped_by
        return batch


def claim(table: Table, settings: Settings, execution: str, subaccount_sid: str) -> Claim:
    """Take or renew the lease of a subaccount, and wait until Twilio's lists can be trusted.

    Args:
        table: The progress table.
        settings: How long things take, and how many requests to Twilio may be under way at once.
        execution: Who works on the subaccount.
        subaccount_sid: `AC…`.

    Raises:
        SubaccountBusy: Another execution holds it.
    """
    lease = leases.hold_subaccount(table, settings, subaccount_sid, execution)
    time.sleep(lease.pause)
    return Claim(table, lease, subaccount_sid, settings.threads_per_function)


def create(
    batch: Batch, assignments: ChannelEndpointAssignments, phone_number_sids: Iterable[str], threads: int
) -> None:
    """Create assignments side by side, until an error that is not about one number.

    Args:
        batch: Takes in what becomes of each number.
        assignments: Those of the Business Profile or the Trust Product.
        phone_number_sids: `PN…`, looked up before and found to be missing.
        threads: How many requests are under way at once.
    """
    stop = Event()

    def create_one(phone_number_sid: str) -> None:
        if stop.is_set():
            return
        if time.monotonic() > batch.deadline:
            batch.stopped_by = TwilioUnavailable(
                f"Twilio took over {BATCH_SECONDS} seconds for a batch of numbers; send the request again later."
            )
            stop.set()
            return
        try:
            batch.created[phone_number_sid] = assignments.create(phone_number_sid)
        except OnboardingError as error:
            if isinstance(error, TwilioRefused) and is_of_the_number(error):
                batch.refused[phone_number_sid] = error
                return
            if isinstance(error, TwilioUnavailable):
                batch.unanswered = True
            batch.stopped_by = error
            stop.set()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(create_one, phone_number_sids))


def reconsider(batch: Batch, assignments: ChannelEndpointAssignments, again_after: float, threads: int) -> None:
    """Look at refused numbers again before they count as refused.

    Some accounts refuse a second assignment: then the number is where it belongs. And the Trust Product refuses a
    number as long as it does not see it on the Business Profile.

    Args:
        batch: What became of each number so far.
        assignments: Those of the Business Profile or the Trust Product.
        again_after: The seconds after which a refused number is tried once more, 0 if it is not.
        threads: How many requests are under way at once.
    """
    if batch.stopped_by:
        # The next attempt looks at them again.
        batch.refused = {}
    if not batch.refused:
        return
    existing = assignments.find(batch.refused)
    batch.found |= existing
    batch.refused = {sid: refusal for sid, refusal in batch.refused.items() if sid not in existing}
    if again_after and batch.refused:
        time.sleep(again_after)
        refused, batch.refused = list(batch.refused), {}
        create(batch, assignments, refused, threads)


def is_of_the_number(refusal: TwilioRefused) -> bool:
    """Say whether Twilio refused one number rather than the profile or product."""
    return refusal.status in OF_THE_NUMBER and refusal.code not in OF_THE_BUNDLE
