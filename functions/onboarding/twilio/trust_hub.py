"""The only module that talks to Twilio: the Trust Hub and the accounts' phone numbers.

Sources: https://www.twilio.com/docs/trust-hub/trusthub-rest-api,
https://www.twilio.com/docs/iam/api/accounts, https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from onboarding import credentials
from onboarding.errors import TwilioRefused
from onboarding.masking import learn_secrets
from onboarding.observability import logger
from onboarding.phone_numbers import PhoneNumber
from onboarding.process import kept
from onboarding.settings import CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS, Settings
from onboarding.side_by_side import side_by_side
from onboarding.trust_products import Status
from onboarding.twilio.answers import (
    AccountAnswer,
    BundleAnswer,
    EndUserAnswer,
    EntityAnswer,
    EvaluationAnswer,
    PhoneNumberAnswer,
)
from onboarding.twilio.api import Api, Page, Query, TwilioClient, Unreadable
from onboarding.twilio.assignments import PAGE_SIZE, ChannelEndpointAssignments
from onboarding.twilio.http import TwilioHttpClient, if_found
from onboarding.validity import BundleKind, Validity

SHAKEN_STIR_POLICY_SID = "RN7a97559effdf62d00f4298208492a5ea"
BUSINESS_INFORMATION = "customer_profile_business_information"
END_USER = "IT"
REQUESTS_AT_ONCE = 8
PHONE_NUMBERS_PER_PAGE = 500
STATUS_AND_PROPERTIES_TOGETHER = 22204
LONG_AGO = datetime.min.replace(tzinfo=UTC)
ACCOUNTS = "/2010-04-01/Accounts"
PROFILES, PRODUCTS = "/v1/CustomerProfiles", "/v1/TrustProducts"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A Business Profile (CustomerProfile) or a Trust Product; one without a name is named by its SID.

    Attributes:
        errors: The codes of a rejection.
        reasons: Twilio's words for a rejection, where its errors have any.
    """

    sid: str
    friendly_name: str
    status: Status
    policy_sid: str
    errors: tuple[int, ...]
    valid_until: datetime | None = None
    reasons: tuple[str, ...] = ()
    date_created: datetime | None = None

    def seen(self, kind: BundleKind, asked_at: datetime) -> Validity:
        """Return its status and validity as a record, as Twilio gave them at this time."""
        return Validity(
            kind=kind,
            sid=self.sid,
            observed_at=asked_at,
            status=self.status,
            valid_until=self.valid_until,
            policy_sid=self.policy_sid,
        )


