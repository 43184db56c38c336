"""State "List Phone Numbers": read one page of a subaccount's numbers and pick those that still need work."""

from collections.abc import Iterable
from http import HTTPStatus

from onboarding import clients, settings
from onboarding.assigning import hold
from onboarding.eligibility import ineligible_because
from onboarding.elsewhere import set_aside
from onboarding.errors import InvalidRequest, SubaccountNotReadable, TwilioRefused
from onboarding.models import BundleSid, Model, PageQuery, PhoneNumberSid, Region, SubaccountEvent
from onboarding.phone_numbers import PhoneNumber, PhoneNumberRecord, Stage, classify, needs_work
from onboarding.requests import NamedNumber
from onboarding.step import step
from onboarding.table.dynamodb import Table
from onboarding.table.numbers import (
    add_listing,
    read_all_numbers,
    read_listed,
    read_named_numbers,
    read_numbers,
    write_numbers,
)
from onboarding.table.outcomes import note_unreadable
from onboarding.twilio import trust_hub
from onboarding.twilio.api import Page
from onboarding.twilio.trust_hub import PHONE_NUMBERS_PER_PAGE, TrustHub


class ListPhoneNumbersEvent(SubaccountEvent):
    """Whose numbers, which page or which numbers, and where they are to go."""

    friendly_name: str | None = None
    phone_numbers: list[PhoneNumberSid] | None
    page: PageQuery | None
    regions: list[Region]
    business_profile_sid: BundleSid
    trust_product_sid: BundleSid


class PhoneNumbersPage(Model):
    """The numbers of this page that need work, and the next page."""

    phone_numbers: list[PhoneNumberSid]
    next_page: PageQuery | None


@step(ListPhoneNumbersEvent)
def handler(event: ListPhoneNumbersEvent) -> PhoneNumbersPage:
    """Take the lease, read the page, compare it with the table, and write what has changed.

    Raises:
        SubaccountBusy: Another execution works on the subaccount.
        SubaccountNotReadable: Twilio answers 404 to the list of its numbers.
        InvalidRequest: A number that the request names is not the subaccount's, and nobody has looked before.
    """
    environment = settings.load()
    unreadable: list[str] = []
    hub, table = trust_hub.of_parent(environment, event.subaccounts), clients.table(environment)
    hold(table, environment, event.execution, event.subaccount_sid, event.friendly_name)
    if event.phone_numbers:
        checked = as_checked(read_named_numbers(table, event.execution))
        numbers, next_page = checked or fetch_named(hub, event), None
    else:
        page = read_page(hub, event.subaccount_sid, event.page)
        numbers, next_page = page.records, page.next_page
        unreadable = [str(it) for it in page.unreadable]
    sids = [number.sid for number in numbers]
    known = read_numbers(table, event.subaccount_sid, sids)
    numbers = [number for number in numbers if number.sid not in known.newer]
    unreadable += [f"{sid}: a later version of this project wrote its item in the table" for sid in sorted(known.newer)]
    bundles, named = (event.business_profile_sid, event.trust_product_sid), bool(event.phone_numbers)
    seen = [
        classify(number, known.get(number.sid), bundles, ineligible_because(number, event.regions), named=named)
        for number in numbers
    ]
    seen = [
        it.with_times_of(known.get(it.phone_number_sid, it)) for it in set_aside(hub, table, bundles, seen, named=named)
    ]
    changed = [record for record in seen if record != known.get(record.phone_number_sid)]
    if not event.phone_numbers:
        missing = missing_numbers(table, event, sids, last_page=not next_page, unreadable=bool(unreadable))
        changed += confirm_released(hub, event.subaccount_sid, missing)
    write_numbers(table, event.subaccount_sid, changed)
    if unreadable:
        note_unreadable(table, event.subaccount_sid, event.execution, event.page or "", [str(it) for it in unreadable])
    return PhoneNumbersPage(
        phone_numbers=[record.phone_number_sid for record in seen if needs_work(record)], next_page=next_page
    )


def read_page(hub: TrustHub, account_sid: str, page_query: str | None) -> Page[PhoneNumber]:
    """Read one page of the phone numbers of an account (`AC…`), as `TrustHub.phone_numbers`.

    Raises:
        SubaccountNotReadable: Twilio answers 404 to the first page, though the account exists.
    """
    try:
        return hub.phone_numbers(account_sid, page_query)
    except TwilioRefused as refusal:
        is_first_page_gone = refusal.status == HTTPStatus.NOT_FOUND and not page_query
        account = hub.account(account_sid) if is_first_page_gone else None
        if not account:
            raise
        raise SubaccountNotReadable(
            f"Twilio answers 404 to every request below {account_sid} ('{account.friendly_name}'), as it does for the "
            "account of a Connect App: the parent account cannot read or sign its numbers; to leave it out, name the "
            "other accounts in subaccounts."
        ) from refusal


def as_checked(named: Iterable[NamedNumber]) -> list[PhoneNumber]:
    """Take the numbers that the request names as `List Subaccounts` found them, without those that it left out."""
    return [PhoneNumber(it.phone_number_sid, it.phone_number, it.voice) for it in named if it.phone_number]


def fetch_named(hub: TrustHub, event: ListPhoneNumbersEvent) -> list[PhoneNumber]:
    """Fetch the numbers that the request names, in an execution that began before `List Subaccounts` did so.

    Raises:
        InvalidRequest: One of them is not the subaccount's.
    """

    def fetch(sid: str) -> PhoneNumber:
        if number := hub.phone_number(event.subaccount_sid, sid):
            return number
        raise InvalidRequest(
            f"The request was refused: phone_numbers: {sid} is not a number of {event.subaccount_sid}."
        )

    return hub.for_each(fetch, event.phone_numbers or [])


def missing_numbers(
    table: Table, event: ListPhoneNumbersEvent, sids: list[str], *, last_page: bool, unreadable: bool
) -> list[PhoneNumberRecord]:
    """Find the numbers that were on none of the subaccount's pages, once the last one is read.

    If some numbers on the pages cannot be read, no number is missing: it may be one of them.
    """
    only_page = last_page and not event.page
    if not only_page:
        add_listing(table, event.subaccount_sid, event.execution, sids, unreadable=unreadable)
    if not last_page:
        return []
    if only_page:
        listed = None if unreadable else set(sids)
    else:
        listed = read_listed(table, event.subaccount_sid, event.execution)
    if listed is None:
        return []
    known = read_all_numbers(table, event.subaccount_sid)
    return [it for it in known if it.stage is not Stage.RELEASED and it.phone_number_sid not in listed]


def confirm_released(hub: TrustHub, account_sid: str, missing: list[PhoneNumberRecord]) -> list[PhoneNumberRecord]:
    """Ask Twilio for each missing number: one that moves up a page while they are read is on none of them.

    What is over 500 is left to the next run.
    """

    def is_gone(record: PhoneNumberRecord) -> bool:
        return hub.phone_number(account_sid, record.phone_number_sid) is None

    asked = missing[:PHONE_NUMBERS_PER_PAGE]
    return [record.released() for record, gone in zip(asked, hub.for_each(is_gone, asked), strict=True) if gone]
