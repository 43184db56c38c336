"""The only module that talks to Twilio: the Trust Hub and the accounts' phone numbers.

Sources: https://www.twilio.com/docs/trust-hub/trusthub-rest-api,
https://www.twilio.com/docs/iam/api/accounts, https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from twilio.rest import Client, api, trusthub  # noqa: F401 - read here, at the start, not at the first request

from onboarding import credentials
from onboarding.errors import TwilioRefused
from onboarding.observability import logger
from onboarding.phone_numbers import PhoneNumber
from onboarding.process import kept
from onboarding.settings import CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS, Settings
from onboarding.side_by_side import side_by_side
from onboarding.trust_products import Status
from onboarding.twilio.assignments import PAGE_SIZE, ChannelEndpointAssignments
from onboarding.twilio.http import TwilioHttpClient, if_found
from onboarding.validity import BundleKind, Validity

SHAKEN_STIR_POLICY_SID = "RN7a97559effdf62d00f4298208492a5ea"
REQUESTS_AT_ONCE = 8
PHONE_NUMBERS_PER_PAGE = 500
STATUS_AND_PROPERTIES_TOGETHER = 22204


@dataclass(frozen=True, slots=True)
class Bundle:
    """A Business Profile (CustomerProfile) or a Trust Product."""

    sid: str
    friendly_name: str
    status: Status
    policy_sid: str
    errors: tuple[int, ...]
    valid_until: datetime | None = None

    def seen(self, kind: BundleKind, asked_at: datetime) -> Validity:
        """Return its status and validity as a record, as Twilio gave them at this time."""
        return Validity(kind=kind, sid=self.sid, observed_at=asked_at, status=self.status, valid_until=self.valid_until)


@dataclass(frozen=True, slots=True)
class Account:
    """A Twilio account; status is `active`, `suspended` or `closed`; `owner_sid` is the parent, itself for a parent."""

    sid: str
    friendly_name: str
    status: str
    owner_sid: str | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What Twilio finds missing in a Trust Product; empty when it is compliant."""

    sid: str
    failures: tuple[str, ...]


