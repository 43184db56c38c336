"""`shaken-stir doctor`: what is at Twilio, and what a run would do, told without changing anything."""

import argparse
import os
import sys

from rich.console import Console
from rich.text import Text

from onboarding.errors import InvalidRequest
from shaken_stir.cli import stack_doctor
from shaken_stir.cli.prose import complain, say
from shaken_stir.cli.reading import reading
from shaken_stir.engine.events import EventError
from shaken_stir.engine.intrinsics import TemplateError
from shaken_stir.live import account, plan_words, rehearsal, request
from shaken_stir.live.account import CredentialsError
from shaken_stir.live.diagnosis import Diagnosis, diagnose
from shaken_stir.live.finding import Mark
from shaken_stir.live.read_only import read_only
from shaken_stir.live.rehearsal import RehearsalError
from shaken_stir.live.state_file import StateFile, StateFileError, default_path
from shaken_stir.project import load_event

MARKS = {
    Mark.WELL: ("✓", "green"),
    Mark.LOOK: ("!", "yellow"),
    Mark.IN_THE_WAY: ("✗", "red"),
    Mark.UNKNOWN: ("?", "dim"),
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
        complain("doctor", f"{' and '.join(given)} {are} for a look at Twilio; leave that out with --stack.")
        return 2
    return stack_doctor.command(options)


def diagnose_account(options: argparse.Namespace) -> int:
    """Read the account and tell; nothing but GETs can leave the process meanwhile."""
    try:
        twilio = rehearsal.address(options.twilio) if options.twilio is not None else None
        parent = account.credentials(os.environ)
        path = options.state or default_path(parent.account_sid, os.environ, twilio)
        file, hub = StateFile(path, parent.account_sid, twilio).look(), account.trust_hub(parent, twilio)
        wanted = request.complete(load_event(options.event) if options.event else {})
        if twilio:
            rehearsal.see_that_it_answers(twilio)
        with read_only(), reading(Console(stderr=True, highlight=False)) as on_progress:
            found = diagnose(hub, wanted, file, on_progress)
    except (CredentialsError, EventError, InvalidRequest, RehearsalError, StateFileError, TemplateError) as error:
        complain("doctor", error)
        return 2
    if options.json:
        print(found.model_dump_json())
    else:
        tell(Console(file=sys.stdout, highlight=False), found, every=options.numbers)
    return 1 if found.in_the_way else 0


def tell(out: Console, found: Diagnosis, *, every: bool) -> None:
    """Print a diagnosis; of many numbers only some unless `every` says all."""
    if found.twilio:
        say(out, rehearsal.note(found.twilio))
    for section in found.sections:
        out.print()
        say(out, section.title, style="bold")
        for finding in section.findings:
            say(out, finding.text, lead=Text.assemble("  ", MARKS[finding.mark], " "))
            named = [plan_words.described(number, it) for it in finding.accounts for number in it.numbers]
            for line in plan_words.some(named, MOST_NUMBERS, every=every):
                say(out, f"      {line}")
    if found.posts:
        out.print()
        say(out, "Account by account", style="bold")
        for line in plan_words.by_account(found.accounts, every=every, numbers=False):
            say(out, f"    {line}")
    calls = [
        (count, f"{method} {route}")
        for method, counted in (("GET", found.gets), ("POST", found.posts), ("DELETE", found.deletes))
        for route, count in sorted(counted.items())
    ]
    if calls:
        out.print("\n[bold]Call by call[/bold]")
    for count, call in calls:
        say(out, call, lead=f"{count:9,}  ")
    verdict = "[bold red]Something is in the way." if found.in_the_way else "[bold green]Nothing is in the way."
    out.print(f"\n{verdict}[/] Nothing was changed: doctor sends GETs only.")
