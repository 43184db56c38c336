"""`shaken-stir doctor`: what is in the way of a run, on a real account or a deployed stack."""

from pathlib import Path

import click

from shaken_stir.cli.command import Command
from shaken_stir.cli.options import FILE, NAME, of_the_account


@click.command(
    "doctor",
    cls=Command,
    help="Reads the account of TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN and says what is there, what is in the way, "
    "which numbers are not signed and why, and what a run would send. It sends GETs only; anything else is stopped "
    "within the process.",
    examples=["doctor --event events/onboarding.json", "doctor --stack shaken-stir --json"],
    exit_codes={
        0: "nothing is in the way",
        1: "something is in the way",
        2: "wrong option, missing variable, or no such stack",
    },
)
@click.option(
    "--event", type=FILE, metavar="FILE", help="the request that the run would be given (the whole fleet: {})"
)
@click.option(
    "--stack",
    type=NAME,
    metavar="NAME",
    help="look at this deployed stack instead, in the region of AWS_REGION or AWS_DEFAULT_REGION",
)
@of_the_account()
@click.option("--json", "as_json", is_flag=True, help="print one JSON object and nothing else")
def command(
    *,
    event: Path | None,
    stack: str | None,
    state: Path | None,
    numbers: bool,
    twilio: str | None,
    transcript: Path | None,
    as_json: bool,
) -> int:
    """Look at the stack that is named, else at the account that the environment names; give the exit code."""
    if not stack:
        from shaken_stir.cli.doctor import diagnose_account

        return diagnose_account(
            event=event, state=state, every=numbers, twilio=twilio, transcript=transcript, as_json=as_json
        )
    options = {
        "--event": event,
        "--state": state,
        "--numbers": numbers,
        "--twilio": twilio,
        "--transcript": transcript,
    }
    if given := [name for name, value in options.items() if value not in {None, False}]:
        from shaken_stir.cli.prose import complain

        are = "is" if len(given) == 1 else "are"
        complain("doctor", f"{' and '.join(given)} {are} for a look at Twilio; leave that out with --stack.")
        return 2
    from shaken_stir.cli.stack_doctor import diagnose_stack

    return diagnose_stack(stack, as_json=as_json)
