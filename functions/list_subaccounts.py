"""State "List Subaccounts": write the manifest of the accounts to work on, and check the numbers that are named."""

from dataclasses import replace

from onboarding import clients, settings, storage
from onboarding.announcements import MOST_NAMED
from onboarding.errors import InvalidRequest, SubaccountsNotListed, TwilioRefused
from onboarding.models import AccountSid, PhoneNumberSid, StepEvent, StoredList
from onboarding.requests import NamedNumber
from onboarding.step import step
from onboarding.subaccounts import Subaccount
from onboarding.table.numbers import write_named_numbers
from onboarding.table.outcomes import record_unreadable_account
from onboarding.twilio import trust_hub
from onboarding.twilio.api import Unreadable
from onboarding.twilio.trust_hub import Account, TrustHub
from onboarding.words import first_of, plural

PARENT = "parent account"
"""The name under which the parent's own numbers are recorded."""


class ListSubaccountsEvent(StepEvent):
    """Which subaccounts, None for all active ones; which of their numbers; whether also the parent's own ones."""

    subaccounts: list[AccountSid] | None
    phone_numbers: list[PhoneNumberSid] | None
    include_parent: bool


@step(ListSubaccountsEvent)
def handler(event: ListSubaccountsEvent) -> StoredList:
    """Choose the accounts, look at the numbers that the request names, and write the manifest."""
    environment = settings.load()
    hub = trust_hub.of_parent(environment)
    skipped: list[Unreadable] = []
    accounts = choose(hub, event, skipped)
    for it in skipped:
        if it.sid:
            record_unreadable_account(clients.table(environment), event.execution, it.sid, it.what)
    if event.phone_numbers:
        [account] = accounts
        numbers = check_numbers(hub, account.sid, event.phone_numbers)
        write_named_numbers(clients.table(environment), event.execution, numbers)
    entries = [Subaccount(subaccount_sid=account.sid, friendly_name=account.friendly_name) for account in accounts]
    return storage.write_subaccounts(clients.s3(), environment.manifest_bucket, event.execution, entries)


def choose(hub: TrustHub, event: ListSubaccountsEvent, skipped: list[Unreadable]) -> list[Account]:
    """Choose the accounts; numbers just bought may be the parent's own.

    Args:
        hub: The client.
        event: Which accounts.
        skipped: Accounts that cannot be read, and are left out of the whole fleet, are added here.

    Raises:
        InvalidRequest: A subaccount cannot be worked on, or there is none.
    """
    sids, parent_too = event.subaccounts, bool(event.phone_numbers)
    accounts = named(hub, sids, parent_too=parent_too) if sids else active(hub, skipped)
    if event.include_parent:
        accounts.append(Account(hub.account_sid, PARENT, "active"))
    if not accounts:
        raise InvalidRequest(
            f"The account {hub.account_sid} has no active subaccount; "
            "set include_parent to work on the parent's own numbers."
        )
    return accounts


def check_numbers(hub: TrustHub, account_sid: str, sids: list[str]) -> list[NamedNumber]:
    """Fetch the phone numbers (`PN…`) that the request names from their account (`AC…`).

    Returns:
        What Twilio says of each. One that the account does not have is left out, with the reason.

    Raises:
        InvalidRequest: The account has none of them.
    """

    def check(sid: str) -> NamedNumber:
        if number := hub.phone_number(account_sid, sid):
            return NamedNumber(phone_number_sid=number.sid, phone_number=number.phone_number, voice=number.voice)
        return NamedNumber(phone_number_sid=sid, left_out=f"it is not a number of {account_sid}")

    checked = hub.for_each(check, sids)
    if all(it.left_out for it in checked):
        first = first_of(sids, MOST_NAMED)
        are = "is not a number" if len(sids) == 1 else "are not numbers"
        raise InvalidRequest(f"The request was refused: phone_numbers: {first} {are} of {account_sid}.")
    return checked


def active(hub: TrustHub, skipped: list[Unreadable]) -> list[Account]:
    """List the active subaccounts.

    Args:
        hub: The client.
        skipped: Accounts that cannot be read are added here, with their SIDs.

    Raises:
        SubaccountsNotListed: Twilio refused a page of the list; the sentence names those on the pages before it.
        TwilioUnavailable: An account that cannot be read has no SID to name it by, or no other one is active.
    """
    unreadable: list[Unreadable] = []
    listed = hub.listed_subaccounts(unreadable)
    if listed.refusal:
        raise SubaccountsNotListed(explain_unlisted(hub.account_sid, listed.accounts, listed.refusal))
    accounts = [account for account in listed.accounts if account.status == "active"]
    for it in unreadable:
        if not accounts or not it.sid or not it.sid.startswith("AC"):
            raise it.error
    skipped += unreadable
    return accounts


def explain_unlisted(account_sid: str, known: list[Account], refusal: TwilioRefused) -> str:
    """Say which subaccounts of an account (`AC…`) are known, and how to work on them without the list."""
    sids = [account.sid for account in known if account.status == "active"]
    number = f"code {refusal.code}, HTTP {refusal.status}" if refusal.code else f"HTTP {refusal.status}"
    return (
        f"Twilio listed {plural(len(known), 'subaccount')} of {account_sid} ({len(sids):,} active"
        f"{': ' if sids else ''}{first_of(sids, MOST_NAMED)}), then refused the next page with "
        f"'{refusal.reason.rstrip('.')}' ({number}); name the subaccounts of the request in subaccounts, which needs "
        "no list."
    )


def named(hub: TrustHub, sids: list[str], *, parent_too: bool = False) -> list[Account]:
    """Find the subaccounts that the request names: one with one call, several with one list.

    If Twilio refuses a page of the list, those that are not on the pages before it are fetched one by one.

    Args:
        hub: The client.
        sids: `AC…`.
        parent_too: Whether the parent may be named among them.

    Raises:
        InvalidRequest: One of them is unknown, suspended or closed, or the parent itself.
    """
    known: dict[str, Account] = {}
    if len(sids) > 1:
        listed = hub.listed_subaccounts()
        known = {account.sid: account for account in listed.accounts}
    if len(sids) == 1 or listed.refusal:
        fetched = hub.for_each(hub.account, [sid for sid in sids if sid not in known])
        known |= {account.sid: account for account in fetched if account}
    for place, sid in enumerate(sids):
        if sid == hub.account_sid and not parent_too:
            raise _refused(place, f"{sid} is the parent account; leave it out and set include_parent")
        if sid not in known:
            raise _refused(place, f"{sid} is not a subaccount of {hub.account_sid}")
        if known[sid].status != "active":
            raise _refused(place, f"{sid} is {known[sid].status}; only active subaccounts can be worked on")
    return [replace(known[sid], friendly_name=PARENT) if sid == hub.account_sid else known[sid] for sid in sids]


def _refused(place: int, reason: str) -> InvalidRequest:
    return InvalidRequest(f"The request was refused: subaccounts[{place}]: {reason}.")
