"""State "Find Orphans": name the assigned numbers that live in no account, after the whole fleet was listed."""

import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from http import HTTPStatus
from itertools import chain
from typing import NamedTuple

from onboarding import announcements, clients, settings, storage
from onboarding.announcements import MOST_NAMED, OrphansFound
from onboarding.errors import CredentialsRefused, SubaccountNotReadable, TwilioRefused, section
from onboarding.left_out_checks import report_left_out_check
from onboarding.models import BundleSid, Model, StepEvent, StoredList
from onboarding.phone_numbers import OrphanRecord
from onboarding.step import step
from onboarding.table.dynamodb import Table
from onboarding.table.numbers import read_homes
from onboarding.table.orphans import name_orphans
from onboarding.table.outcomes import read_fleet_sids, read_outcomes
from onboarding.twilio import trust_hub
from onboarding.twilio.trust_hub import TrustHub
from onboarding.words import first_of, plural

CLOSED = "closed"
FIRST_TOLD = 3
READING_SECONDS = 180
"""How long numbers are read; what is left of the function's time is for the last request, and for what is written."""


class FindOrphansEvent(StepEvent):
    """When the run began, what was assigned then, and the accounts whose numbers it has listed."""

    started_at: datetime
    trust_product_sid: BundleSid
    assigned: StoredList
    manifest: StoredList


class Orphans(Model):
    """How many orphans there are, how many of them an earlier run had named, and a sentence.

    With a sentence and no orphans, not every account could be listed, so that none can be named.
    """

    found: int
    named_before: int
    message: str


class Elsewhere(NamedTuple):
    """The numbers (`PN…`) of accounts that the run did not list, and the accounts (`AC…`) that answer 404."""

    living: set[str]
    unreadable: set[str]


class TooMuchToReadError(Exception):
    """The search would take longer than its function has."""


@step(FindOrphansEvent)
def handler(event: FindOrphansEvent) -> Orphans:
    """Find the assigned numbers that no listed account has, and that no other has either; record and announce them."""
    deadline = time.monotonic() + READING_SECONDS
    environment, s3 = settings.load(), clients.s3()
    table = clients.table(environment)
    assigned = storage.read_assigned(s3, event.assigned)
    listed = [subaccount.subaccount_sid for subaccount in storage.read_subaccounts(s3, event.manifest)]
    try:
        homeless = without_home(table, assigned, listed, deadline)
        unreadable = read_unreadable(table, event.execution) if homeless else set()
        orphans_at_most = seen_elsewhere(homeless, unreadable)
        if orphans_at_most:
            recorded = read_fleet_sids(table)
            elsewhere = numbers_elsewhere(trust_hub.of_parent(environment), set(listed), recorded, deadline)
            unreadable |= elsewhere.unreadable
            homeless = {sid: account_sid for sid, account_sid in homeless.items() if sid not in elsewhere.living}
            orphans_at_most = seen_elsewhere(homeless, unreadable)
    except (TooMuchToReadError, TwilioRefused, CredentialsRefused) as reason:
        # A refusal is of one account: the same credentials have read others, but Twilio shuts those not active.
        message = f"Orphans were not looked for: {reason}"
        if isinstance(reason, TooMuchToReadError):
            report_left_out_check(environment, "orphans", event.execution, event.trust_product_sid, message)
        return Orphans(found=0, named_before=0, message=message)
    left_alone = in_the_unreadable(len(homeless) - len(orphans_at_most), unreadable)
    orphans = name_orphans(table, event.trust_product_sid, event.execution, event.started_at, orphans_at_most)
    if not orphans:
        return Orphans(found=0, named_before=0, message=left_alone)
    found = announcement(event, orphans, left_alone)
    announcements.try_to_announce(clients.event_bridge(), environment.event_bus_name, found)
    return Orphans(found=found.found, named_before=found.found - found.new, message=found.message)


def read_unreadable(table: Table, execution: str) -> set[str]:
    """Read which subaccounts (`AC…`) of the run Twilio does not let be read."""
    outcomes = read_outcomes(table, execution)
    return {it.subaccount_sid for it in outcomes if it.error == SubaccountNotReadable.__name__}


def seen_elsewhere(homeless: dict[str, str | None], unreadable: set[str]) -> dict[str, str | None]:
    """Pick the numbers that are in no unreadable account (`AC…`) for sure: a readable one has released them."""
    if not unreadable:
        return homeless
    return {sid: account_sid for sid, account_sid in homeless.items() if account_sid and account_sid not in unreadable}


