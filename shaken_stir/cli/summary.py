"""What a run came to, in words that a person understands."""

from datetime import UTC, datetime

from rich.console import Console

from onboarding.validity import explain_validity
from shaken_stir.cli.prose import say, say_lines
from shaken_stir.live.place import AWAITING_REVIEW, LivePlace
from shaken_stir.place import Place
from shaken_stir.report import Report
from shaken_stir.status.model import NumberStatus, Reason
from shaken_stir.words import plural

MOST_NUMBERS_TOLD = 20
SIGNED = "signed with full (A) attestation"
OF_THE_BUNDLES = {
    Reason.IN_REVIEW,
    Reason.REJECTED,
    Reason.PROFILE_NOT_APPROVED,
    Reason.PROFILE_IN_REVIEW,
    Reason.NOT_SUBMITTED,
}
"""Reasons that hold for every number on the Trust Product, which are not named one by one."""


def summarise(out: Console, report: Report, local: Place, *, whole_fleet: bool) -> None:
    """Print what is signed, what is not and why, what it cost, and what to do next.

    Args:
        out: Where to.
        report: The run.
        local: The stack it ran on, for the reasons.
        whole_fleet: Whether the request meant all subaccounts.
    """
    style = "green" if report.status in {"SUCCEEDED", AWAITING_REVIEW} and not report.error else "red"
    out.print(f"\n[bold {style}]{_ending(report)}", markup=True)
    if report.cause:
        say_lines(out, f"{report.error}: {report.cause}")
    product = report.trust_product
    if product:
        made = "created in this run" if product.created else "found"
        by = {"callback": ", verdict by signed callback", "poll": ", verdict by asking Twilio", "none": ""}
        say(out, f"Trust Product {product.sid} ({made}) is {product.status}{by[product.verdict_by]}.")
    for it in report.validities:
        say(out, explain_validity(it.kind, it.sid, it.valid_until, datetime.now(UTC)))
    if report.counts.by_reason:
        say(out, _signed(report))
    _unsigned(out, report, live=isinstance(local, LivePlace))
    _left_out(out, report)
    if whole_fleet and report.subaccounts:
        for sid, status in local.left_out().items():
            who = f"{local.friendly_name(sid)} ({sid})"
            say(out, f"{who} was left out: it is {status}, and only active subaccounts are worked on.")
    _looked_through(out, report)
    posts = sum(count for call, count in report.twilio_calls.items() if call.startswith("POST"))
    calls = sum(report.twilio_calls.values())
    say(
        out,
        f"Cost: {plural(calls, 'Trust Hub call')} ({plural(posts, 'POST')}), "
        f"{plural(report.state_transitions, 'state transition')}, "
        f"{plural(report.lambda_invocations, 'function invocation')}.",
    )
    say(out, f"Next: {_next(report, live=isinstance(local, LivePlace))}")


def _signed(report: Report) -> str:
    """Return how many numbers are signed, and how many will be once Twilio approves the product."""
    counts = report.counts
    of = f" of {plural(len(report.subaccounts), 'account')}" if report.subaccounts else ""
    now = f"{counts.signed:,} of {plural(counts.eligible, 'eligible number')}{of}"
    sentence = f"{now} {'is' if counts.eligible == 1 else 'are'} {SIGNED}"
    if in_review := counts.by_reason.get(Reason.IN_REVIEW):
        sentence += f"; {in_review:,} will be once Twilio approves the Trust Product"
    return f"{sentence}."


def _ending(report: Report) -> str:
    """Return how the run ended, with markup, and how long it took."""
    if report.status == AWAITING_REVIEW:
        return f"Submitted: waiting for Twilio's review[/] ({report.seconds:.1f} s)"
    return f"{report.status}[/] in {report.seconds:.1f} s"


def _unsigned(out: Console, report: Report, *, live: bool) -> None:
    """Name the numbers that are not on the Trust Product, and the command that names all of many."""
    unsigned = [it for it in report.unsigned if it.reason not in OF_THE_BUNDLES]
    if not unsigned:
        return
    say(out, f"{plural(len(unsigned), 'number')} not on the Trust Product:")
    for it in unsigned[:MOST_NUMBERS_TOLD]:
        whose = f"{it.phone_number_sid} of {it.account_name}, {it.account_sid}"
        say(out, f"  {it.phone_number} ({whose}): {_reason(it)}")
    if len(unsigned) > MOST_NUMBERS_TOLD:
        all_of_them = "shaken-stir status --live --unsigned" if live else "--json"
        say(out, f"  … and {len(unsigned) - MOST_NUMBERS_TOLD:,} more ({all_of_them} names them)")


def _left_out(out: Console, report: Report) -> None:
    """Name the numbers of the request that could not be worked on."""
    if report.left_out:
        say(out, f"{plural(len(report.left_out), 'number')} of the request left out:")
    for it in report.left_out[:MOST_NUMBERS_TOLD]:
        say(out, f"  {it.phone_number_sid}: {it.reason}")
    if len(report.left_out) > MOST_NUMBERS_TOLD:
        say(out, f"  … and {len(report.left_out) - MOST_NUMBERS_TOLD:,} more")


def _looked_through(out: Console, report: Report) -> None:
    """Say what the audit, the search for orphans and the one for duplicates found."""
    if report.audit and report.audit.message:
        say(out, report.audit.message)
    if report.audit and report.audit.vanished:
        say(out, f"{plural(report.audit.vanished, 'number')} had lost an assignment at Twilio: back to work.")
    if report.audit and report.audit.adopted:
        say(out, f"{plural(report.audit.adopted, 'number')} had an assignment that was not known yet: adopted.")
    if report.orphans and report.orphans.message and not report.orphans.found:
        say(out, report.orphans.message)
    if report.orphans and report.orphans.found:
        again = f"{report.orphans.named_before:,} of them named by an earlier run, too"
        say(out, f"{plural(report.orphans.found, 'assigned number')} in no account any more ({again}).")
    if report.orphans and report.orphans.released:
        say(out, f"Released of these: {report.orphans.released:,}, off the Trust Product, then off the profile.")
    if report.orphans and report.orphans.release_message:
        say(out, report.orphans.release_message)
    if report.duplicates:
        say(out, report.duplicates)
    if report.announced:
        say(out, f"Events sent (docs/announcements.md): {', '.join(report.announced)}.")


def _reason(number: NumberStatus) -> str:
    again = "; tried again after 7 days" if number.reason is Reason.REFUSED else ""
    lead = f"{number.reason.value}: " if number.reason in {Reason.INELIGIBLE, Reason.ELSEWHERE} else ""
    return f"{lead}{number.explanation}{again}"


def _next(report: Report, *, live: bool) -> str:
    if report.status == AWAITING_REVIEW:
        return (
            "the Trust Product is submitted, and the review takes Twilio up to 72 hours or more. Run the same command "
            "again to see how it went (it takes along numbers that come meanwhile), or with --wait to stay until then."
        )
    if report.status != "SUCCEEDED":
        return "do what the message says, then send the request again: it does only what is missing."
    if any(call.startswith("POST") for call in report.twilio_calls):
        again = "" if live else " (--repeat 2)"
        return f"send the same request whenever numbers come or go; with nothing to do it changes nothing{again}."
    return "nothing; the same request finds the numbers that come later."
