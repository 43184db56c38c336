"""Everything that exists at the simulated Twilio, loaded from a fleet."""

import threading
from datetime import timedelta

from simulator.faults import Faults
from simulator.fleet import Fleet, NumberEntry, Product, Profile
from simulator.lag import Lag
from simulator.policies import (
    BUSINESS_INFORMATION_TYPE,
    OTHER_PRIMARY_PROFILES,
    PRIMARY_BUSINESS_PROFILE,
    PRIMARY_PROFILE_TYPE,
    SECONDARY_BUSINESS_PROFILE,
    SECONDARY_PROFILE_TYPE,
    STARTER_PROFILE,
    STARTER_PROFILE_TYPE,
)
from simulator.records import (
    CUSTOMER_PROFILE,
    TRUST_PRODUCT,
    Account,
    Bundle,
    BundleKind,
    Callback,
    EndpointAssignment,
    EndUser,
    EntityAssignment,
    PhoneNumber,
    Register,
)
from simulator.sids import new_sid

_AGE = timedelta(days=1)
_EMAIL = "compliance@example.com"
_SUBACCOUNT_TOKEN = "fedcba9876543210" * 2


class State:
    """The records of one simulator; whoever reads or changes them holds ``lock``."""

    def __init__(self, fleet: Fleet, *, time_scale: float = 1.0) -> None:
        self.lock = threading.RLock()
        self.account_sid = fleet.parent.sid
        self.auth_token = fleet.parent.auth_token
        self.accounts: Register[Account] = Register()
        self.numbers: dict[str, PhoneNumber] = {}
        self.customer_profiles: Register[Bundle] = Register()
        self.trust_products: Register[Bundle] = Register()
        self.end_users: Register[EndUser] = Register()
        self.callbacks: list[Callback] = []
        self.callback_plan = fleet.callbacks
        self.faults = Faults(fleet.faults)
        self.lag = Lag(fleet.lag, time_scale=time_scale)
        self._load(fleet)

    def bundles(self, kind: BundleKind) -> Register[Bundle]:
        """The Customer Profiles or the Trust Products."""
        return self.customer_profiles if kind is CUSTOMER_PROFILE else self.trust_products

    def connected_profiles(self, bundle: Bundle) -> list[Bundle]:
        """The Customer Profiles that support this bundle."""
        profiles = (self.customer_profiles.get(entity.object_sid) for entity in bundle.entities)
        return [profile for profile in profiles if profile is not None]

    def supported_products(self, profile: Bundle) -> list[Bundle]:
        """The Trust Products that this Customer Profile supports."""
        return [product for product in self.trust_products if profile in self.connected_profiles(product)]

    def _load(self, fleet: Fleet) -> None:
        parent = fleet.parent
        self._load_account(
            Account(
                sid=parent.sid,
                friendly_name=parent.friendly_name,
                auth_token=parent.auth_token,
                owner_sid=parent.sid,
                status="active",
            ),
            parent.numbers,
        )
        for entry in fleet.subaccounts:
            account = Account(
                sid=entry.sid,
                friendly_name=entry.friendly_name,
                auth_token=_SUBACCOUNT_TOKEN,
                owner_sid=parent.sid,
                status=entry.status,
            )
            # Closing an account releases its numbers.
            self._load_account(account, [] if entry.status == "closed" else entry.numbers)
        for profile in fleet.profiles:
            self._load_profile(profile)
        for product in fleet.products:
            self._load_product(product)
        self._date_back()

    def _date_back(self) -> None:
        """Let what a fleet begins with be a day old."""
        bundles = [*self.customer_profiles, *self.trust_products]
        assigned = [it for bundle in bundles for it in (*bundle.entities, *bundle.endpoints)]
        for record in (*self.accounts, *self.numbers.values(), *bundles, *assigned):
            record.created -= _AGE
        for bundle in bundles:
            bundle.updated -= _AGE

    def _load_account(self, account: Account, numbers: list[NumberEntry]) -> None:
        self.accounts.add(account)
        for entry in numbers:
            number = PhoneNumber(
                sid=entry.sid,
                created=account.created,
                account_sid=account.sid,
                phone_number=entry.phone_number,
                voice=entry.voice,
                refuse=entry.refuse,
            )
            account.numbers.add(number)
            self.numbers[number.sid] = number

    def _load_profile(self, entry: Profile) -> None:
        profile = Bundle(
            kind=CUSTOMER_PROFILE,
            sid=entry.sid,
            policy_sid=entry.policy or (PRIMARY_BUSINESS_PROFILE if entry.primary else SECONDARY_BUSINESS_PROFILE),
            friendly_name=entry.friendly_name,
            email=_EMAIL,
            status=entry.status,
            valid_until=entry.valid_until,
        )
        self.customer_profiles.add(profile)
        end_user = EndUser(
            sid=new_sid("IT"),
            friendly_name=entry.friendly_name,
            type=BUSINESS_INFORMATION_TYPE,
            attributes={"business_name": entry.friendly_name, "business_identity": entry.business_identity},
        )
        self.end_users.add(end_user)
        profile.entities.add(EntityAssignment(sid=new_sid("BV"), object_sid=end_user.sid, object_type=end_user.type))
        _assign(profile, entry.numbers)

    def _load_product(self, entry: Product) -> None:
        product = Bundle(
            kind=TRUST_PRODUCT,
            sid=entry.sid,
            policy_sid=entry.policy,
            friendly_name=entry.friendly_name,
            email=_EMAIL,
            status=entry.status,
            errors=list(entry.errors),
            valid_until=entry.valid_until,
        )
        self.trust_products.add(product)
        if entry.business_profile is not None:
            profile = self.customer_profiles[entry.business_profile]
            product.entities.add(
                EntityAssignment(sid=new_sid("BV"), object_sid=profile.sid, object_type=profile_type(profile))
            )
        _assign(product, entry.numbers)


def profile_type(profile: Bundle) -> str:
    """The machine name by which a policy asks for this kind of profile."""
    if profile.policy_sid == STARTER_PROFILE:
        return STARTER_PROFILE_TYPE
    primary = profile.policy_sid == PRIMARY_BUSINESS_PROFILE or profile.policy_sid in OTHER_PRIMARY_PROFILES
    return PRIMARY_PROFILE_TYPE if primary else SECONDARY_PROFILE_TYPE


def _assign(bundle: Bundle, numbers: list[str]) -> None:
    for number_sid in numbers:
        bundle.endpoints.add(EndpointAssignment(sid=new_sid("RA"), endpoint_type="phone-number", number_sid=number_sid))