def without_home(table: Table, assigned: set[str], account_sids: list[str], deadline: float) -> dict[str, str | None]:
    """Find the assigned numbers (`PN…`) that none of the listed accounts (`AC…`) has.

    Returns:
        Each with the account that it was released from, None if it never was in one of them.

    Raises:
        TooMuchToReadError: The deadline is over.
    """

    def read(account_sid: str) -> tuple[set[str], set[str]]:
        living: set[str] = set()
        released: set[str] = set()
        for sid, is_released in in_time(read_homes(table, account_sid), deadline):
            (released if is_released else living).add(sid)
        return living, released

    homeless: dict[str, str | None] = dict.fromkeys(assigned)
    last_seen: dict[str, str] = {}
    for account_sid, (living, released) in zip(account_sids, table.for_each(read, account_sids), strict=True):
        for sid in living & homeless.keys():
            del homeless[sid]
        last_seen |= dict.fromkeys(released & homeless.keys(), account_sid)
    return {sid: last_seen.get(sid) for sid in homeless}


def numbers_elsewhere(hub: TrustHub, listed: set[str], recorded: set[str], deadline: float) -> Elsewhere:
    """List the numbers of all accounts that were not listed: the parent, suspended ones, new ones.

    An account that the table knows but Twilio's list lacks is requested by itself: it may have moved numbers.

    Args:
        hub: The client.
        listed: The accounts (`AC…`) whose numbers the run has listed.
        recorded: The accounts (`AC…`) that the table knows.
        deadline: When the reading stops, by the monotonic clock.

    Raises:
        TooMuchToReadError: The deadline is over.
        TwilioRefused, CredentialsRefused: Twilio does not let one of the accounts be read.
    """
    accounts = {account.sid: account for account in hub.subaccounts()}
    unlisted = sorted(recorded - listed - accounts.keys() - {hub.account_sid})
    accounts |= {account.sid: account for account in hub.for_each(hub.account, unlisted) if account}
    living = [account.sid for account in accounts.values() if account.status != CLOSED]
    others = [sid for sid in [hub.account_sid, *living] if sid not in listed]

    def read(account_sid: str) -> list[str] | None:
        try:
            return list(in_time(hub.phone_number_sids(account_sid), deadline))
        except TwilioRefused as refusal:
            if refusal.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    numbers = dict(zip(others, hub.for_each(read, others), strict=True))
    return Elsewhere(
        living=set(chain.from_iterable(it for it in numbers.values() if it)),
        unreadable={account_sid for account_sid, it in numbers.items() if it is None},
    )


def in_time[Item](items: Iterable[Item], deadline: float) -> Iterator[Item]:
    """Give the items for as long as there is time; without any, the first one is not even asked for.

    Raises:
        TooMuchToReadError: The deadline is over.
    """
    for item in chain([None], items):
        if time.monotonic() > deadline:
            raise TooMuchToReadError(
                f"the numbers of all accounts cannot be read in one step ({READING_SECONDS // 60} minutes); new "
                "numbers are signed all the same, but what released ones leave behind is not noticed."
            )
        if item is not None:
            yield item


def in_the_unreadable(count: int, unreadable: set[str]) -> str:
    """Say how many numbers are not called orphans since an unreadable account (`AC…`) may have them."""
    if not count:
        return ""
    them = first_of(sorted(unreadable), FIRST_TOLD)
    return (
        f"{plural(count, 'assigned number')} in no account that can be read: left alone, since {them} "
        f"{'answers' if len(unreadable) == 1 else 'answer'} 404 and may have {'it' if count == 1 else 'them'} "
        f"({section(SubaccountNotReadable.__name__)})."
    )


def announcement(event: FindOrphansEvent, orphans: list[OrphanRecord], left_alone: str = "") -> OrphansFound:
    """Say how many orphans there are, and what can be done."""
    sids = sorted(orphan.phone_number_sid for orphan in orphans)
    new = sum(not orphan.named_before for orphan in orphans)
    return OrphansFound(
        id=f"{event.execution}/orphans",
        execution=event.execution,
        trust_product_sid=event.trust_product_sid,
        found=len(orphans),
        new=new,
        phone_number_sids=sids[:MOST_NAMED],
        message=(
            f"Found {plural(len(orphans), 'assigned number')} in no account any more ({new:,} for the first time): "
            f"{', '.join(sids[:3])}{', …' if len(sids) > len(sids[:3]) else ''}; a request with "
            '"release_orphans": true removes what two runs in a row have named.'
            f"{' ' if left_alone else ''}{left_alone}"
        ),
    )
