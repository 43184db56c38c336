"""`shaken-stir run --live`: the account that the environment names, from where it stands to submitted for review."""

import math
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from rich.console import Console

from onboarding.credentials import TwilioCredentials
from onboarding.errors import CredentialsRefused, OnboardingError
from shaken_stir.cli.exit_codes import INTERRUPTED
from shaken_stir.cli.log import open_log, see_that_it_can_be_written
from shaken_stir.cli.output import aside
from shaken_stir.cli.prose import complain, say
from shaken_stir.cli.reading import reading
from shaken_stir.cli.summary import summarise
from shaken_stir.cli.transcript import transcribed
from shaken_stir.cli.view import shown
from shaken_stir.engine.events import EventError
from shaken_stir.engine.intrinsics import TemplateError
from shaken_stir.live import account, learned, plan, plan_words, rehearsal, request, survey
from shaken_stir.live.account import CredentialsError
from shaken_stir.live.place import AWAITING_REVIEW, LivePlace
from shaken_stir.live.plan import Plan
from shaken_stir.live.read_only import read_only
from shaken_stir.live.rehearsal import RehearsalError
from shaken_stir.live.state_file import StateFile, StateFileError, default_path
from shaken_stir.live.survey import Survey
from shaken_stir.project import load_event
from shaken_stir.report import LiveReport
from shaken_stir.words import plural


class NobodyToAsk(Exception):  # noqa: N818 - says what is wrong
    """There is no terminal, and no --yes."""


@dataclass(frozen=True)
class LiveOptions:
    """What `run --live` can be told.

    Attributes:
        event: The file of the request, None for the whole fleet.
        state: The state file, None for the usual one.
        log: Where the functions' log is kept, None for nowhere.
        wait: After how many seconds Twilio is asked for the verdict again, None to leave before it.
        twilio: What answers in Twilio's place, as typed, None for Twilio itself.
        as_json: Whether one JSON object is printed instead of words.
        dry_run: Whether nothing is changed.
        yes: Whether nobody is asked before something is changed.
        numbers: Whether all numbers are named, however many.
        transcript: Where what Twilio is asked and answers is written down, None for nowhere.
    """

    event: Path | None
    state: Path | None
    log: Path | None
    wait: int | None
    twilio: str | None
    as_json: bool
    dry_run: bool
    yes: bool
    numbers: bool
    transcript: Path | None


def run_live(options: LiveOptions) -> int:
    """Run the event against the real account; give the exit code."""
    twilio: str | None = None
    try:
        twilio = rehearsal.address(options.twilio) if options.twilio is not None else None
        parent = account.credentials(os.environ)
        event = load_event(options.event) if options.event else {}
        # With --json standard output is for programs.
        console = Console(file=sys.stderr if options.as_json else sys.stdout, highlight=False)
        path = options.state or default_path(parent.account_sid, os.environ, twilio)
        file = StateFile(path, parent.account_sid, twilio)
        if options.dry_run:
            file.look()
            with transcribed(options.transcript, twilio, console):
                return dry_run(options, parent, file, event, console)
        # Before anything is read or asked, since nothing of it is worth much when the log cannot be kept.
        see_that_it_can_be_written(options.log)
        if not options.yes:
            somebody_to_ask()
        with file, transcribed(options.transcript, twilio, console):
            return look_and_run(options, parent, file, event, console)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        aside("Stopped. What was done is kept: the same command goes on from there.")
        return INTERRUPTED
    except OnboardingError as error:
        complain("run", sentence(error, twilio))
        return 1
    except (
        NobodyToAsk,
        CredentialsError,
        EventError,
        RehearsalError,
        StateFileError,
        TemplateError,
        OSError,
    ) as error:
        complain("run", error)
        return 2


def dry_run(
    options: LiveOptions, parent: TwilioCredentials, file: StateFile, event: dict[str, object], console: Console
) -> int:
    """Show what would be changed; give the exit code."""
    _, planned = look(options, parent, file, event, console)
    if options.as_json:
        print(planned.model_dump_json(ensure_ascii=True))
    else:
        tell(console, planned, "would", every=options.numbers)
    return 1 if planned.in_the_way else 0


def look_and_run(
    options: LiveOptions, parent: TwilioCredentials, file: StateFile, event: dict[str, object], console: Console
) -> int:
    """Show what is about to be changed, ask, and run; give the exit code."""
    found, planned = look(options, parent, file, event, console)
    tell(console, planned, "is about to", every=options.numbers)
    if not planned.changes and planned.in_the_way:
        if options.as_json:
            print(planned.model_dump_json(ensure_ascii=True))
        return 1
    if planned.changes and not options.yes and not agreed(file.twilio):
        say(console, "Nothing was changed.")
        return 1
    live = LivePlace(parent, file, found.subaccounts, options.wait)
    # When nothing was asked, nothing may be changed, whatever has come up since.
    with nullcontext() if planned.changes or options.yes else read_only():
        return run(options, live, event, console)


