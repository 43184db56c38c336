"""`shaken-stir request`: a request sent to a deployed stack, shown as it is worked off."""

import argparse
import sys
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from cli.main import INTERRUPTED
from cli.show import STAGES
from local.aws.events import EventError, execution_input
from local.aws.intrinsics import TemplateError
from local.aws.template import Template
from local.run import TEMPLATE, load_event
from local.stack import commands, deployed, executions
from local.stack.deployed import StackError, aws_failures_told, find_complete
from local.stack.executions import Ended, News, ReviewAwaited, StateEntered, SubaccountDone
from onboarding.models import SubaccountOutcome

UNDER_REVIEW = """\
The numbers are done as far as they go, and Twilio reviews the Trust Product: within 72 hours, it says.
The execution waits for the verdict by itself; on approval the numbers are signed, with nothing more to do.
Follow it again: {again}"""
DAILY_RUN_IS_OFF = """
The daily run is off, so numbers that come later wait for the next request. To have the whole fleet looked through every
day, switch it on: {switch}"""
STOPPED = """
Stopped following; the execution goes on. Follow it again: {again}"""


def command(options: argparse.Namespace) -> int:
    """Start an execution, or find the one that is named, and follow it; returns the exit code."""
    try:
        request = {} if options.execution else execution_input(load_event(options.event), Template(TEMPLATE, {}).rules)
        with aws_failures_told():
            stack = find_complete(deployed.connect(), options.stack)
            if options.execution:
                arn = executions.find(stack, options.execution)
            else:
                arn = executions.start(stack, request)
                print(f"Execution {arn}", flush=True)
    except (StackError, EventError, TemplateError) as error:
        print(f"shaken-stir request: {error}", file=sys.stderr)
        return 2
    again = f".venv/bin/shaken-stir request --stack {stack.name} --execution {arn} --wait"
    try:
        with aws_failures_told():
            code = _tell(executions.follow(stack, arn, to_the_end=options.wait), again)
    except KeyboardInterrupt:
        print(STOPPED.format(again=again), file=sys.stderr)
        return INTERRUPTED
    except StackError as error:
        print(f"shaken-stir request: {error}{STOPPED.format(again=again)}", file=sys.stderr)
        return 2
    if code == 0 and commands.daily_run_is_off(stack):
        print(DAILY_RUN_IS_OFF.format(switch=commands.switch_on_daily_run(stack)))
    return code


def _tell(news: Iterable[News], again: str) -> int:
    for item in news:
        match item:
            case StateEntered():
                print(f"{_clock(item.after)}  {item.name}", flush=True)
            case SubaccountDone():
                print(f"{'':{len(_clock(timedelta()))}}  {_subaccount(item.outcome)}", flush=True)
            case ReviewAwaited():
                print(UNDER_REVIEW.format(again=again), flush=True)
            case Ended():
                return _end(item)
    return 0


def _end(ended: Ended) -> int:
    print(f"\n{ended.status} after {_clock(ended.after).strip()}")
    if ended.status != "SUCCEEDED":
        print(f"{ended.error or 'It was stopped'}: {ended.cause or 'without a cause'}")
        print("Next: do what the cause says, then send the request again: it does only what is missing.")
        return 1
    print(_summary(ended.output))
    return 0


def _summary(output: Any) -> str:
    summary, product = output["summary"], output["trust_product"]
    state = "is reviewed, and another execution awaits the verdict" if "review" in output else f"is {product['status']}"
    # A run that began with an older definition names none.
    left_out = [
        f"\nLeft out of the request: {it['phone_number_sid']}: {it['reason']}." for it in summary.get("left_out", [])
    ]
    return (
        f"{summary['onboarded']} subaccounts onboarded, {summary['busy']} left to another execution"
        f"{_counts(summary['numbers'])}.{''.join(left_out)}\nThe Trust Product {product['sid']} {state}."
    )


def _subaccount(outcome: SubaccountOutcome) -> str:
    told = f"{outcome.friendly_name} ({outcome.subaccount_sid}): {outcome.status}{_counts(outcome.numbers)}"
    return f"{told}: {outcome.error}: {outcome.message}" if outcome.error else told


def _counts(numbers: Any) -> str:
    counts = [f"{count} {words}" for stage, words in STAGES.items() if (count := numbers.get(stage))]
    return f" ({', '.join(counts)})" if counts else ""


def _clock(after: timedelta) -> str:
    minutes, seconds = divmod(int(after.total_seconds()), 60)
    return f"{minutes // 60:4}:{minutes % 60:02}:{seconds:02}"
