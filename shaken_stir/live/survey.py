"""Everything at Twilio that decides what a run does, read with GETs alone."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Lock

from list_phone_numbers import as_checked, read_page
from onboarding import elsewhere
from onboarding.eligibility import ineligible_because
from onboarding.elsewhere import Other
from onboarding.errors import (
    BusinessProfileAmbiguous,
    BusinessProfileNotApproved,
    BusinessProfileNotFound,
    CredentialsRefused,
    InvalidRequest,
    SubaccountNotReadable,
    SubaccountsNotListed,
    TwilioRefused,
    TwilioThrottled,
    TwilioUnavailable,
)
from onboarding.phone_numbers import Elsewhere, PhoneNumber
from onboarding.requests import CompleteRequest, LeftOutNumber, NamedNumber, left_out_of
from onboarding.table.dynamodb import Table
from onboarding.table.numbers import read_all_numbers
from onboarding.trust_products import TrustProductState
from onboarding.twilio.api import Page, Unreadable
from onboarding.twilio.assignments import PAGE_SIZE, SIDS_PER_FILTER, ChannelEndpointAssignments
from onboarding.twilio.trust_hub import Account, Bundle, TrustHub
from shaken_stir.live import choices
from shaken_stir.retries import what_happened

CLOSED = "closed"
PROFILE_NUMBERS, PRODUCT_NUMBERS = "numbers on the Business Profile", "numbers on the Trust Product"
OF_THE_REQUEST = (
    InvalidRequest,
    BusinessProfileNotFound,
    BusinessProfileNotApproved,
    BusinessProfileAmbiguous,
    SubaccountsNotListed,
)
"""The errors by which a step refuses a request."""

_logger = logging.getLogger(__name__)

PAUSES = (1, 2, 4, 8)
"""The seconds before a GET is tried again that Twilio throttled or did not answer."""

type OnProgress = Callable[[str, int, int | None], object]
"""Told what is read, how much of it was, and of how much, None if nobody knows."""


@dataclass(frozen=True, slots=True)
class Number:
    """A phone number: the region of the request that it is eligible for, or why it is not."""

    listed: PhoneNumber
    region: str | None
    ineligible: str | None

    @property
    def sid(self) -> str:
        """Its SID, `PN…`."""
        return self.listed.sid


@dataclass(frozen=True, slots=True)
class AccountNumbers:
    """The phone numbers of an account, in how many calls they came, and why not if some could not be read.

    An unreadable account answers 404 to every request below it.
    """

    account: Account
    numbers: tuple[Number, ...] = ()
    calls: int = 0
    unread: str | None = None
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Assigned:
    """The assignments (`RA…`) on one Business Profile or Trust Product, by number (`PN…`).

    `newest` is when the newest of them was created.
    """

    by_number: dict[str, tuple[str, ...]] = field(default_factory=dict)
    newest: datetime | None = None

    @property
    def duplicates(self) -> dict[str, tuple[str, ...]]:
        """The numbers that are assigned more than once."""
        return {number: sids for number, sids in self.by_number.items() if len(sids) > 1}

    @property
    def assignments(self) -> list[str]:
        """All assignments."""
        return [sid for sids in self.by_number.values() for sid in sids]


@dataclass(frozen=True)
class Survey:
    """What was read.

    Attributes:
        request: The request that it was read for.
        account: The account that authenticates.
        subaccounts: All of them, of any status; those that Twilio listed if it refused a page of the list.
        subaccounts_refused: Whether it did.
        profiles: The Business Profiles of any kind and status.
        found_profile: The one that a run would find, approved or not; None if it would find none.
        profile: The same if it is approved, else None: a run uses no other.
        products: The SHAKEN/STIR Trust Products of any status.
        product: The one that a run would use, None if it would create one or does not get so far.
        on_profile: What is on `profile`.
        on_product: What is on `product`.
        worked_on: The accounts that a run would work on.
        numbers: The phone numbers by account (`AC…`): of all accounts that are not closed when the request means the
            whole fleet, else of those that a run would work on.
        left_out: The phone numbers that the request names but the account does not have.
        unreadable_accounts: The accounts that are left out, since Twilio's records of them cannot be read.
        refused: Why a run would end before it changes anything, empty if it would not.
        refused_bundles: Those of them that are about the Business Profile or the Trust Product.
        left_readable: If an account is unreadable, the numbers (`PN…`) that the table knows of readable accounts alone.
        answered_at: The time at Twilio when it gave the last of this, None if it did not say it.
        supporting: The objects (`BU…`, `IT…`) that are assigned to the other live SHAKEN/STIR products, by product.
        business_identity: Of the primary profile that the whole fleet would go on, None if it does not say.
        others: The other Business Profiles and live SHAKEN/STIR products.
        elsewhere: The phone numbers (`PN…`) that are on one of them.
        filter_holds: Whether a look-up of assigned numbers by SID found each of them, None if none is assigned.
    """

    request: CompleteRequest
    account: Account
    subaccounts: tuple[Account, ...] = ()
    subaccounts_refused: bool = False
    profiles: tuple[Bundle, ...] = ()
    found_profile: Bundle | None = None
    profile: Bundle | None = None
    products: tuple[Bundle, ...] = ()
    product: TrustProductState | None = None
    on_profile: Assigned = Assigned()
    on_product: Assigned = Assigned()
    worked_on: tuple[Account, ...] = ()
    numbers: dict[str, AccountNumbers] = field(default_factory=dict)
    left_out: tuple[LeftOutNumber, ...] = ()
    unreadable_accounts: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    refused_bundles: tuple[str, ...] = ()
    left_readable: frozenset[str] = frozenset()
    answered_at: datetime | None = None
    supporting: dict[str, list[str]] = field(default_factory=dict)
    business_identity: str | None = None
    others: tuple[Other, ...] = ()
    elsewhere: dict[str, Elsewhere] = field(default_factory=dict)
    filter_holds: bool | None = None

    def may_lag(self, settle_seconds: float) -> bool:
        """Say whether Twilio shows a product or an assignment so young that its lists may still lack others."""
        created = [*(it.date_created for it in self.products), self.on_profile.newest, self.on_product.newest]
        newest = max(filter(None, created), default=None)
        if not newest:
            return False
        return not self.answered_at or self.answered_at - newest < timedelta(seconds=settle_seconds)

    @property
    def whole_fleet(self) -> bool:
        """Whether the request means all active subaccounts, so that the numbers of all accounts were to be read."""
        return self.request.subaccounts is None

    @property
    def unread(self) -> dict[str, str]:
        """Why the numbers of some accounts (`AC…`) could not be read."""
        return {sid: it.unread for sid, it in self.numbers.items() if it.unread}

    @property
    def unreadable(self) -> frozenset[str]:
        """The accounts (`AC…`) that answer 404 to every request below them."""
        return frozenset(sid for sid, it in self.numbers.items() if it.unreadable)

    @property
    def orphans(self) -> frozenset[str] | None:
        """The assigned numbers (`PN…`) that are in no account, None if not every account was read."""
        unread = self.unread.keys() - self.unreadable
        if not self.whole_fleet or self.subaccounts_refused or unread or self.unreadable_accounts or not self.numbers:
            return None
        return self.without_home(self.numbers.values())

    def without_home(self, accounts: Iterable[AccountNumbers]) -> frozenset[str]:
        """Pick the assigned numbers (`PN…`) that these accounts do not have, nor may have if one is unreadable."""
        accounts = list(accounts)
        living = {number.sid for it in accounts for number in it.numbers}
        homeless = frozenset((self.on_profile.by_number.keys() | self.on_product.by_number.keys()) - living)
        return homeless & self.left_readable if any(it.unreadable for it in accounts) else homeless


def take(
    hub: TrustHub, request: CompleteRequest, on_progress: OnProgress | None = None, known: Table | None = None
) -> Survey:
    """Read what decides the run of a request.

    The assignments are read before the numbers: so one that is made meanwhile is not taken for an orphan.

    Args:
        hub: The client.
        request: What the run would be asked for.
        on_progress: Called now and then.
        known: What earlier runs have recorded, None for a first run.

    Raises:
        CredentialsRefused, TwilioRefused, TwilioThrottled, TwilioUnavailable: Twilio could not be read.
    """
    tell = on_progress or (lambda *_: None)
    tell("the account", 0, None)
    account = hub.account(hub.account_sid) or Account(hub.account_sid, "", "unknown")
    if choices.is_subaccount(account):
        return Survey(request, account, refused=(choices.subaccounts_credentials(account),))
    of_account: list[str] = [] if account.status == "active" else [choices.not_active(account)]
    of_bundles: list[str] = []
    of_numbers: list[str] = []
    tell("subaccounts", 0, None)
    unreadable: list[Unreadable] = []
    listed = patiently(hub.listed_subaccounts, unreadable)
    tell("Business Profiles", 0, None)
    profiles = patiently(hub.business_profiles)
    found = allowed(lambda: choices.choose_profile(hub, request), of_bundles)
    profile = allowed(lambda: choices.require_approved(found), of_bundles) if found else None
    tell("Trust Products", 0, None)
    products = patiently(hub.trust_products)
    product = allowed(lambda: choices.choose_product(hub, request, found.sid, known), of_bundles) if found else None
    of_bundles += choices.product_refusals(hub, request, profile, product, products)
    worked_on = allowed(lambda: choices.choose_accounts(hub, request), of_numbers) or []
    checked = allowed(lambda: choices.check_numbers(hub, request, worked_on), of_numbers) or []
    on_profile = assigned(hub.on_business_profile(found.sid), PROFILE_NUMBERS, tell) if found else Assigned()
    on_product = assigned(hub.on_trust_product(product.sid), PRODUCT_NUMBERS, tell) if product else Assigned()
    numbers = read_numbers(hub, request, to_be_read(request, account, listed.accounts, worked_on), checked, tell)
    ours = found.sid if found else "", product.sid if product else ""
    others = elsewhere.others_of(ours, profiles, products) if found else []
    return Survey(
        request=request,
        account=account,
        subaccounts=tuple(listed.accounts),
        subaccounts_refused=listed.refusal is not None,
        profiles=tuple(profiles),
        found_profile=found,
        profile=profile,
        products=tuple(products),
        product=product,
        on_profile=on_profile,
        on_product=on_product,
        worked_on=tuple(worked_on),
        numbers=numbers,
        left_out=tuple(left_out_of(checked)),
        unreadable_accounts=tuple(dict.fromkeys(map(str, unreadable))),
        refused=(*of_account, *of_bundles, *of_numbers),
        refused_bundles=tuple(of_bundles),
        answered_at=hub.answered_at,
        left_readable=left_readable(known, worked_on, numbers) if known else frozenset(),
        supporting=patiently(choices.read_supporting, hub, products, product) if found else {},
        business_identity=choices.read_identity(hub, request, found),
        others=tuple(others),
        elsewhere=patiently(elsewhere.read_numbers, hub, others, datetime.now(UTC)),
        filter_holds=filter_holds(hub.on_business_profile(found.sid), on_profile) if found else None,
    )


def patiently[**What, Read](look: Callable[What, Read], *what: What.args, **options: What.kwargs) -> Read:
    """Read, again after a pause if Twilio throttles or does not answer; GETs can be repeated.

    An answer that is not Twilio's, or cannot be read, ends the reading immediately.
    """
    for pause in PAUSES:
        try:
            return look(*what, **options)
        except (TwilioThrottled, TwilioUnavailable) as error:
            if isinstance(error, TwilioUnavailable) and error.unreadable:
                raise
            _logger.info("%s", what_happened(str(error)))
            time.sleep(pause)
    return look(*what, **options)


def allowed[Choice](choose: Callable[[], Choice], refused: list[str]) -> Choice | None:
    """Choose as a run would, and note the sentence if it would be refused."""
    try:
        return patiently(choose)
    except OF_THE_REQUEST as refusal:
        refused.append(str(refusal))
        return None


def assigned(assignments: ChannelEndpointAssignments, what: str, tell: OnProgress) -> Assigned:
    """Read all assignments of a Business Profile or Trust Product."""

    def read() -> dict[str, dict[str, None]]:
        found: dict[str, dict[str, None]] = {}
        for done, (number_sid, assignment_sid) in enumerate(assignments.stream(), 1):
            # A page that shifts while they are read can tell of one twice.
            found.setdefault(number_sid, {})[assignment_sid] = None
            if done % PAGE_SIZE == 0:
                tell(what, done, None)
        return found

    tell(what, 0, None)
    by_number = {number: tuple(sids) for number, sids in patiently(read).items()}
    return Assigned(by_number, assignments.newest)


def to_be_read(
    request: CompleteRequest, account: Account, subaccounts: Iterable[Account], worked_on: list[Account]
) -> list[Account]:
    """Pick the accounts whose numbers are to be read: all that can hold numbers when the whole fleet is meant."""
    if request.subaccounts is not None:
        return worked_on
    return [account, *(it for it in subaccounts if it.status != CLOSED)]


def read_numbers(
    hub: TrustHub, request: CompleteRequest, accounts: list[Account], checked: list[NamedNumber], tell: OnProgress
) -> dict[str, AccountNumbers]:
    """Read the numbers of accounts side by side, by account (`AC…`)."""
    what = "accounts' phone numbers"
    tell(what, 0, len(accounts))
    done, one_at_a_time = count(1), Lock()

    def read(account: Account) -> AccountNumbers:
        numbers = read_account(hub, request, account, checked)
        with one_at_a_time:
            tell(what, next(done), len(accounts))
        return numbers

    return {it.account.sid: it for it in hub.for_each(read, accounts)}


def read_account(
    hub: TrustHub, request: CompleteRequest, account: Account, checked: list[NamedNumber]
) -> AccountNumbers:
    """Read the numbers of one account; those that the request names are read already."""
    numbers: list[PhoneNumber] = as_checked(checked)
    calls, unreadable = 0, list[Unreadable]()
    if not request.phone_numbers:
        try:
            for page in pages(hub, account.sid):
                calls += 1
                numbers += page.records
                unreadable += page.unreadable
        except (SubaccountNotReadable, TwilioRefused, CredentialsRefused) as refusal:
            is_unreadable = isinstance(refusal, SubaccountNotReadable)
            return AccountNumbers(account, calls=calls + 1, unread=str(refusal), unreadable=is_unreadable)
    unread = str(unreadable[0].error) if unreadable else None
    return AccountNumbers(account, tuple(judge(it, request.regions) for it in numbers), calls, unread)


def left_readable(known: Table, worked_on: Iterable[Account], numbers: dict[str, AccountNumbers]) -> frozenset[str]:
    """Pick the numbers (`PN…`) that the table knows of readable accounts alone; empty if every account is readable."""
    if not any(it.unreadable for it in numbers.values()):
        return frozenset()
    readable: set[str] = set()
    unreadable: set[str] = set()
    for account in worked_on:
        recorded = {it.phone_number_sid for it in read_all_numbers(known, account.sid)}
        (unreadable if numbers[account.sid].unreadable else readable).update(recorded)
    return frozenset(readable - unreadable)


def judge(number: PhoneNumber, regions: list[str]) -> Number:
    """Say whether a number is to be signed, as `List Phone Numbers` does."""
    region = next((region for region in regions if not ineligible_because(number, [region])), None)
    return Number(number, region, None if region else ineligible_because(number, regions))


def pages(hub: TrustHub, account_sid: str) -> Iterator[Page[PhoneNumber]]:
    """Read an account's numbers page by page, as `List Phone Numbers` does."""
    page_query: str | None = None
    while True:
        page = patiently(read_page, hub, account_sid, page_query)
        yield page
        page_query = page.next_page
        if not page_query:
            return


def filter_holds(assignments: ChannelEndpointAssignments, known: Assigned) -> bool | None:
    """Look some assigned numbers up by their SIDs, as a run does before each POST; None if none is assigned."""
    sample = list(known.by_number)[:SIDS_PER_FILTER]
    if not sample:
        return None
    return patiently(assignments.find, sample).keys() >= set(sample)