@dataclass(frozen=True, slots=True)
class Account:
    """A Twilio account; status is `active`, `suspended` or `closed`; `owner_sid` is the parent, itself for a parent."""

    sid: str
    friendly_name: str
    status: str
    owner_sid: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """The subaccounts that Twilio listed, and its refusal of the next page, None if there was none."""

    accounts: list[Account]
    refusal: TwilioRefused | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What Twilio finds missing in a Trust Product; empty when it is compliant."""

    sid: str
    failures: tuple[str, ...]


class TrustHub:
    """What the product asks of Twilio, with the parent account's credentials.

    Every method raises the errors of `onboarding.twilio.api`; what is not there is None.

    Args:
        client: The twilio library's client.
        at_once: How many requests may be under way at once.
    """

    def __init__(self, client: TwilioClient, at_once: int = REQUESTS_AT_ONCE) -> None:
        self._at_once = at_once
        self._hub = Api(client, "https://trusthub.twilio.com")
        self._api = Api(client, "https://api.twilio.com")
        self.account_sid = str(client.account_sid)

    @property
    def answered_at(self) -> datetime | None:
        """The time at Twilio when it answered last, None if no answer has said it."""
        return self._hub.answered_at

    def for_each[Given, Result](self, do: Callable[[Given], Result], items: Iterable[Given]) -> list[Result]:
        """Do a thing that asks Twilio for each item, as many side by side as requests may be under way.

        Returns:
            The results in the order of the items; see `side_by_side`.
        """
        return side_by_side(do, items, self._at_once)

    def business_profile(self, sid: str) -> Bundle | None:
        """Fetch a Business Profile, `BU…`."""
        return self._fetch(PROFILES, sid)

    def business_profiles(self) -> list[Bundle]:
        """List the Business Profiles of any kind and status."""
        return [_bundle(it) for it in self._hub.list(BundleAnswer, PROFILES, "results", {"PageSize": PAGE_SIZE})]

    def trust_product(self, sid: str) -> Bundle | None:
        """Fetch a Trust Product, `BU…`."""
        return self._fetch(PRODUCTS, sid)

    def seen_business_profile(self, sid: str, settle_seconds: float) -> Bundle | None:
        """Fetch a Business Profile (`BU…`) that was seen before, as `seen_trust_product`."""
        return _asked_twice(lambda: self.business_profile(sid), settle_seconds)

    def seen_trust_product(self, sid: str, settle_seconds: float) -> Bundle | None:
        """Fetch a Trust Product (`BU…`) that was seen before.

        Args:
            sid: The product.
            settle_seconds: The pause after which a product that Twilio does not find is requested again: a single
                HTTP 404 is not a deletion.
        """
        return _asked_twice(lambda: self.trust_product(sid), settle_seconds)

    def trust_products(self) -> list[Bundle]:
        """List the SHAKEN/STIR Trust Products of any status."""
        query: Query = {"PolicySid": SHAKEN_STIR_POLICY_SID, "PageSize": PAGE_SIZE}
        products = self._hub.list(BundleAnswer, PRODUCTS, "results", query)
        # Compared here: an answer that ignores the filter has the products of other policies.
        return [_bundle(it) for it in products if it.policy_sid == SHAKEN_STIR_POLICY_SID]

    def create_trust_product(self, friendly_name: str, email: str) -> Bundle:
        """Create a SHAKEN/STIR Trust Product as a draft."""
        form = {"FriendlyName": friendly_name, "Email": email, "PolicySid": SHAKEN_STIR_POLICY_SID}
        return _bundle(self._hub.post(BundleAnswer, PRODUCTS, form, policy_sid=SHAKEN_STIR_POLICY_SID))

    def connection(self, trust_product_sid: str, business_profile_sid: str) -> str | None:
        """Find the entity assignment (`BV…`) that connects a Business Profile to a Trust Product."""
        return next(iter(self.connections(trust_product_sid, business_profile_sid)), None)

    def connections(self, trust_product_sid: str, business_profile_sid: str) -> list[str]:
        """List the entity assignments (`BV…`) that connect a Business Profile to a Trust Product: mostly one."""
        entities = list(self._hub.list(EntityAnswer, _entities(trust_product_sid), "results", {"PageSize": PAGE_SIZE}))
        return [entity.sid for entity in entities if entity.object_sid == business_profile_sid]

    def is_connected(self, trust_product_sid: str, connection_sid: str) -> bool:
        """Check whether an entity assignment (`BV…`) of a Trust Product exists, also one that lists do not show yet."""
        path = f"{_entities(trust_product_sid)}/{connection_sid}"
        return if_found(lambda: self._hub.get(EntityAnswer, path, sid=connection_sid)) is not None

    def connect(self, trust_product_sid: str, business_profile_sid: str) -> str:
        """Connect a Business Profile to a Trust Product; returns the entity assignment, `BV…`."""
        form = {"ObjectSid": business_profile_sid}
        path = _entities(trust_product_sid)
        return self._hub.post(EntityAnswer, path, form, object_sid=business_profile_sid).sid

    def evaluate(self, trust_product_sid: str) -> Evaluation:
        """Let Twilio check a Trust Product against the SHAKEN/STIR policy."""
        form = {"PolicySid": SHAKEN_STIR_POLICY_SID}
        evaluation = self._hub.post(EvaluationAnswer, _evaluations(trust_product_sid), form)
        return Evaluation(evaluation.sid, evaluation.failures)

    def newest_failures(self, trust_product_sid: str) -> tuple[str, ...]:
        """Read what the newest evaluation of a Trust Product (`BU…`) found missing; empty without one."""
        evaluations = self._hub.list(
            EvaluationAnswer, _evaluations(trust_product_sid), "results", {"PageSize": PAGE_SIZE}, skipped=[]
        )
        newest = max(evaluations, key=lambda it: it.date_created or LONG_AGO, default=None)
        return newest.failures if newest else ()

    def submit(self, trust_product_sid: str, callback_url: str | None) -> Bundle:
        """Submit a Trust Product for review.

        Args:
            trust_product_sid: `BU…`, a draft or a rejected one.
            callback_url: What Twilio calls when the status changes, None for nothing.
        """
        status, callback = {"Status": Status.PENDING_REVIEW.value}, {"StatusCallback": callback_url or ""}
        if callback_url:
            try:
                return self._update(trust_product_sid, status | callback)
            except TwilioRefused as refusal:
                if refusal.code != STATUS_AND_PROPERTIES_TOGETHER:
                    raise
            self._update(trust_product_sid, callback)
        return self._update(trust_product_sid, status)

    def account(self, sid: str) -> Account | None:
        """Fetch an account, `AC…`."""
        return if_found(lambda: _account(self._api.get(AccountAnswer, f"{ACCOUNTS}/{sid}.json", sid=sid)))

    def subaccounts(self, skipped: list[Unreadable] | None = None) -> list[Account]:
        """List the subaccounts of any status, without the parent that Twilio lists among them.

        Args:
            skipped: As `listed_subaccounts`.
        """
        listed = self.listed_subaccounts(skipped)
        if listed.refusal:
            raise listed.refusal
        return listed.accounts

    def listed_subaccounts(self, skipped: list[Unreadable] | None = None) -> Listed:
        """List the subaccounts like `subaccounts`, as far as Twilio lists them.

        Args:
            skipped: Accounts that cannot be read are added here; without it, one of them makes the whole list unread.
        """
        query: Query = {"PageSize": PAGE_SIZE}
        accounts: list[Account] = []
        refusal = None
        try:
            for it in self._api.list(AccountAnswer, f"{ACCOUNTS}.json", "accounts", query, skipped=skipped):
                if it.sid != self.account_sid:
                    accounts.append(_account(it))  # noqa: PERF401 - what was read before a refusal is kept
        except TwilioRefused as error:
            if not accounts:
                raise
            refusal = error
        return Listed(accounts, refusal)

    def phone_numbers(self, account_sid: str, page_query: str | None = None) -> Page[PhoneNumber]:
        """Read one page of an account's phone numbers, 500 at the most.

        Args:
            account_sid: The parent or a subaccount, `AC…`.
            page_query: The page to read, as `Page.next_page` names it; None for the first.
        """
        query: Query = {"PageSize": PHONE_NUMBERS_PER_PAGE}
        path = _numbers(account_sid)
        page = self._api.page(PhoneNumberAnswer, path, "incoming_phone_numbers", query, page_query)
        return Page([_phone_number(it) for it in page.records], page.unreadable, page.next_page)

    def phone_number_sids(self, account_sid: str) -> Iterator[str]:
        """Read all pages of an account's phone numbers; yields `PN…`. A number that cannot be read ends it."""
        query: Query = {"PageSize": PHONE_NUMBERS_PER_PAGE}
        path = _numbers(account_sid)
        return (it.sid for it in self._api.list(PhoneNumberAnswer, path, "incoming_phone_numbers", query))

    def phone_number(self, account_sid: str, sid: str) -> PhoneNumber | None:
        """Fetch a phone number (`PN…`) of an account."""
        path = f"{_numbers(account_sid).removesuffix('.json')}/{sid}.json"
        return if_found(lambda: _phone_number(self._api.get(PhoneNumberAnswer, path, sid=sid)))

    def on_business_profile(self, business_profile_sid: str) -> ChannelEndpointAssignments:
        """The phone numbers on a Business Profile."""
        path = f"{PROFILES}/{business_profile_sid}"
        return ChannelEndpointAssignments(self._hub, path, self._at_once, self.describe_bundle)

    def on_trust_product(self, trust_product_sid: str) -> ChannelEndpointAssignments:
        """The phone numbers on a Trust Product."""
        path = f"{PRODUCTS}/{trust_product_sid}"
        return ChannelEndpointAssignments(self._hub, path, self._at_once, self.describe_bundle)

    def describe_bundle(self, sid: str) -> str | None:
        """Name the kind, the name and the status of a bundle (`BU…`); None if the account has none of this SID."""
        if product := self.trust_product(sid):
            return f"the Trust Product {sid} ('{product.friendly_name}', {product.status.value})"
        if profile := self.business_profile(sid):
            return f"the Business Profile {sid} ('{profile.friendly_name}', {profile.status.value})"
        return None

    def supporting(self, trust_product_sid: str) -> list[str]:
        """List the objects that are assigned to a Trust Product (`BU…`): Business Profiles (`BU…`) and others."""
        return self._supporting(PRODUCTS, trust_product_sid)

    def business_identity(self, business_profile_sid: str) -> str | None:
        """Read the `business_identity` of a Business Profile's business; None if the profile does not say."""
        for sid in self._supporting(PROFILES, business_profile_sid):
            if not sid.startswith(END_USER):
                continue
            end_user = self._end_user(sid)
            if end_user and end_user.type == BUSINESS_INFORMATION:
                return end_user.business_identity
        return None

    def _end_user(self, sid: str) -> EndUserAnswer | None:
        return if_found(lambda: self._hub.get(EndUserAnswer, f"/v1/EndUsers/{sid}"))

    def _supporting(self, collection: str, sid: str) -> list[str]:
        path = f"{collection}/{sid}/EntityAssignments"
        entities = self._hub.list(EntityAnswer, path, "results", {"PageSize": PAGE_SIZE})
        return [entity.object_sid for entity in entities]

    def _fetch(self, collection: str, sid: str) -> Bundle | None:
        return if_found(lambda: _bundle(self._hub.get(BundleAnswer, f"{collection}/{sid}", sid=sid)))

    def _update(self, trust_product_sid: str, form: dict[str, str]) -> Bundle:
        path = f"{PRODUCTS}/{trust_product_sid}"
        return _bundle(self._hub.post(BundleAnswer, path, form, sid=trust_product_sid))


