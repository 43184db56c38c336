"""`shaken-stir request`: a request sent to a deployed stack or to `make serve`, shown as it is worked on."""

import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from onboarding.subaccounts import SubaccountOutcome
from shaken_stir.cli.exit_codes import INTERRUPTED
from shaken_stir.cli.output import aside
from shaken_stir.cli.prose import complain, say, say_lines
from shaken_stir.cli.show import counts, status_and_counts
from shaken_stir.defaults import SERVED
from shaken_stir.deployed import commands, executions
from shaken_stir.deployed.executions import Ended, Failed, News, ReviewAwaited, StateEntered, SubaccountDone, Unanswered
from shaken_stir.deployed.served import find_served
from shaken_stir.deployed.stack import DeployedStack, StackError, aws_failures_told, aws_session, find_complete
from shaken_stir.engine.events import EventError, execution_input
from shaken_stir.engine.intrinsics import TemplateError
from shaken_stir.engine.template import Template
from shaken_stir.project import TEMPLATE, load_event
from shaken_stir.words import plural

UNDER_REVIEW = """\
The numbers are done as far as they go, and Twilio reviews the Trust Product: within 72 hours, it says.
The execution waits for the verdict by itself; on approval the numbers are signed, with nothing more to do."""
UNDER_SIMULATED_REVIEW = """\
The simulated Twilio reviews the Trust Product, which takes seconds unless its fleet file says otherwise.
The execution waits for the verdict; on approval the numbers are signed."""
FOLLOW_AGAIN = "Follow it again: {again}"
DAILY_RUN_IS_OFF = """
The daily run is off, so numbers that come later wait for the next request."""
SWITCH_ON = "To have the whole fleet looked through every day, switch it on: {switch}"
AGAIN = f"Step Functions tries it again within {executions.LONGEST_RETRY_SECONDS} s, unless that was the last time"
LOOKED_THROUGH = ("audit", "orphans", "released_orphans")
"""What a run says of these in its output, beside what it counts."""
STOPPED = "\nStopped following; the execution goes on. " + FOLLOW_AGAIN


class Receiver(NamedTuple):
    """What a request is sent to.

    Attributes:
        stack: The name of a deployed stack.
        served: Where `make serve` serves AWS, None for the deployed stack.
    """

    stack: str
    served: str | None

    @property
    def typed(self) -> str:
        """The option that names it."""
        if self.served is None:
            return f"--stack {self.stack}"
        return "--served" if self.served == SERVED else f"--served {self.served}"

    def find(self) -> DeployedStack:
        """Find it.

        Raises:
            StackError: It is not there.
        """
        return find_complete(aws_session(), self.stack) if self.served is None else find_served(self.served)


def send_request(event: Path | None, receiver: Receiver, *, to_the_end: bool) -> int:
    """Start an execution and follow it.

    Args:
        event: The file of the request, None for the whole fleet.
        receiver: What the request is sent to.
        to_the_end: Whether to go on through Twilio's review, which takes days.

    Returns:
        The exit code.
    """
    try:
        request = execution_input(load_event(event), Template(TEMPLATE, {}).rules) if event else {}
        with aws_failures_told():
            found = receiver.find()
            arn = executions.start(found, request)
    except (StackError, EventError, TemplateError) as error:
        complain("request", error)
        return 2
    print(f"Execution {arn}", flush=True)
    return _follow(found, arn, receiver, to_the_end=to_the_end)


def follow_execution(arn: str, receiver: Receiver, *, to_the_end: bool) -> int:
    """Follow an execution that was started before; see `send_request`."""
    try:
        with aws_failures_told():
            found = receiver.find()
            executions.find(found, arn)
    except StackError as error:
        complain("request", error)
        return 2
    return _follow(found, arn, receiver, to_the_end=to_the_end)


def _follow(stack: DeployedStack, arn: str, receiver: Receiver, *, to_the_end: bool) -> int:
    again = f".venv/bin/shaken-stir request {receiver.typed} --execution {arn} --wait"
    review = UNDER_REVIEW if receiver.served is None else UNDER_SIMULATED_REVIEW
    out = Console(file=sys.stdout, highlight=False)
    try:
        with aws_failures_told():
            code = _tell(out, executions.follow(stack, arn, to_the_end=to_the_end), again, review)
    except KeyboardInterrupt:
        aside(STOPPED.format(again=again))
        return INTERRUPTED
    except StackError as error:
        complain("request", error)
        print(STOPPED.format(again=again), file=sys.stderr)
        return 2
    if code == 0 and receiver.served is None and commands.daily_run_is_off(stack):
        say_lines(out, DAILY_RUN_IS_OFF)
        print(SWITCH_ON.format(switch=commands.switch_on_daily_run(stack)))
    return code


def _tell(out: Console, news: Iterable[News], again: str, review: str) -> int:
    no_clock = " " * len(_clock(timedelta()))
    for item in news:
        match item:
            case StateEntered():
                say(out, item.name, lead=f"{_clock(item.after)}  ")
            case SubaccountDone():
                say(out, _subaccount(item.outcome), lead=f"{no_clock}  ")
            case Failed():
                say(out, f"{item.name} failed: {item.reason}; {AGAIN}", lead=f"{_clock(item.after)}  ")
            case Unanswered():
                say(
                    out,
                    f"{item.reason}; asked again every {item.seconds:g} s, and the execution goes on",
                    lead=f"{no_clock}  ",
                )
            case ReviewAwaited():
                say_lines(out, review)
                print(FOLLOW_AGAIN.format(again=again), flush=True)
            case Ended():
                return _end(out, item)
    return 0


def _end(out: Console, ended: Ended) -> int:
    say_lines(out, f"\n{ended.status} after {_clock(ended.after).strip()}")
    if ended.status != "SUCCEEDED":
        say_lines(out, f"{ended.error or 'It was stopped'}: {ended.cause or 'without a cause'}")
        say(out, "Next: do what the cause says, then send the request again: it does only what is missing.")
        return 1
    say_lines(out, _summary(ended.output))
    return 0


def _summary(output: Any) -> str:
    summary, product = output["summary"], output["trust_product"]
    state = "is reviewed, and another execution awaits the verdict" if "review" in output else f"is {product['status']}"
    # A run that began with an older definition names none.
    left_out = [
        f"\nLeft out of the request: {it['phone_number_sid']}: {it['reason']}." for it in summary.get("left_out", [])
    ]
    looked_through = [f"\n{said}" for key in LOOKED_THROUGH if (said := output.get(key, {}).get("message"))]
    if summary.get("duplicates"):
        looked_through.append(f"\n{summary['duplicates']}")
    return (
        f"{plural(summary['onboarded'], 'subaccount')} done, {summary['busy']:,} left to another execution"
        f"{counts(summary['numbers'])}.{''.join([*left_out, *looked_through])}"
        f"\nThe Trust Product {product['sid']} {state}."
    )


def _subaccount(outcome: SubaccountOutcome) -> str:
    name = f"{outcome.friendly_name} ({outcome.subaccount_sid})" if outcome.friendly_name else outcome.subaccount_sid
    told = f"{name}: {status_and_counts(outcome.status, outcome.numbers)}"
    return f"{told}: {outcome.error}: {outcome.message}" if outcome.error else told


def _clock(after: timedelta) -> str:
    minutes, seconds = divmod(int(after.total_seconds()), 60)
    return f"{minutes // 60:4}:{minutes % 60:02}:{seconds:02}"
