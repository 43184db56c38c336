"""The plan of a run, for a person: what it would do step by step, and with which numbers of which account."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from onboarding.phone_numbers import Stage
from shaken_stir.live.numbers import AccountOutlook, Outlook, Side
from shaken_stir.live.plan import Plan
from shaken_stir.words import moment, plural
from summarise_subaccounts import left_out_words

MOST_ACCOUNTS: Final = 12
MOST_NUMBERS: Final = 3
MOST_ORPHANS: Final = 12
SIDES: Final[dict[Side, str]] = {"business_profile": "the Business Profile", "trust_product": "the Trust Product"}


def steps(plan: Plan) -> list[str]:
    """Put what a run would do into lines, in the order in which it would go."""
    if not plan.goes_on:
        return []
    left_out = [left_out_words(plan.left_out)] if plan.left_out else []
    changes = list(_changes(plan)) or ["change nothing"]
    verdict = {True: ["wait for Twilio's verdict"], False: ["leave Twilio's verdict to a later run"], None: []}
    named = [f"name {plural(len(plan.orphans), 'orphan')}"] if plan.orphans else []
    return [*left_out, *changes, *named, *verdict[plan.waits]]


def total(plan: Plan) -> str:
    """Count the requests that a run would send."""
    calls = {"POST": plan.posts, "DELETE": plan.deletes, "GET": plan.gets}
    counted = {method: sum(routes.values()) for method, routes in calls.items()}
    return "in all: " + ", ".join(
        plural(count, method) for method, count in counted.items() if count or method != "DELETE"
    )


def _changes(plan: Plan) -> Iterator[str]:
    if plan.creates:
        yield f"create the Trust Product '{plan.creates}'"
    if plan.connects:
        yield f"connect the Trust Product to {plan.business_profile_sid}"
    if plan.submits:
        yield "let Twilio evaluate the Trust Product, and submit it for review, if it is compliant"
    if to_profile := plan.put_on("business_profile"):
        yield f"put {plural(to_profile, 'number')} on the Business Profile {plan.business_profile_sid}"
    if to_product := plan.put_on("trust_product"):
        yield f"put {plural(to_product, 'number')} on the Trust Product"
    if plan.removes:
        yield f"remove {plural(len(plan.removes), 'orphan')} that a run before has named"


def by_account(accounts: Iterable[AccountOutlook], *, every: bool, numbers: bool = True) -> Iterator[str]:
    """Name the accounts with numbers that would be assigned or are left out.

    Args:
        accounts: The accounts that a run would work on.
        every: Whether to name all of them and all their numbers, not only some of many.
        numbers: Whether to name the numbers, too.
    """
    told = [account for account in accounts if any(map(is_worth_a_line, account.numbers))]
    for account in told if every else told[:MOST_ACCOUNTS]:
        yield f"{account.friendly_name} ({account.sid}): {', '.join(_counts(account))}"
        if numbers:
            assigned = [described(number) for number in account.numbers if number.will_be_put_on]
            left_out = [described(number) for number in account.numbers if is_left_out(number)]
            yield from (
                f"  {line}" for group in (assigned, left_out) for line in some(group, MOST_NUMBERS, every=every)
            )
    if not every and len(told) > MOST_ACCOUNTS:
        yield f"… and {plural(len(told) - MOST_ACCOUNTS, 'more account')} (--numbers names all)"


def removed(plan: Plan, *, every: bool) -> Iterator[str]:
    """Name the orphans that would be removed; they are in no account, so they have nothing but a SID."""
    yield from some([f"{sid}: an orphan, to be removed" for sid in plan.removes], MOST_ORPHANS, every=every)


def some(lines: Sequence[str], most: int, *, every: bool) -> Iterator[str]:
    """Give so many lines at most, and say how many more there are; or every one."""
    yield from lines if every else lines[:most]
    if not every and len(lines) > most:
        yield f"… and {len(lines) - most:,} more (--numbers names all)"


def described(number: Outlook, account: AccountOutlook | None = None) -> str:
    """Name a number, and its account if it is not plain, with what becomes of it."""
    whose = f" of {account.friendly_name}, {account.sid}" if account else ""
    return f"{number.phone_number} ({number.sid}{whose}): {what_becomes_of(number)}"


def what_becomes_of(number: Outlook) -> str:
    """Say what a run would do with a number, or why nothing."""
    sides = " and ".join(SIDES[side] for side in number.will_be_put_on)
    refused = f"Twilio refused it: {number.reason} (code {number.error_code})"
    match number.stage:
        case Stage.INELIGIBLE | Stage.ELSEWHERE:
            return f"{number.stage.value}: {number.reason}"
        case Stage.REFUSED if number.tried_again_at:
            return f"{refused}; tried again after {moment(number.tried_again_at)}"
        case Stage.REFUSED:
            return f"{refused}; to be tried again now"
        case _ if sides:
            return f"to be put on {sides}"
        case Stage.ON_TRUST_PRODUCT:
            return "on the Trust Product"
        case _:
            return "recorded as being on the Trust Product; a run over all numbers finds out that it is not"


def _counts(account: AccountOutlook) -> Iterator[str]:
    """Count the numbers of an account that would be assigned, and those that are left out, by stage."""
    if assigned := sum(bool(number.will_be_put_on) for number in account.numbers):
        yield f"{plural(assigned, 'number')} to be assigned"
    left_out = Counter(number.stage for number in account.numbers if is_left_out(number))
    yield from (f"{count:,} {stage.value.replace('_', ' ')}" for stage, count in left_out.items())


def is_left_out(number: Outlook) -> bool:
    """Say whether a run would leave a number where it is, although that is not on the Trust Product."""
    return number.stage is not Stage.ON_TRUST_PRODUCT and not number.will_be_put_on


def is_worth_a_line(number: Outlook) -> bool:
    """Say whether a number is not yet where it belongs, or never will be."""
    return bool(number.will_be_put_on) or is_left_out(number)