def run(options: LiveOptions, live: LivePlace, event: dict[str, object], console: Console) -> int:
    """Run the state machine and show it; give the exit code."""
    out = Console(file=sys.stdout, highlight=False)
    with ExitStack() as stack:
        stack.enter_context(redirect_stdout(stack.enter_context(open_log(options.log))))
        stack.enter_context(live)
        if live.pause:
            say(console, cut_off(live.pause))
        stack.enter_context(told_to_stop())
        if options.as_json:
            report = live.run(event)
            out.file.write(LiveReport(**dict(report), twilio=live.twilio).model_dump_json(ensure_ascii=True) + "\n")
        else:
            with shown(out) as show:
                report = live.run(event, on_change=show.update)
            summarise(out, report, live, whole_fleet=not live.engine.execution_input(event).get("subaccounts"))
            tell_rehearsal(out, live.twilio)
    return 0 if report.status in {"SUCCEEDED", AWAITING_REVIEW} and not report.error else 1


def cut_off(pause: float) -> str:
    """Say why a run begins with a pause of so many seconds."""
    return (
        "The last run was cut off while it changed things. Twilio's lists get "
        f"{plural(math.ceil(pause), 'second')} to show what it sent last, then its work goes on."
    )


def let_lists_settle(console: Console, seconds: float) -> None:
    """Wait until Twilio's lists show everything that was created before, and say so."""
    say(
        console,
        f"There is no state file, and Twilio shows something that was created less than {seconds:.0f} seconds ago. "
        f"Waiting {seconds:.0f} seconds until its lists are complete, then reading the account again.",
    )
    time.sleep(seconds)


def look(
    options: LiveOptions, parent: TwilioCredentials, file: StateFile, event: dict[str, object], console: Console
) -> tuple[Survey, Plan]:
    """Read the account without changing it, record what is news, and work out what a run would do.

    Raises:
        OnboardingError: That cannot be; with `--json` an object on standard output has said why.
    """
    try:
        wanted, known = request.complete(event), file.known()
        if file.twilio:
            rehearsal.see_that_it_answers(file.twilio)
        hub, read_at = account.trust_hub(parent, file.twilio), datetime.now(UTC)
        with read_only():
            with reading(console) as on_progress:
                found = survey.take(hub, wanted, on_progress, known)
            seconds = request.list_settle_seconds()
            unknown = not options.dry_run and not file.found
            if unknown and found.may_lag(seconds) and plan.make(found, known).changes:
                let_lists_settle(console, seconds)
                with reading(console) as on_progress:
                    found = survey.take(hub, wanted, on_progress, known)
    except OnboardingError as error:
        if options.as_json:
            why = (sentence(error, file.twilio),)
            unread = Plan(account_sid=parent.account_sid, friendly_name="", twilio=file.twilio, in_the_way=why)
            print(unread.model_dump_json(ensure_ascii=True))
        raise
    record = file.record_if_free if options.dry_run else file.record
    with reading(console):
        record(learned.recorder(hub, found, read_at))
    planned = plan.make(found, known, waits=options.wait is not None)
    where = {"twilio": file.twilio, "state_file": str(file.path) if file.found else None}
    return found, planned.model_copy(update=where)


def tell(console: Console, planned: Plan, how: str, *, every: bool) -> None:
    """Say what a run would do, or is about to."""
    tell_rehearsal(console, planned.twilio)
    name = f" ({planned.friendly_name})" if planned.friendly_name else ""
    if lines := plan_words.steps(planned):
        say(console, f"On the Twilio account {planned.account_sid}{name} this run {how}:")
        for line in lines:
            say(console, f"  {line}")
        for line in (*plan_words.removed(planned, every=every), *plan_words.by_account(planned.accounts, every=every)):
            say(console, f"    {line}")
        say(console, f"  {plan_words.total(planned)}")
    if planned.state_file:
        say(console, f"What earlier runs did is known from {planned.state_file}.")
    for sentence in planned.in_the_way:
        say(console, sentence)


def sentence(error: OnboardingError, twilio: str | None) -> str:
    """Say why the account cannot be read or worked on."""
    return account.refused(twilio, error.request_id) if isinstance(error, CredentialsRefused) else str(error)


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


def tell_rehearsal(console: Console, twilio: str | None) -> None:
    """Say so when what is shown is not of Twilio itself."""
    if twilio:
        say(console, rehearsal.note(twilio))


def agreed(twilio: str | None) -> bool:
    """Ask in the terminal."""
    question = f"Go on, in the rehearsal at {twilio}?" if twilio else "Go on?"
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


@contextmanager
def told_to_stop() -> Iterator[None]:
    """Say at Ctrl-C what is still waited for."""

    def stop(signal_number: int, frame: FrameType | None) -> None:
        aside("Stopping: what was sent to Twilio is being answered and recorded.")
        signal.default_int_handler(signal_number, frame)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
