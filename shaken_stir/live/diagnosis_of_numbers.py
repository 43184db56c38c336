"""Which phone numbers are on the Trust Product, and which are not, with the reasons: findings of the doctor."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from onboarding.phone_numbers import Stage
from shaken_stir.live.finding import Finding, look, well
from shaken_stir.live.numbers import AccountOutlook, Outlook
from shaken_stir.live.survey import Survey
from shaken_stir.words import plural

UNSIGNED = {
    Stage.ON_BUSINESS_PROFILE: "on the Business Profile only",
    Stage.DISCOVERED: "on neither",
    Stage.REFUSED: "refused by Twilio",
}


def stages(accounts: Iterable[AccountOutlook]) -> dict[Stage, int]:
    """Count the numbers that a run would work on, by where they stand."""
    return dict(Counter(number.stage for account in accounts for number in account.numbers))


def of_numbers(read: Survey, accounts: tuple[AccountOutlook, ...]) -> list[Finding]:
    """Tell how many numbers a run would work on, and name those that are not on the Trust Product.

    Args:
        read: What is at Twilio.
        accounts: The accounts that a run would work on.
    """
    counted = stages(accounts)
    if not counted:
        return []
    numbers = [number for account in read.worked_on for number in read.numbers[account.sid].numbers]
    regions = Counter(number.region for number in numbers if number.region)
    by_region = ", ".join(f"{count:,} of {region}" for region, count in sorted(regions.items())) or "none"
    found = [well(f"{plural(len(numbers), 'number')} in all; eligible: {by_region}.")]
    if on_product := counted.get(Stage.ON_TRUST_PRODUCT):
        found.append(well(f"{on_product:,} on the Trust Product."))
    return [
        *found,
        *of_unsigned(accounts, counted),
        *of_ineligible(accounts),
        *of_elsewhere(accounts),
        *of_others(read),
    ]


def of_unsigned(accounts: tuple[AccountOutlook, ...], counted: Mapping[Stage, int]) -> Iterator[Finding]:
    """Tell which numbers could be signed but are not on the Trust Product."""
    for stage, words in UNSIGNED.items():

        def is_there(number: Outlook, stage: Stage = stage) -> bool:
            return number.stage is stage

        if stage in counted:
            yield look(f"{counted[stage]:,} {words}.", only(accounts, is_there))


def of_ineligible(accounts: tuple[AccountOutlook, ...]) -> Iterator[Finding]:
    """Tell which numbers are not to be signed, reason by reason."""
    reasons = Counter(
        number.reason for account in accounts for number in account.numbers if number.stage is Stage.INELIGIBLE
    )
    for reason, count in reasons.most_common():

        def has_it(number: Outlook, reason: str | None = reason) -> bool:
            return number.stage is Stage.INELIGIBLE and number.reason == reason

        yield look(f"{count:,} ineligible: {reason}.", only(accounts, has_it))


def of_elsewhere(accounts: tuple[AccountOutlook, ...]) -> Iterator[Finding]:
    """Report which numbers are on other bundles of the account, bundle by bundle."""
    reasons = Counter(
        number.reason for account in accounts for number in account.numbers if number.stage is Stage.ELSEWHERE
    )
    for reason, count in reasons.most_common():

        def is_there(number: Outlook, reason: str | None = reason) -> bool:
            return number.stage is Stage.ELSEWHERE and number.reason == reason

        yield look(f"{count:,} elsewhere, left alone: {reason}.", only(accounts, is_there))


def of_others(read: Survey) -> Iterator[Finding]:
    """Tell of numbers that could be signed, but are in no account that a run would work on."""
    worked_on = {account.sid for account in read.worked_on}
    for sid, it in read.numbers.items():
        left_out = sum(not number.ineligible for number in it.numbers) if sid not in worked_on else 0
        if left_out:
            whose = "the parent (include_parent)" if sid == read.account.sid else f"{sid} ({it.account.status})"
            yield look(f"{left_out:,} eligible of {whose} left out.")


def only(accounts: tuple[AccountOutlook, ...], which: Callable[[Outlook], bool]) -> tuple[AccountOutlook, ...]:
    """Pick some of the numbers, with their accounts."""
    picked = (it.model_copy(update={"numbers": tuple(filter(which, it.numbers))}) for it in accounts)
    return tuple(account for account in picked if account.numbers)
