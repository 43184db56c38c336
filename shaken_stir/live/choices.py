"""What a run would choose by the functions of its own steps, and the sentences by which it would be refused."""

from collections.abc import Iterable
from contextlib import suppress

import find_business_profile
import find_or_create_trust_product
import list_subaccounts
from find_or_create_trust_product import FindOrCreateTrustProductEvent
from list_subaccounts import ListSubaccountsEvent
from onboarding import ownership
from onboarding.business_profiles import PRIMARY
from onboarding.errors import OnboardingError, TrustProductRejected, TwilioRefused
from onboarding.requests import CompleteRequest, NamedNumber
from onboarding.table.dynamodb import Table
from onboarding.trust_products import Status, TrustProductState, explain_rejection
from onboarding.twilio.trust_hub import Account, Bundle, TrustHub


def is_subaccount(account: Account) -> bool:
    """Say whether an account is another one's subaccount."""
    return bool(account.owner_sid) and account.owner_sid != account.sid


def subaccounts_credentials(account: Account) -> str:
    """Say that the credentials are the wrong account's."""
    return (
        f"The credentials are those of {account.sid}, a subaccount of {account.owner_sid}; "
        "set the parent's SID and Auth Token: the Business Profile and the Trust Product are the parent's."
    )


def not_active(account: Account) -> str:
    """Say that nothing can be done with an account."""
    return f"The account {account.sid} is {account.status}, not active; ask Twilio's support."


def choose_profile(hub: TrustHub, request: CompleteRequest) -> Bundle:
    """Find the Business Profile as `Find Business Profile` does; it may not be approved."""
    return find_business_profile.choose(hub, request.business_profile_sid)


def require_approved(profile: Bundle) -> Bundle:
    """Return the profile if it is approved, as `Find Business Profile` requires."""
    find_business_profile.require_approved(profile)
    return profile


def choose_product(
    hub: TrustHub, request: CompleteRequest, profile_sid: str, known: Table | None
) -> TrustProductState | None:
    """Find the Trust Product as `Find Or Create Trust Product` does; None if there is none."""
    event = FindOrCreateTrustProductEvent(
        execution=request.execution, business_profile_sid=profile_sid, trust_product=request.trust_product
    )
    chosen = find_or_create_trust_product.find(hub, event, known)
    return chosen.state if chosen else None


def product_refusals(
    hub: TrustHub,
    request: CompleteRequest,
    profile: Bundle | None,
    product: TrustProductState | None,
    products: Iterable[Bundle],
) -> list[str]:
    """Say why a run would end at its Trust Product: it lacks what it takes to create one, or was rejected."""
    wanted = request.trust_product
    if product and product.status is Status.REJECTED and not request.resubmit:
        codes = [code for it in products if it.sid == product.sid for code in it.errors]
        said = [words for it in products if it.sid == product.sid for words in it.reasons]
        with suppress(OnboardingError):  # the rejection is told all the same
            said += hub.newest_failures(product.sid)
        return [str(TrustProductRejected(explain_rejection(product.sid, codes, said)))]
    if profile and not product and not wanted.sid and not (wanted.friendly_name and wanted.email):
        needed = "trust_product.friendly_name and trust_product.email"
        return [f"The account {hub.account_sid} has no SHAKEN/STIR Trust Product yet; to create one, give {needed}."]
    return []


def read_supporting(hub: TrustHub, products: Iterable[Bundle], used: TrustProductState | None) -> dict[str, list[str]]:
    """Read the objects that are assigned to the other live SHAKEN/STIR products, as far as Twilio lets them be read."""
    ours = used.sid if used and used.connection_sid else None
    supporting = {}
    for product in products:
        if ownership.is_live(product) and product.sid != ours:
            with suppress(TwilioRefused):  # a run goes on without it
                supporting[product.sid] = hub.supporting(product.sid)
    return supporting


def read_identity(hub: TrustHub, request: CompleteRequest, profile: Bundle | None) -> str | None:
    """Read the business identity of the primary profile that the whole fleet would go on; None if nobody knows it."""
    if not profile or request.subaccounts or profile.policy_sid not in PRIMARY:
        return None
    with suppress(OnboardingError):  # a run goes on without it
        return hub.business_identity(profile.sid)
    return None


def choose_accounts(hub: TrustHub, request: CompleteRequest) -> list[Account]:
    """Find the accounts to work on as `List Subaccounts` does; those that cannot be read are for the survey to name."""
    event = ListSubaccountsEvent(
        execution=request.execution,
        subaccounts=request.subaccounts,
        phone_numbers=request.phone_numbers,
        include_parent=request.include_parent,
    )
    return list_subaccounts.choose(hub, event, [])


def check_numbers(hub: TrustHub, request: CompleteRequest, accounts: list[Account]) -> list[NamedNumber]:
    """Look at the phone numbers that the request names as `List Subaccounts` does; nothing if it names none."""
    if not request.phone_numbers or not accounts:
        return []
    [account] = accounts
    return list_subaccounts.check_numbers(hub, account.sid, request.phone_numbers)
