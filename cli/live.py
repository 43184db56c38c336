"""`shaken-stir run --live`: the account that the environment names, from where it stands to submitted for review."""

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, redirect_stdout
from types import FrameType
from typing import NamedTuple

from rich.console import Console

from cli import prose
from cli.log import open_log
from cli.prose import complain
from cli.reading import reading
from cli.summary import summarise
from cli.view import shown
from local.aws.events import EventError
from local.aws.intrinsics import TemplateError
from local.live import account, plan, request, survey
from local.live.account import CredentialsError
from local.live.read_only import read_only
from local.live.stack import AWAITING_REVIEW, LiveStack
from local.live.state_file import StateFile, StateFileError, default_path
from local.run import load_event
from onboarding.credentials import TwilioCredentials
from onboarding.errors import OnboardingError
from onboarding.trust_hub import Account

INTERRUPTED = 130


class NobodyToAsk(Exception):  # noqa: N818 - says what is wrong
    """There is no terminal, and no --yes."""


class Outlook(NamedTuple):
    """What was found and is planned."""

    subaccounts: tuple[Account, ...]
    changes: bool
    in_the_way: tuple[str, ...]


def command(options: argparse.Namespace) -> int:
    """Run the event against the real account; returns the exit code."""
    try:
        parent = account.credentials(os.environ)
        event = load_event(options.event) if options.event else {}
        # With --json standard output is for programs.
        say = Console(file=sys.stderr if options.json else sys.stdout, highlight=False)
        if options.dry_run:
            return 1 if look(parent, event, say, "would").in_the_way else 0
        if not options.yes:
            somebody_to_ask()
        path = options.state or default_path(parent.account_sid, os.environ)
        with StateFile(path, parent.account_sid) as file:
            return look_and_run(options, parent, file, event, say)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("Stopped. What was done is kept: the same command goes on from there.", file=sys.stderr)
        return INTERRUPTED
    except OnboardingError as error:
        complain("run", error)
        return 1
    except (NobodyToAsk, CredentialsError, EventError, StateFileError, TemplateError, OSError) as error:
        complain("run", error)
        return 2


def look_and_run(
    options: argparse.Namespace, parent: TwilioCredentials, file: StateFile, event: dict[str, object], say: Console
) -> int:
    """Show what is about to be changed, ask, and run; returns the exit code."""
    planned = look(parent, event, say, "is about to")
    if not planned.changes and planned.in_the_way:
        return 1
    if planned.changes and not options.yes and not agreed():
        _print(say, "Nothing was changed.")
        return 1
    live = LiveStack(parent, file, planned.subaccounts, options.wait)
    # When nothing was asked, nothing may be changed, whatever has come up since.
    with nullcontext() if planned.changes or options.yes else read_only():
        return run(options, live, event, say)


def run(options: argparse.Namespace, live: LiveStack, event: dict[str, object], say: Console) -> int:
    """Run the state machine and show it; returns the exit code."""
    out = Console(file=sys.stdout, highlight=False)
    with ExitStack() as stack:
        log = stack.enter_context(open_log(options.log))
        stack.enter_context(redirect_stdout(log))
        stack.enter_context(live)
        if live.pause:
            _print(
                say,
                "The last run was cut off while it changed things. Twilio's lists get "
                f"{live.pause:.0f} seconds to show what it sent last, then its work goes on.",
            )
        stack.enter_context(told_to_stop())
        if options.json:
            report = live.run(event)
            out.file.write(report.model_dump_json() + "\n")
        else:
            with shown(out) as show:
                report = live.run(event, on_change=show.update)
            summarise(out, report, live, whole_fleet=not live.engine.execution_input(event).get("subaccounts"))
    return 0 if report.status in {"SUCCEEDED", AWAITING_REVIEW} and not report.error else 1


def look(parent: TwilioCredentials, event: dict[str, object], say: Console, how: str) -> Outlook:
    """Read the account without changing it, and say what a run would do, or is about to."""
    wanted = request.complete(event)
    with read_only(), reading(say) as on_progress:
        found = survey.take(account.connect(parent), wanted, on_progress)
    planned = plan.make(found)
    name = f" ({found.account.friendly_name})" if found.account.friendly_name else ""
    if planned.words:
        _print(say, f"On the Twilio account {found.account.sid}{name} this run {how}:")
    for line in planned.words:
        _print(say, f"  {line}")
    for sentence in planned.in_the_way:
        _print(say, sentence)
    return Outlook(found.subaccounts, planned.changes, planned.in_the_way)


def somebody_to_ask() -> None:
    """Look for a terminal.

    Raises:
        NobodyToAsk: There is none.
    """
    if not sys.stdin.isatty():
        raise NobodyToAsk(
            "There is no terminal to ask in before something is changed at Twilio; "
            "say --yes, or --dry-run to see what would be changed."
        )


def agreed() -> bool:
    """Ask in the terminal."""
    print("Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


@contextmanager
def told_to_stop() -> Iterator[None]:
    """Say at Ctrl-C what is still waited for."""

    def stop(signal_number: int, frame: FrameType | None) -> None:
        print("Stopping: what was sent to Twilio is being answered and recorded.", file=sys.stderr)
        signal.default_int_handler(signal_number, frame)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _print(say: Console, text: str) -> None:
    prose.say(say, text)