def of_parent(settings: Settings, subaccounts: int | None = 1) -> TrustHub:
    """Give a Trust Hub client; all of a process send by the same connections, until the credentials are rotated.

    Args:
        settings: Where Twilio is, and how many requests a run may have under way.
        subaccounts: How many share them, as in `Settings.requests_each`.

    Raises:
        CredentialsRefused: The secret holds no credentials.
    """
    parent = credentials.read(settings.twilio_secret_arn)
    client = _kept_client(
        parent.account_sid,
        parent.auth_token,
        connections=settings.requests_each(1),
        base_url=settings.twilio_base_url,
        timeouts=(settings.twilio_connect_seconds, settings.twilio_read_seconds),
    )
    return TrustHub(client, settings.requests_each(subaccounts))


def of_account(
    account_sid: str,
    auth_token: str,
    *,
    at_once: int = REQUESTS_AT_ONCE,
    base_url: str | None = None,
    timeouts: tuple[float, float] = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
) -> TrustHub:
    """Make a Trust Hub client.

    Args:
        account_sid: The parent account, `AC…`.
        auth_token: Its Auth Token.
        at_once: How many requests may be under way at once.
        base_url: Where both of Twilio's hosts are served instead (a simulator), None for Twilio itself.
        timeouts: The seconds to wait for a connection, and for an answer.
    """
    return TrustHub(_client(account_sid, auth_token, at_once, base_url, timeouts), at_once)


