"""`shaken-stir doctor`: what is at Twilio, and what a run would do, told without changing anything."""

import argparse
import os
import sys

from rich.console import Console
from rich.status import Status

from cli import stack_doctor
from local.aws.events import EventError
from local.aws.intrinsics import TemplateError
from local.live import account, rehearsal, request
from local.live.account import CredentialsError
from local.live.diagnosis import Diagnosis, Mark, diagnose
from local.live.read_only import read_only
from local.live.rehearsal import RehearsalError
from local.run import load_event
from onboarding.errors import InvalidRequest

MARKS = {
    Mark.WELL: "[green]✓[/]",
    Mark.LOOK: "[yellow]![/]",
    Mark.IN_THE_WAY: "[red]✗[/]",
    Mark.UNKNOWN: "[dim]?[/]",
}

OF_THE_ACCOUNT = ("event", "state", "numbers", "twilio")


def command(options: argparse.Namespace) -> int:
    """Diagnose the stack that is named, else the account that the environment names; returns the exit code."""
    if not options.stack:
        return diagnose_account(options)
    given = [f"--{name}" for name in OF_THE_ACCOUNT if getattr(options, name) not in {None, False}]
    if given:
        are = "is" if len(given) == 1 else "are"
        print(
            f"shaken-stir doctor: {' and '.join(given)} {are} for a look at Twilio; leave that out with --stack.",
            file=sys.stderr,
        )
        return 2
    return stack_doctor.command(options)


def diagnose_account(options: argparse.Namespace) -> int:
    """Read the account and tell; nothing but GETs can leave the process meanwhile."""
    try:
        twilio = rehearsal.address(options.twilio) if options.twilio is not None else None
        hub = account.connect(account.credentials(os.environ), twilio)
        wanted = request.complete(load_event(options.event) if options.event else {})
        if twilio:
            rehearsal.see_that_it_answers(twilio)
    except (CredentialsError, EventError, InvalidRequest, RehearsalError, TemplateError) as error:
        print(f"shaken-stir doctor: {error}", file=sys.stderr)
        return 2
    with read_only(), Console(stderr=True).status("Reading the account") as status:
        found = diagnose(hub, wanted, twilio, on_progress=lambda *what: _show(status, *what))
    if options.json:
        print(found.model_dump_json())
    else:
        tell(Console(file=sys.stdout, highlight=False), found)
    return 1 if found.in_the_way else 0


def tell(out: Console, found: Diagnosis) -> None:
    """Print a diagnosis."""
    if found.twilio:
        out.print(rehearsal.note(found.twilio), soft_wrap=True, markup=False)
    for section in found.sections:
        out.print(f"\n[bold]{section.title}[/bold]", soft_wrap=True)
        for finding in section.findings:
            out.print(f"  {MARKS[finding.mark]} ", end="")
            out.print(finding.text, soft_wrap=True, markup=False)
    calls = [
        (count, f"{method} {route}")
        for method, counted in (("GET", found.gets), ("POST", found.posts))
        for route, count in sorted(counted.items())
    ]
    if calls:
        out.print("\n[bold]Call by call[/bold]")
    for count, call in calls:
        out.print(f"{count:9,}  {call}", soft_wrap=True, markup=False)
    verdict = "[bold red]Something is in the way." if found.in_the_way else "[bold green]Nothing is in the way."
    out.print(f"\n{verdict}[/] Nothing was changed: doctor sends GETs only.")


def _show(status: Status, what: str, done: int, total: int | None) -> None:
    count = f": {done:,} of {total:,}" if total is not None else f": {done:,}" if done else ""
    status.update(f"Reading {what}{count}")
