"""`shaken-stir doctor`: what is at Twilio, and what a run would do, told without changing anything."""

import argparse
import os
import sys

from rich.console import Console
from rich.text import Text

from cli import stack_doctor
from cli.prose import complain, say
from cli.reading import reading
from local.aws.events import EventError
from local.aws.intrinsics import TemplateError
from local.live import account, request
from local.live.account import CredentialsError
from local.live.diagnosis import Diagnosis, Mark, diagnose
from local.live.read_only import read_only
from local.run import load_event
from onboarding.errors import InvalidRequest

MARKS = {
    Mark.WELL: ("✓", "green"),
    Mark.LOOK: ("!", "yellow"),
    Mark.IN_THE_WAY: ("✗", "red"),
    Mark.UNKNOWN: ("?", "dim"),
}


def command(options: argparse.Namespace) -> int:
    """Diagnose the stack that is named, else the account that the environment names; returns the exit code."""
    if not options.stack:
        return diagnose_account(options)
    if options.event:
        complain("doctor", "--event says what a run would do at Twilio; leave it out with --stack.")
        return 2
    return stack_doctor.command(options)


def diagnose_account(options: argparse.Namespace) -> int:
    """Read the account and tell; nothing but GETs can leave the process meanwhile."""
    try:
        hub = account.connect(account.credentials(os.environ))
        wanted = request.complete(load_event(options.event) if options.event else {})
    except (CredentialsError, EventError, InvalidRequest, TemplateError) as error:
        complain("doctor", error)
        return 2
    with read_only(), reading(Console(stderr=True, highlight=False)) as on_progress:
        found = diagnose(hub, wanted, on_progress)
    if options.json:
        print(found.model_dump_json())
    else:
        tell(Console(file=sys.stdout, highlight=False), found)
    return 1 if found.in_the_way else 0


def tell(out: Console, found: Diagnosis) -> None:
    """Print a diagnosis."""
    for section in found.sections:
        out.print()
        say(out, section.title, style="bold")
        for finding in section.findings:
            say(out, finding.text, lead=Text.assemble("  ", MARKS[finding.mark], " "))
    calls = [
        (count, f"{method} {route}")
        for method, counted in (("GET", found.gets), ("POST", found.posts))
        for route, count in sorted(counted.items())
    ]
    if calls:
        out.print("\n[bold]Call by call[/bold]")
    for count, call in calls:
        say(out, call, lead=f"{count:9,}  ")
    verdict = "[bold red]Something is in the way." if found.in_the_way else "[bold green]Nothing is in the way."
    out.print(f"\n{verdict}[/] Nothing was changed: doctor sends GETs only.")