def _client(
    account_sid: str, auth_token: str, connections: int, base_url: str | None, timeouts: tuple[float, float]
) -> TwilioClient:
    learn_secrets(auth_token)
    return TwilioClient(account_sid, auth_token, TwilioHttpClient(connections, base_url, timeouts))


_kept_client = kept(_client)


def _asked_twice(fetch: Callable[[], Bundle | None], settle_seconds: float) -> Bundle | None:
    if bundle := fetch():
        return bundle
    time.sleep(settle_seconds)
    return fetch()


def _bundle(answer: BundleAnswer) -> Bundle:
    status = Status(answer.status)
    if not status.is_known:
        _log_unknown(status)
    return Bundle(
        sid=answer.sid,
        friendly_name=answer.friendly_name or answer.sid,
        status=status,
        policy_sid=answer.policy_sid,
        errors=answer.codes,
        valid_until=answer.valid_until,
        reasons=answer.reasons,
        date_created=answer.date_created,
    )


@kept
def _log_unknown(status: Status) -> None:
    """Once in a process: whoever waits for a verdict sees it again and again."""
    logger().warning("Twilio gives a status that is not known here; it is waited on", extra={"status": status.value})


def _account(answer: AccountAnswer) -> Account:
    return Account(answer.sid, answer.friendly_name or answer.sid, answer.status, answer.owner_account_sid or None)


def _phone_number(answer: PhoneNumberAnswer) -> PhoneNumber:
    return PhoneNumber(answer.sid, answer.phone_number or answer.sid, answer.capabilities)


def _numbers(account_sid: str) -> str:
    return f"{ACCOUNTS}/{account_sid}/IncomingPhoneNumbers.json"


def _entities(trust_product_sid: str) -> str:
    return f"{PRODUCTS}/{trust_product_sid}/EntityAssignments"


def _evaluations(trust_product_sid: str) -> str:
    return f"{PRODUCTS}/{trust_product_sid}/Evaluations"
