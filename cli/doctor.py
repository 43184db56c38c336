"""`shaken-stir doctor`: what is at Twilio, and what a run would do, told without changing anything."""

import argparse
import os
import sys

from rich.console import Console
from rich.status import Status

from cli import stack_doctor
from local.aws.events import EventError
from local.aws.intrinsics import TemplateError
from local.live import account, plan_words, rehearsal, request
from local.live.account import CredentialsError
from local.live.diagnosis import Diagnosis, diagnose
from local.live.finding import Mark
from local.live.read_only import read_only
from local.live.rehearsal import RehearsalError
from local.live.state_file import StateFile, StateFileError, default_path
from local.run import load_event
from onboarding.errors import InvalidRequest

MARKS = {
    Mark.WELL: "[green]✓[/]",
    Mark.LOOK: "[yellow]![/]",
    Mark.IN_THE_WAY: "[red]✗[/]",
    Mark.UNKNOWN: "[dim]?[/]",
}

MOST_NUMBERS = 12
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
        parent = account.credentials(os.environ)
        path = options.state or default_path(parent.account_sid, os.environ, twilio)
        file, hub = StateFile(path, parent.account_sid, twilio).look(), account.connect(parent, twilio)
        wanted = request.complete(load_event(options.event) if options.event else {})
        if twilio:
            rehearsal.see_that_it_answers(twilio)
        with read_only(), Console(stderr=True).status("Reading the account") as status:
            found = diagnose(hub, wanted, file, on_progress=lambda *what: _show(status, *what))
    except (CredentialsError, EventError, InvalidRequest, RehearsalError, StateFileError, TemplateError) as error:
        print(f"shaken-stir doctor: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(found.model_dump_json())
    else:
        tell(Console(file=sys.stdout, highlight=False), found, every=options.numbers)
    return 1 if found.in_the_way else 0


def tell(out: Console, found: Diagnosis, *, every: bool) -> None:
    """Print a diagnosis; of many numbers only some unless `every` says all."""
    if found.twilio:
        out.print(rehearsal.note(found.twilio), soft_wrap=True, markup=False)
    for section in found.sections:
        out.print(f"\n[bold]{section.title}[/bold]", soft_wrap=True)
        for finding in section.findings:
            out.print(f"  {MARKS[finding.mark]} ", end="")
            out.print(finding.text, soft_wrap=True, markup=False)
            named = [plan_words.described(number, it) for it in finding.accounts for number in it.numbers]
            for line in plan_words.some(named, MOST_NUMBERS, every=every):
                out.print(f"      {line}", soft_wrap=True, markup=False)
    if found.posts:
        out.print("\n[bold]Account by account[/bold]")
        for line in plan_words.by_account(found.accounts, every=every, numbers=False):
            out.print(f"    {line}", soft_wrap=True, markup=False)
    calls = [
        (count, f"{method} {route}")
        for method, counted in (("GET", found.gets), ("POST", found.posts), ("DELETE", found.deletes))
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