class TrustHub:
    """What the product asks of Twilio, with the parent account's credentials.

    Every method raises the errors of `twilio_http`; what is not there is None.

    Args:
        client: The twilio library's client.
        at_once: How many requests may be under way at once.
    """

    def __init__(self, client: Client, at_once: int = REQUESTS_AT_ONCE) -> None:
        self._client = client
        self._at_once = at_once
        self._hub = client.trusthub.v1
        self.account_sid = str(client.account_sid)

    def for_each[Given, Result](self, do: Callable[[Given], Result], items: Iterable[Given]) -> list[Result]:
        """Do a thing that asks Twilio for each item, as many side by side as requests may be under way.

        Returns:
            The results in the order of the items; see `side_by_side`.
        """
        return side_by_side(do, items, self._at_once)

    def business_profile(self, sid: str) -> Bundle | None:
        """Fetch a Business Profile, `BU…`."""
        return if_found(lambda: _bundle(self._hub.customer_profiles(sid).fetch()))

    def business_profiles(self) -> list[Bundle]:
        """List the Business Profiles of any kind and status."""
        return [_bundle(profile) for profile in self._hub.customer_profiles.list(page_size=PAGE_SIZE)]

    def trust_product(self, sid: str) -> Bundle | None:
        """Fetch a Trust Product, `BU…`."""
        return if_found(lambda: _bundle(self._hub.trust_products(sid).fetch()))

    def trust_products(self) -> list[Bundle]:
        """List the SHAKEN/STIR Trust Products of any status."""
        products = self._hub.trust_products.list(policy_sid=SHAKEN_STIR_POLICY_SID, page_size=PAGE_SIZE)
        return [_bundle(product) for product in products]

    def create_trust_product(self, friendly_name: str, email: str) -> Bundle:
        """Create a SHAKEN/STIR Trust Product as a draft."""
        return _bundle(
            self._hub.trust_products.create(friendly_name=friendly_name, email=email, policy_sid=SHAKEN_STIR_POLICY_SID)
        )

    def connection(self, trust_product_sid: str, business_profile_sid: str) -> str | None:
        """Find the entity assignment (`BV…`) that connects a Business Profile to a Trust Product."""
        entities = self._hub.trust_products(trust_product_sid).trust_products_entity_assignments.list(
            page_size=PAGE_SIZE
        )
        return next((str(entity.sid) for entity in entities if entity.object_sid == business_profile_sid), None)

    def connect(self, trust_product_sid: str, business_profile_sid: str) -> str:
        """Connect a Business Profile to a Trust Product; returns the entity assignment, `BV…`."""
        product = self._hub.trust_products(trust_product_sid)
        return str(product.trust_products_entity_assignments.create(object_sid=business_profile_sid).sid)

    def evaluate(self, trust_product_sid: str) -> Evaluation:
        """Let Twilio check a Trust Product against the SHAKEN/STIR policy."""
        evaluation = self._hub.trust_products(trust_product_sid).trust_products_evaluations.create(
            policy_sid=SHAKEN_STIR_POLICY_SID
        )
        return _evaluation(evaluation)

    def newest_failures(self, trust_product_sid: str) -> tuple[str, ...]:
        """Read what the newest evaluation of a Trust Product (`BU…`) found missing; empty without one."""
        evaluations = self._hub.trust_products(trust_product_sid).trust_products_evaluations.list(page_size=PAGE_SIZE)
        newest = max(evaluations, key=lambda it: it.date_created, default=None)
        return _evaluation(newest).failures if newest else ()

    def submit(self, trust_product_sid: str, callback_url: str | None) -> Bundle:
        """Submit a Trust Product for review.

        Args:
            trust_product_sid: `BU…`, a draft or a rejected one.
            callback_url: What Twilio calls when the status changes, None for nothing.
        """
        product = self._hub.trust_products(trust_product_sid)
        if callback_url:
            try:
                return _bundle(product.update(status=Status.PENDING_REVIEW.value, status_callback=callback_url))
            except TwilioRefused as refusal:
                if refusal.code != STATUS_AND_PROPERTIES_TOGETHER:
                    raise
            product.update(status_callback=callback_url)
        return _bundle(product.update(status=Status.PENDING_REVIEW.value))

    def account(self, sid: str) -> Account | None:
        """Fetch an account, `AC…`."""
        return if_found(lambda: _account(self._client.api.v2010.accounts(sid).fetch()))

    def subaccounts(self) -> list[Account]:
        """List the subaccounts of any status, without the parent that Twilio lists among them."""
        accounts = map(_account, self._client.api.v2010.accounts.list(page_size=PAGE_SIZE))
        return [account for account in accounts if account.sid != self.account_sid]

    def phone_numbers(self, account_sid: str, page_url: str | None = None) -> tuple[list[PhoneNumber], str | None]:
        """Read one page of an account's phone numbers.

        Args:
            account_sid: The parent or a subaccount, `AC…`.
            page_url: The page to read, None for the first.

        Returns:
            At most 500 numbers, and the next page's URL, None at the end.
        """
        numbers = self._client.api.v2010.accounts(account_sid).incoming_phone_numbers
        page = numbers.get_page(page_url) if page_url else numbers.page(page_size=PHONE_NUMBERS_PER_PAGE)
        return [_phone_number(number) for number in page], page.next_page_url

    def phone_number_sids(self, account_sid: str) -> Iterator[str]:
        """Read all pages of an account's phone numbers; yields `PN…`."""
        numbers, page_url = self.phone_numbers(account_sid)
        while True:
            yield from (number.sid for number in numbers)
            if not page_url:
                return
            numbers, page_url = self.phone_numbers(account_sid, page_url)

    def phone_number(self, account_sid: str, sid: str) -> PhoneNumber | None:
        """Fetch a phone number (`PN…`) of an account."""
        account = self._client.api.v2010.accounts(account_sid)
        return if_found(lambda: _phone_number(account.incoming_phone_numbers(sid).fetch()))

    def on_business_profile(self, business_profile_sid: str) -> ChannelEndpointAssignments:
        """The phone numbers on a Business Profile."""
        profile = self._hub.customer_profiles(business_profile_sid)
        resource = profile.customer_profiles_channel_endpoint_assignment
        return ChannelEndpointAssignments(business_profile_sid, resource, self._at_once, self.describe_bundle)

    def on_trust_product(self, trust_product_sid: str) -> ChannelEndpointAssignments:
        """The phone numbers on a Trust Product."""
        product = self._hub.trust_products(trust_product_sid)
        resource = product.trust_products_channel_endpoint_assignment
        return ChannelEndpointAssignments(trust_product_sid, resource, self._at_once, self.describe_bundle)

    def describe_bundle(self, sid: str) -> str | None:
        """Name the kind, the name and the status of a bundle (`BU…`); None if the account has none of this SID."""
        if product := self.trust_product(sid):
            return f"the Trust Product {sid} ('{product.friendly_name}', {product.status.value})"
        if profile := self.business_profile(sid):
            return f"the Business Profile {sid} ('{profile.friendly_name}', {profile.status.value})"
        return None


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
) -> Client:
    http_client = TwilioHttpClient(connections, base_url, timeouts)
    return Client(account_sid, auth_token, http_client=http_client)


_kept_client = kept(_client)


def _bundle(resource: Any) -> Bundle:
    codes = tuple(int(error["code"]) for error in resource.errors or [] if error.get("code"))
    status = Status(str(resource.status))
    if not status.is_known:
        _log_unknown(status)
    valid_until = _moment(resource.valid_until)
    return Bundle(resource.sid, resource.friendly_name, status, resource.policy_sid, codes, valid_until)


def _moment(said: datetime | str | None) -> datetime | None:
    """Read a time; of a form that the library does not know, it is text, and None if nobody knows it."""
    if not isinstance(said, str):
        return said
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        logger().warning("Twilio gives a time that cannot be read; it is left out", extra={"time": said})
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@kept
def _log_unknown(status: Status) -> None:
    """Once in a process: whoever waits for a verdict sees it again and again."""
    logger().warning("Twilio gives a status that is not known here; it is waited on", extra={"status": status.value})


def _evaluation(resource: Any) -> Evaluation:
    failures = [
        f"{failure['friendly_name']}: {failure['failure_reason']}"
        for result in resource.results
        if not result["passed"]
        for failure in ([result] if result.get("failure_reason") else result["invalid"])
    ]
    compliant = str(resource.status) == "compliant"
    return Evaluation(str(resource.sid), () if compliant else tuple(failures) or (f"its status is {resource.status}",))


def _account(resource: Any) -> Account:
    return Account(resource.sid, resource.friendly_name, str(resource.status), resource.owner_account_sid)


def _phone_number(resource: Any) -> PhoneNumber:
    return PhoneNumber(resource.sid, resource.phone_number, bool((resource.capabilities or {}).get("voice")))
