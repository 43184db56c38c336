"""`shaken-stir doctor`: what is at Twilio, and what a run would do, told without changing anything."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from onboarding.errors import InvalidRequest
from shaken_stir.cli.prose import complain, say
from shaken_stir.cli.reading import reading
from shaken_stir.cli.transcript import transcribed
from shaken_stir.engine.events import EventError
from shaken_stir.engine.intrinsics import TemplateError
from shaken_stir.live import account, plan_words, rehearsal, request
from shaken_stir.live.account import CredentialsError
from shaken_stir.live.diagnosis import Diagnosis, diagnose
from shaken_stir.live.finding import Mark
from shaken_stir.live.read_only import read_only
from shaken_stir.live.rehearsal import RehearsalError
from shaken_stir.live.state_file import StateFile, StateFileError, default_path
from shaken_stir.live.transcript import TranscriptError
from shaken_stir.project import load_event

MARKS = {
    Mark.WELL: ("✓", "green"),
    Mark.LOOK: ("!", "yellow"),
    Mark.IN_THE_WAY: ("✗", "red"),
    Mark.UNKNOWN: ("?", "dim"),
}

MOST_NUMBERS = 12


def diagnose_account(  # noqa: PLR0913 - each by its name
    *,
    event: Path | None,
    state: Path | None,
    every: bool,
    twilio: str | None,
    transcript: Path | None,
    as_json: bool,
) -> int:
    """Read the account that the environment names and tell; nothing but GETs can leave the process meanwhile.

    Args:
        event: The file of the request that the run would be given, None for the whole fleet.
        state: The state file, None for the usual one.
        every: Whether all numbers are named, however many.
        twilio: What answers in Twilio's place, as typed, None for Twilio itself.
        transcript: Where what Twilio is asked and answers is written down, None for nowhere.
        as_json: Whether one JSON object is printed instead of words.

    Returns:
        The exit code.
    """
    try:
        rehearsed = rehearsal.address(twilio) if twilio is not None else None
        parent = account.credentials(os.environ)
        path = state or default_path(parent.account_sid, os.environ, rehearsed)
        file, hub = StateFile(path, parent.account_sid, rehearsed).look(), account.trust_hub(parent, rehearsed)
        wanted = request.complete(load_event(event) if event else {})
        if rehearsed:
            rehearsal.see_that_it_answers(rehearsed)
        out, aside = Console(file=sys.stdout, highlight=False), Console(stderr=True, highlight=False)
        with transcribed(transcript, rehearsed, aside if as_json else out):
            with read_only(), reading(aside) as on_progress:
                found = diagnose(hub, wanted, file, on_progress)
            if as_json:
                print(found.model_dump_json(ensure_ascii=True))
            else:
                tell(out, found, every=every)
    except (
        CredentialsError,
        EventError,
        InvalidRequest,
        RehearsalError,
        StateFileError,
        TemplateError,
        TranscriptError,
    ) as error:
        complain("doctor", error)
        return 2
    return 1 if found.in_the_way else 0


def tell(out: Console, found: Diagnosis, *, every: bool) -> None:
    """Print a diagnosis, the verdict first; of many numbers only some unless `every` says all."""
    if found.twilio:
        say(out, rehearsal.note(found.twilio))
    tell_verdict(out, found.in_the_way)
    for section in found.sections:
        findings = [it for it in section.findings if it.mark is not Mark.IN_THE_WAY]
        if not findings:
            continue
        out.print()
        say(out, section.title, style="bold")
        for finding in findings:
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


def tell_verdict(out: Console, in_the_way: Sequence[str]) -> None:
    """Print whether a run would fail, and why."""
    verdict = "[bold red]Something is in the way." if in_the_way else "[bold green]Nothing is in the way."
    out.print(f"{verdict}[/] Nothing was changed: doctor sends GETs only.")
    for sentence in in_the_way:
        say(out, sentence, lead=Text.assemble("  ", MARKS[Mark.IN_THE_WAY], " "))
