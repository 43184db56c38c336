"""`shaken-stir request`: a request sent to a deployed stack or to `make serve`, and followed."""

from pathlib import Path

import click

from shaken_stir.cli.command import Command
from shaken_stir.cli.options import ADDRESS, ARN, FILE, NAME
from shaken_stir.defaults import SERVED, STACK


@click.command(
    "request",
    cls=Command,
    help="Starts an execution of the deployed state machine, or of the one that `make serve` keeps up, or follows one "
    "that was started. It prints each state and subaccount, up to Twilio's review. Ctrl-C stops following, not the "
    "execution.",
    examples=[
        "request --event events/whole_fleet.json",
        "request --event events/onboarding.json --stack test --wait",
        "request --served",
    ],
    exit_codes={
        0: "the execution succeeded or awaits the review",
        1: "the execution failed",
        2: "wrong option, or the execution could not be started or followed",
    },
)
@click.option(
    "--event", type=FILE, metavar="FILE", help="a request, or an EventBridge event with one (with --served: {})"
)
@click.option("--execution", type=ARN, metavar="ARN", help="follow this execution, and start none")
@click.option("--stack", type=NAME, metavar="NAME", help=f"the stack ({STACK})")
@click.option(
    "--served",
    type=ADDRESS,
    is_flag=False,
    flag_value=SERVED,
    metavar="[URL]",
    help=f"what `make serve` keeps up, by the address of its AWS ({SERVED})",
)
@click.option("--wait", is_flag=True, help="follow on through Twilio's review, which takes days; else stop there")
def command(*, event: Path | None, execution: str | None, stack: str | None, served: str | None, wait: bool) -> int:
    """Send the request, or find the execution that is named, and follow it; give the exit code."""
    if event and execution:
        raise click.UsageError("--event starts an execution and --execution follows one; leave one of them out")
    if stack and served:
        raise click.UsageError("--stack and --served are different places; name one")
    from shaken_stir.cli.request import Receiver, follow_execution, send_request

    receiver = Receiver(stack or STACK, served)
    if execution:
        return follow_execution(execution, receiver, to_the_end=wait)
    if event or served:
        return send_request(event, receiver, to_the_end=wait)
    raise click.UsageError("say what to send with --event FILE, or what to follow with --execution ARN")
