"""What needs a person, most serious first: said once for all that it holds for. All pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from onboarding.business_profiles import is_waited_for
from onboarding.errors import section
from onboarding.trust_products import Status
from onboarding.words import plural
from shaken_stir.page.words import sentence, without_references
from shaken_stir.status.model import FleetStatus, NumberStatus, Reason, SubaccountStanding
from shaken_stir.status.order import by_name, natural
from shaken_stir.status.reasons import EXPLANATIONS, REMEDIES, SEND_AGAIN

LISTED: Final = 25
"""How many numbers, or subaccounts, of one kind are named."""
BY_NUMBER: Final = (Reason.REFUSED, Reason.TO_DO)
"""Why a number needs a person by itself, not by its subaccount or the product."""


class Entry(NamedTuple):
    """A number or a subaccount that needs a person.

    Attributes:
        name: What it is called.
        of: The name of the account that a number is in, empty for a subaccount.
        account_sid: The account, `AC…`.
        says: What holds for this one alone, empty if nothing does.
        since: Since when it is so.
    """

    name: str
    of: str
    account_sid: str
    says: str
    since: datetime | None


class Cause(NamedTuple):
    """One cause: why, what to do, where to read more, and who is concerned."""

    why: str
    remedy: str
    sections: tuple[str, ...]
    entries: tuple[Entry, ...] = ()


class Need(NamedTuple):
    """A kind of trouble: a title, its causes, and how many it concerns beyond those that are named."""

    title: str
    causes: tuple[Cause, ...]
    unnamed: int = 0


def worth_reading(fleet: FleetStatus) -> list[SubaccountStanding]:
    """Give the subaccounts whose numbers must be read to name those that need a person; the others' need not be."""
    chosen: dict[str, SubaccountStanding] = {}
    for reason in BY_NUMBER:
        found = 0
        for subaccount in by_name(fleet.subaccounts):
            if found >= LISTED:
                break
            if count := subaccount.counts.by_reason.get(reason, 0):
                chosen[subaccount.sid] = subaccount
                found += count
    return list(chosen.values())


def what_needs_a_person(fleet: FleetStatus, numbers: Iterable[NumberStatus]) -> list[Need]:
    """Say what needs a person.

    Args:
        fleet: What was read of the fleet.
        numbers: Those of the subaccounts that are `worth_reading`, at least.
    """
    by_reason: dict[Reason, list[NumberStatus]] = defaultdict(list)
    for number in sorted(numbers, key=lambda it: (not it.account_name, natural(it.account_name), it.account_sid)):
        if number.reason in BY_NUMBER:
            by_reason[number.reason].append(number)
    return [
        *_of_product(fleet),
        *_of_subaccounts(fleet),
        *_of_numbers(fleet, Reason.REFUSED, by_reason, "refused by Twilio"),
        *_of_numbers(fleet, Reason.TO_DO, by_reason, "to do"),
    ]


def _of_product(fleet: FleetStatus) -> Iterator[Need]:
    product, counts = fleet.product, fleet.counts.by_reason
    profile = fleet.profile
    if profile and profile.status is not Status.APPROVED and not is_waited_for(profile.status):
        why = f"The Business Profile {profile.sid} is {profile.status.value}, not twilio-approved."
        on_it = plural(counts.get(Reason.PROFILE_NOT_APPROVED, 0), "number")
        remedy = sentence(REMEDIES[Reason.PROFILE_NOT_APPROVED])
        cause = Cause(why, remedy, (section("BusinessProfileNotApproved"),))
        yield Need(f"The Business Profile is not approved: {on_it} on it", (cause,))
    if product and product.status is Status.REJECTED:
        told = without_references(product.explanation)
        remedy = REMEDIES[Reason.REJECTED]
        sections = (section("TrustProductRejected"), *(section(str(code)) for code in product.errors))
        said = "" if remedy.casefold() in told.sentence.casefold() else sentence(remedy)
        title = f"Twilio rejected the Trust Product: {plural(counts.get(Reason.REJECTED, 0), 'number')} on it"
        yield Need(title, (Cause(sentence(told.sentence), said, sections),))
    if count := counts.get(Reason.NOT_SUBMITTED):
        why, remedy = EXPLANATIONS[Reason.NOT_SUBMITTED], REMEDIES[Reason.NOT_SUBMITTED]
        cause = Cause(
            sentence(why.replace("that it is on ", "")), sentence(remedy), (section("TrustProductNotSubmitted"),)
        )
        yield Need(f"The Trust Product was not submitted: {plural(count, 'number')} on it", (cause,))


def _of_subaccounts(fleet: FleetStatus) -> Iterator[Need]:
    failing = [it for it in by_name(fleet.subaccounts) if it.is_failing]
    if not failing:
        return
    by_error: dict[str, list[SubaccountStanding]] = defaultdict(list)
    for subaccount in failing[:LISTED]:
        by_error[subaccount.error].append(subaccount)
    causes = tuple(_of_error(error, subaccounts) for error, subaccounts in by_error.items())
    yield Need(f"{plural(len(failing), 'subaccount')} failed", causes, max(0, len(failing) - LISTED))


def _of_error(error: str, subaccounts: Sequence[SubaccountStanding]) -> Cause:
    messages = [without_references(it.message) for it in subaccounts]
    common = sentence(messages[0].sentence) if len({it.sentence for it in messages}) == 1 else ""
    remedy = without_references(SEND_AGAIN)
    own = (section(error),) if error else ()
    sections = dict.fromkeys((*own, *(it for message in messages for it in message.sections), *remedy.sections))
    entries = [
        Entry(it.friendly_name, "", it.sid, "" if common else sentence(message.sentence), it.failing_since)
        for it, message in zip(subaccounts, messages, strict=True)
    ]
    return Cause(common, sentence(remedy.sentence), tuple(sections), tuple(entries))


def _of_numbers(
    fleet: FleetStatus, reason: Reason, by_reason: dict[Reason, list[NumberStatus]], title: str
) -> Iterator[Need]:
    total = fleet.counts.by_reason.get(reason, 0)
    if not total:
        return
    named = by_reason[reason][:LISTED]
    by_cause: dict[tuple[str, str], list[NumberStatus]] = defaultdict(list)
    for number in named:
        by_cause[number.explanation, number.remedy].append(number)
    causes = tuple(_of_cause(why, remedy, numbers) for (why, remedy), numbers in by_cause.items())
    yield Need(f"{plural(total, 'number')} {title}", causes, max(0, total - len(named)))


def _of_cause(why: str, remedy: str, numbers: Sequence[NumberStatus]) -> Cause:
    told, to_do = without_references(why), without_references(remedy)
    entries = tuple(
        Entry(it.phone_number, it.account_name or it.account_sid, it.account_sid, "", it.since) for it in numbers
    )
    sections = tuple(dict.fromkeys((*told.sections, *to_do.sections)))
    return Cause(sentence(told.sentence), sentence(to_do.sentence), sections, entries)
