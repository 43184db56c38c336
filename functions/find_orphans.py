"""State "Find Orphans": name the assigned numbers that live in no account, after the whole fleet was listed."""

from datetime import datetime
from itertools import chain

from onboarding import announcements, clients, settings, storage
from onboarding.announcements import MOST_NAMED, OrphansFound
from onboarding.errors import CredentialsRefused, TwilioRefused
from onboarding.models import BundleSid, Model, StepEvent, StoredList
from onboarding.phone_numbers import OrphanRecord, Stage
from onboarding.step import step
from onboarding.table.dynamodb import Table
from onboarding.table.numbers import read_all_numbers
from onboarding.table.orphans import name_orphans
from onboarding.twilio import trust_hub
from onboarding.twilio.trust_hub import TrustHub
from onboarding.words import plural


class FindOrphansEvent(StepEvent):
    """When the run began, what was assigned then, and the accounts whose numbers it has listed."""

    started_at: datetime
    trust_product_sid: BundleSid
    assigned: StoredList
    manifest: StoredList


class Orphans(Model):
    """How many orphans there are, how many of them an earlier run had named, and a sentence.

    With a sentence and no orphans, an account could not be listed, so that none can be named.
    """

    found: int
    named_before: int
    message: str


@step(FindOrphansEvent)
def handler(event: FindOrphansEvent) -> Orphans:
    """Find the assigned numbers that no listed account has, and that no other has either; record and announce them."""
    environment, s3 = settings.load(), clients.s3()
    table = clients.table(environment)
    assigned = storage.read_assigned(s3, event.assigned)
    listed = [subaccount.subaccount_sid for subaccount in storage.read_subaccounts(s3, event.manifest)]
    homeless = without_home(table, assigned, listed)
    if homeless:
        try:
            living = numbers_elsewhere(trust_hub.of_parent(environment), set(listed))
        except (TwilioRefused, CredentialsRefused) as refusal:
            # The same credentials have just read other accounts: Twilio shuts one that is not active.
            return Orphans(found=0, named_before=0, message=f"Orphans were not looked for: {refusal}")
        homeless = {sid: account_sid for sid, account_sid in homeless.items() if sid not in living}
    orphans = name_orphans(table, event.trust_product_sid, event.execution, event.started_at, homeless)
    if not orphans:
        return Orphans(found=0, named_before=0, message="")
    found = announcement(event, orphans)
    announcements.announce(clients.event_bridge(), environment.event_bus_name, found)
    return Orphans(found=found.found, named_before=found.found - found.new, message=found.message)


def without_home(table: Table, assigned: set[str], account_sids: list[str]) -> dict[str, str | None]:
    """Find the assigned numbers (`PN…`) that none of the listed accounts (`AC…`) has.

    Returns:
        Each with the account that it was released from, None if it never was in one of them.
    """

    def read(account_sid: str) -> tuple[set[str], set[str]]:
        living: set[str] = set()
        released: set[str] = set()
        for record in read_all_numbers(table, account_sid):
            (released if record.stage is Stage.RELEASED else living).add(record.phone_number_sid)
        return living, released

    homeless: dict[str, str | None] = dict.fromkeys(assigned)
    last_seen: dict[str, str] = {}
    for account_sid, (living, released) in zip(account_sids, table.for_each(read, account_sids), strict=True):
        for sid in living & homeless.keys():
            del homeless[sid]
        last_seen |= dict.fromkeys(released & homeless.keys(), account_sid)
    return {sid: last_seen.get(sid) for sid in homeless}


def numbers_elsewhere(hub: TrustHub, listed: set[str]) -> set[str]:
    """List the numbers (`PN…`) of all accounts that were not listed: the parent, suspended ones, new ones."""
    accounts = [account.sid for account in hub.subaccounts() if account.status != "closed"]
    others = [sid for sid in [hub.account_sid, *accounts] if sid not in listed]

    def read(account_sid: str) -> list[str]:
        return list(hub.phone_number_sids(account_sid))

    return set(chain.from_iterable(hub.for_each(read, others)))


def announcement(event: FindOrphansEvent, orphans: list[OrphanRecord]) -> OrphansFound:
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
        ),
    )
