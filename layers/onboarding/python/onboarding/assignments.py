"""Putting many phone numbers on a Business Profile or a Trust Product: look, assign what is missing, record."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Event

from onboarding.errors import InvalidRequest, OnboardingError, TwilioRefused, TwilioUnavailable
from onboarding.models import PhoneNumberRecord
from onboarding.observability import metrics
from onboarding.progress import Progress
from onboarding.trust_hub import ChannelEndpointAssignments

BATCH_SECONDS = 200
"""When a batch stops by itself, well before its function would be stopped."""
OF_THE_NUMBER = {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
"""The answers that refuse one number; any other error is about all of them."""


@dataclass
class Batch:
    """What became of the phone numbers of a batch.

    Attributes:
        assigned: The assignment (`RA…`) of each number (`PN…`) that has one now.
        refused: Twilio's refusal of each number that got none.
        stopped_by: Why the rest was not tried or not answered, None if there is no rest.
    """

    assigned: dict[str, str] = field(default_factory=dict)
    refused: dict[str, TwilioRefused] = field(default_factory=dict)
    stopped_by: OnboardingError | None = None


@dataclass(frozen=True)
class Work:
    """One subaccount's numbers in one execution, whose lease is held from here on.

    Raises:
        SubaccountBusy: Another execution holds it.
    """

    table: Progress
    execution: str
    subaccount_sid: str
    threads: int

    def __post_init__(self) -> None:
        time.sleep(self.table.hold_subaccount(self.subaccount_sid, self.execution))

    def records(self, phone_number_sids: list[str]) -> list[PhoneNumberRecord]:
        """Read what is known of the numbers.

        Raises:
            InvalidRequest: One of them is not in the table.
        """
        known = self.table.phone_numbers(self.subaccount_sid, phone_number_sids)
        if unknown := [sid for sid in phone_number_sids if sid not in known]:
            raise InvalidRequest(f"{', '.join(unknown)} of {self.subaccount_sid} must be listed before it is assigned.")
        return [known[sid] for sid in phone_number_sids]

    def assign(
        self,
        records: list[PhoneNumberRecord],
        assignments: ChannelEndpointAssignments,
        assigned: Callable[[PhoneNumberRecord, str], PhoneNumberRecord],
    ) -> Batch:
        """Assign the numbers that are not assigned yet, and record what became of each.

        Args:
            records: The numbers.
            assignments: Those of the Business Profile or the Trust Product.
            assigned: What a number's record becomes with an assignment (`RA…`).

        Raises:
            OnboardingError: What stopped the batch, once all that was done before is recorded.
        """
        by_sid = {record.phone_number_sid: record for record in records}
        batch = Batch(assigned=assignments.find(by_sid))
        missing = [sid for sid in by_sid if sid not in batch.assigned]
        if missing:
            self.table.before_posts(self.subaccount_sid, self.execution)
            create_missing(batch, assignments, missing, self.threads)
        self.table.put_phone_numbers(
            self.subaccount_sid,
            [assigned(by_sid[sid], assignment_sid) for sid, assignment_sid in batch.assigned.items()]
            + [by_sid[sid].refused(refusal.reason, refusal.code) for sid, refusal in batch.refused.items()],
        )
        metrics.add_metric(name="PhoneNumbersAssigned", unit="Count", value=len(batch.assigned))
        metrics.add_metric(name="PhoneNumbersRefused", unit="Count", value=len(batch.refused))
        if missing and not isinstance(batch.stopped_by, TwilioUnavailable):
            self.table.after_posts(self.subaccount_sid, self.execution)
        if batch.stopped_by:
            raise batch.stopped_by
        return batch


def create_missing(
    batch: Batch, assignments: ChannelEndpointAssignments, phone_number_sids: Iterable[str], threads: int
) -> None:
    """Create assignments side by side, until an error that is not about one number.

    Args:
        batch: Takes in what becomes of each number.
        assignments: Those of the Business Profile or the Trust Product.
        phone_number_sids: `PN…`, looked up before and found to be missing.
        threads: How many requests are under way at once.
    """
    stop, deadline = Event(), time.monotonic() + BATCH_SECONDS

    def create(phone_number_sid: str) -> None:
        if stop.is_set():
            return
        try:
            if time.monotonic() > deadline:
                raise TwilioUnavailable(f"Twilio took over {BATCH_SECONDS} seconds for a batch; the rest follows.")
            batch.assigned[phone_number_sid] = create_or_find(assignments, phone_number_sid)
        except OnboardingError as error:
            if isinstance(error, TwilioRefused) and error.status in OF_THE_NUMBER:
                batch.refused[phone_number_sid] = error
            else:
                batch.stopped_by = error
                stop.set()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(create, phone_number_sids))


def create_or_find(assignments: ChannelEndpointAssignments, phone_number_sid: str) -> str:
    """Assign a number; some accounts refuse a second assignment, then the number is where it belongs."""
    try:
        return assignments.create(phone_number_sid)
    except TwilioRefused as refusal:
        if refusal.status in OF_THE_NUMBER and (existing := assignments.find([phone_number_sid])):
            return existing[phone_number_sid]
        raise
