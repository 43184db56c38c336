"""A fleet's status in words, for a terminal and a pipe."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from rich.console import Console

from onboarding.errors import section
from onboarding.trust_products import Status
from onboarding.validity import explain_validity
from shaken_stir.cli.prose import say
from shaken_stir.status.changes import Change, Changed
from shaken_stir.status.model import (
    Counts,
    FleetStatus,
    NumberStatus,
    ProductStatus,
    Reason,
    SubaccountStanding,
)
from shaken_stir.status.reasons import going_on
from shaken_stir.words import lasted, moment, plural

MOST_CHANGES = 20
"""How many changes have a line of their own."""
MOST_CALM = 20
"""How many subaccounts without anything to do have a line of their own, unless all are asked for."""
WORDS = {
    Reason.SIGNED: "signed",
    Reason.IN_REVIEW: "in review",
    Reason.REJECTED: "on the rejected product",
    Reason.PROFILE_NOT_APPROVED: "on a profile that is not approved",
    Reason.PROFILE_IN_REVIEW: "on a profile in review",
    Reason.NOT_SUBMITTED: "on a product that was not submitted",
    Reason.UNDER_WAY: "under way",
    Reason.TO_DO: "to do",
    Reason.FAILED: "not through",
    Reason.REFUSED: "refused",
    Reason.INELIGIBLE: "ineligible",
    Reason.ELSEWHERE: "elsewhere",
}
REVIEW_TAKES = "Twilio names up to 72 hours, and it may take longer"


def tell_fleet(out: Console, fleet: FleetStatus, *, every: bool, only_head: bool) -> None:
    """Print where the fleet stands: what needs a person first, a line per subaccount, the totals.

    Args:
        out: Where to.
        fleet: What was read.
        every: Whether each subaccount has a line, however many have nothing to do.
        only_head: Whether the subaccounts are left out.
    """
    say(out, f"{fleet.headline}", style="bold")
    say(out, f"Read from the {fleet.place} at {moment(fleet.read_at)}.", style="dim")
    for line in (*of_run(fleet), *of_product(fleet.product, fleet.read_at), *of_validities(fleet)):
        say(out, line)
    if only_head or not fleet.subaccounts:
        return
    first = [it for it in fleet.subaccounts if it.needs_a_person]
    calm = [it for it in fleet.subaccounts if not it.needs_a_person]
    if first:
        out.print()
        say(out, f"Needs a person ({plural(len(first), 'subaccount')}):", style="bold")
    for it in first:
        say(out, f"  {of_subaccount(it)}")
    if calm:
        out.print()
        say(out, f"Nothing to do ({plural(len(calm), 'subaccount')}):", style="bold")
    shown = calm if every else calm[:MOST_CALM]
    for it in shown:
        say(out, f"  {of_subaccount(it)}")
    if len(calm) > len(shown):
        say(out, f"  … and {len(calm) - len(shown):,} more (--all names them)")
    if fleet.run and (unread := fleet.run.accounts - len(fleet.subaccounts)) > 0:
        say(out, f"  {plural(unread, 'more account')}: not read yet")
    out.print()
    say(out, f"All: {counted(fleet.counts)} in {plural(len(fleet.subaccounts), 'subaccount')}.")
    if first:
        say(out, f"Number by number: shaken-stir status {first[0].sid}, or --unsigned for all.")


def of_run(fleet: FleetStatus) -> Iterator[str]:
    """Say that a run is going on, and how far it is, unless the headline says nothing else."""
    if fleet.run and (says := f"A {going_on(fleet.run)}.") != fleet.headline:
        yield says


def of_product(product: ProductStatus | None, now: datetime) -> Iterator[str]:
    """Say what Twilio says of the product, since when, and how long the review takes."""
    if not product:
        return
    since = f" since {moment(product.since)}" if product.since else ""
    yield f"Trust Product {product.sid} is {product.status}{since}."
    if product.reviewed_since:
        took = lasted(product.reviewed_since, now)
        yield f"Its review goes on for {took}; {REVIEW_TAKES}."
    if product.status is Status.REJECTED:
        yield product.explanation
    if product.orphans:
        yield f"{plural(product.orphans, 'assigned number')} in no account any more."


def of_validities(fleet: FleetStatus) -> Iterator[str]:
    """Say until when product and profile are valid."""
    if fleet.product and fleet.product.valid_until:
        yield explain_validity("trust_product", fleet.product.sid, fleet.product.valid_until, fleet.read_at)
    if fleet.profile and fleet.profile.valid_until:
        yield explain_validity("business_profile", fleet.profile.sid, fleet.profile.valid_until, fleet.read_at)


def of_subaccount(it: SubaccountStanding) -> str:
    """Say in a line how a subaccount stands."""
    who = f"{it.friendly_name or 'no name'} ({it.sid})"
    if not (it.is_read or it.is_failing or it.counts.by_reason):
        return f"{who}: not read yet"
    line = f"{who}: {counted(it.counts)}"
    if it.is_failing:
        since = f" since {moment(it.failing_since)}" if it.failing_since else ""
        where = f" ({section(it.error)})" if it.error and section(it.error) not in it.message else ""
        success = f"; last success {moment(it.last_success_at)}" if it.last_success_at else "; never a success"
        return f"{line}; failing{since}: {it.message}{where}{success}"
    return f"{line}; last run {moment(it.recorded_at)}" if it.recorded_at else f"{line}; {it.status.replace('_', ' ')}"


def tell_numbers(out: Console, numbers: Sequence[NumberStatus]) -> None:
    """Print numbers, account by account: where each stands, why, since when, and what to do."""
    for (name, sid), of_one in groupby(numbers, key=lambda it: (it.account_name, it.account_sid)):
        out.print()
        say(out, f"{name or 'no name'} ({sid})", style="bold")
        for number in of_one:
            say(out, f"  {of_number(number)}")
    out.print()
    by_reason = Counter(it.reason for it in numbers)
    total = ", ".join(f"{count:,} {reason}" for reason, count in by_reason.most_common())
    say(out, f"{plural(len(numbers), 'number')}{f': {total}' if total else ''}.")


def of_number(it: NumberStatus) -> str:
    """Say in a line where a number stands."""
    since = f" since {moment(it.since)}" if it.since else ""
    again = f"; tried again after {moment(it.tried_again_at)}" if it.tried_again_at else ""
    todo = f". {it.move.capitalize()}'s move: {it.remedy}" if it.remedy else ""
    return f"{it.phone_number} ({it.phone_number_sid}) {it.reason}{since}: {it.explanation.rstrip('.')}{again}{todo}"


def tell_number(out: Console, found: Sequence[NumberStatus]) -> None:
    """Print all that is known of one number; of a phone number that was bought again, each of its records."""
    for it in sorted(found, key=lambda it: it.reason is Reason.RELEASED):
        out.print()
        say(out, f"{it.phone_number} ({it.phone_number_sid})", style="bold")
        for name, value in lines_of_number(it):
            say(out, value, lead=f"  {name + ':':<18}")


def lines_of_number(it: NumberStatus) -> Iterator[tuple[str, str]]:
    """Return what is known of a number, each with its name."""
    since = f" since {moment(it.since)}" if it.since else ""
    yield (
        "Signed",
        f"yes, with full (A) attestation{since}" if it.signed else f"no{since}: {it.explanation.rstrip('.')}",
    )
    if it.remedy:
        yield "Do this", f"{it.remedy[0].upper()}{it.remedy[1:]}."
    if it.tried_again_at:
        yield "Next try", f"by a run after {moment(it.tried_again_at)}"
    yield "Account", f"{it.account_name or 'no name'} ({it.account_sid})"
    if it.business_profile_sid:
        yield "Business Profile", it.business_profile_sid
    if it.trust_product_sid:
        status = f" ({it.trust_product_status})" if it.trust_product_status else ""
        assigned = f", assigned {moment(it.assigned_at)}" if it.assigned_at else ""
        yield "Trust Product", f"{it.trust_product_sid}{status}{assigned}"
    if it.came_at:
        yield "First seen", moment(it.came_at)
    if it.lost_at:
        yield "Left a product", moment(it.lost_at)


def tell_changes(out: Console, changes: Sequence[Changed]) -> None:
    """Print the newest changes of numbers, oldest first, and count them all."""
    out.print()
    shown = changes[-MOST_CHANGES:]
    if len(changes) > len(shown):
        say(out, f"… {plural(len(changes) - len(shown), 'earlier change')} (--json names them)")
    for it in shown:
        whose = f"{it.number.account_name or 'no name'}, {it.number.account_sid}"
        what = f"{it.change:6} {it.number.phone_number} ({it.number.phone_number_sid} of {whose})"
        say(out, f"{moment(it.at)}  {what}")
    count = Counter(it.change for it in changes)
    say(out, f"{', '.join(f'{count[change]:,} {change}' for change in Change)}.")


def counted(counts: Counts) -> str:
    """Count numbers by reason: `8 signed, 1 refused`."""
    return ", ".join(f"{count:,} {WORDS[reason]}" for reason, count in counts.by_reason.items()) or "no numbers"
