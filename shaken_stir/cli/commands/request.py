"""`shaken-stir request`: a request sent to a deployed stack, and followed."""

from pathlib import Path

import click

from shaken_stir.cli.command import Command
from shaken_stir.cli.options import ARN, FILE, NAME
from shaken_stir.defaults import STACK


@click.command(
    "request",
    cls=Command,
    help="Starts an execution of the deployed state machine, or follows one that was started, and tells each state "
    "and subaccount as they come, up to Twilio's review. Ctrl-C stops following, not the execution.",
    examples=["request --event events/whole_fleet.json", "request --event events/onboarding.json --stack test --wait"],
    exit_codes="0 the execution succeeded or awaits the review, 1 it failed, 2 it could not be started or followed, "
    "130 Ctrl-C",
)
@click.option("--event", type=FILE, metavar="FILE", help="a request, or an EventBridge event with one")
@click.option("--execution", type=ARN, metavar="ARN", help="follow this execution, and start none")
@click.option("--stack", type=NAME, default=STACK, metavar="NAME", help=f"the stack ({STACK})")
@click.option("--wait", is_flag=True, help="follow on through Twilio's review, which takes days; else stop there")
def command(*, event: Path | None, execution: str | None, stack: str, wait: bool) -> int:
    """Send the request, or find the execution that is named, and follow it; give the exit code."""
    if event and execution:
        raise click.UsageError("--event starts an execution and --execution follows one; leave one of them out")
    from shaken_stir.cli.request import follow_execution, send_request

    if execution:
        return follow_execution(execution, stack=stack, to_the_end=wait)
    if event:
        return send_request(event, stack=stack, to_the_end=wait)
    raise click.UsageError("say what to send with --event FILE, or what to follow with --execution ARN")
