"""What the product assumes of Twilio that Twilio's documentation does not settle; docs/first-day.md explains each."""

from collections.abc import Callable
from dataclasses import dataclass

from onboarding.twilio.trust_hub import SHAKEN_STIR_POLICY_SID
from shaken_stir.live.survey import Survey


@dataclass(frozen=True)
class Assumption:
    """A sentence, and how what was read bears it out: true, false, or None if it says nothing of it."""

    text: str
    holds: Callable[[Survey], bool | None]


def subaccounts_are_read(survey: Survey) -> bool | None:
    """Whether some subaccount's numbers could be read; of a refusal there may be other reasons for one of many."""
    read = [it for it in survey.numbers.values() if it.account.sid != survey.account.sid]
    return any(it.unread is None for it in read) if read else None


def suspended_are_read(survey: Survey) -> bool | None:
    """Whether the numbers of every suspended subaccount could be read."""
    read = [it for it in survey.numbers.values() if it.account.status == "suspended"]
    return all(it.unread is None for it in read) if read else None


def policies_are_filtered(survey: Survey) -> bool | None:
    """Whether the list by policy held nothing of another one."""
    products = {product.policy_sid for product in survey.products}
    return products <= {SHAKEN_STIR_POLICY_SID} if products else None


def profile_comes_first(survey: Survey) -> bool | None:
    """Whether all that is on the Trust Product is on the Business Profile."""
    on_product = survey.on_product.by_number.keys()
    return on_product <= survey.on_profile.by_number.keys() if on_product else None


def seen(found: object) -> bool | None:
    """Whether something that may occur has occurred; that it has not says nothing."""
    return True if found else None


def by_no_get(_: Survey) -> None:
    """Say that only a submission or a call can tell."""


ASSUMPTIONS = (
    Assumption("The parent's Auth Token reads its subaccounts' phone numbers.", subaccounts_are_read),
    Assumption("The numbers of a suspended subaccount can be listed, too.", suspended_are_read),
    Assumption("The list of Trust Products holds only those of the policy asked for.", policies_are_filtered),
    Assumption("A look-up of up to 100 numbers finds each one that is assigned.", lambda survey: survey.filter_holds),
    Assumption("Every number on the Trust Product is on the Business Profile.", profile_comes_first),
    Assumption(
        "Twilio may keep two assignments of one number.",
        lambda survey: seen(survey.on_profile.duplicates or survey.on_product.duplicates),
    ),
    Assumption("A released number leaves its assignments behind.", lambda survey: seen(survey.orphans)),
    Assumption("One update submits the Trust Product and sets its callback, or Twilio answers 22204.", by_no_get),
    Assumption("A submitted Trust Product is pending-review or in-review, and takes numbers meanwhile.", by_no_get),
    Assumption("A submission takes at once, or after some seconds.", by_no_get),
    Assumption("A rejected Trust Product can be submitted again.", by_no_get),
    Assumption("A rejection's reason is in the errors, in the callback's FailureReason or an evaluation.", by_no_get),
    Assumption("A callback is signed, and its URL comes back as it was set, trust_product_sid included.", by_no_get),
    Assumption("Callbacks may come late, twice, in another order, or not at all.", by_no_get),
    Assumption("Lists show what was created 10 seconds before.", by_no_get),
    Assumption("What ends with valid_until shows in the status, by which alone a run decides.", by_no_get),
    Assumption("Twilio takes 16 requests at once, or answers 429.", by_no_get),
)
