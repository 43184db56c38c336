"""What `shaken-stir` can be told."""

import argparse
import math
from importlib.metadata import version
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from cli import callback, doctor, request, run, serve, twilio
from local.addresses import EVERYWHERE
from local.live import rehearsal
from local.run import SMALL_FLEET
from local.serve import AWS_PORT, SERVED_FLEET, TWILIO_PORT, WEBHOOK_PORT
from local.stack.deployed import STACK
from onboarding.models import BundleSid, Status


def parser() -> argparse.ArgumentParser:
    """Make the parser; its `command` is what carries the command out."""
    arguments = argparse.ArgumentParser(
        prog="shaken-stir",
        description="SHAKEN/STIR onboarding for a Twilio parent account and its subaccounts, here and on AWS.",
    )
    arguments.add_argument("--version", action="version", version=f"%(prog)s {version('shaken-stir-onboarding')}")
    commands = arguments.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser(
        "run", help="run the state machine against a simulated Twilio, or your own, and show what happens"
    )
    command.add_argument(
        "--event",
        type=Path,
        metavar="FILE",
        help="a request, or an EventBridge event with one (events/onboarding.json; with --live the whole fleet)",
    )
    command.add_argument(
        "--fleet",
        metavar="FILE|NxM",
        help="what exists at Twilio: a fleet file (local/fleets/small.json), or N subaccounts with M numbers each",
    )
    command.add_argument("--repeat", type=_positive_integer, metavar="K", help="send the event K times (1)")
    command.add_argument(
        "--time-scale",
        type=_positive,
        metavar="F",
        help="multiply every wait by F (1, less for a scenario): retries, polls, leases, the review",
    )
    command.add_argument("--json", action="store_true", help="print one JSON object per run and nothing else")
    command.add_argument("--log", type=Path, metavar="FILE", help="keep what the functions log")
    command.add_argument("--scenario", metavar="NAME", help="play a story instead, and say what is seen in it")
    command.add_argument("--list", action="store_true", help="list the stories")
    live = command.add_argument_group("on a real account", "whose parent TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN name")
    live.add_argument("--live", action="store_true", help="use it, not a simulated one; no AWS account is needed")
    live.add_argument("--dry-run", action="store_true", help="send GETs only, and say what would be changed")
    live.add_argument("--yes", action="store_true", help="do not ask before something is changed")
    live.add_argument(
        "--wait",
        type=_minutes,
        nargs="?",
        const=_minutes("15"),
        metavar="MINUTES",
        help="wait for the verdict, and ask Twilio for it every so many minutes (15)",
    )
    _of_the_account(live)
    command.set_defaults(command=run.command)

    command = commands.add_parser("serve", help="keep AWS, Twilio and the webhook up until Ctrl-C, for sam local")
    command.add_argument("--fleet", default=str(SERVED_FLEET), metavar="FILE|NxM", help="what exists at Twilio")
    command.add_argument("--host", default=EVERYWHERE, metavar="ADDRESS", help=f"where to listen ({EVERYWHERE})")
    for name, port in (("twilio", TWILIO_PORT), ("webhook", WEBHOOK_PORT), ("aws", AWS_PORT)):
        command.add_argument(f"--{name}-port", type=_port, default=port, metavar="N", help=f"({port}; 0: a free one)")
    command.add_argument(
        "--time-scale", type=_positive, default=1.0, metavar="F", help="multiply every wait within executions by F"
    )
    command.add_argument("--log", type=Path, metavar="FILE", help="keep what the functions in executions log")
    command.set_defaults(command=serve.command)

    command = commands.add_parser("twilio", help="serve the Trust Hub simulator until Ctrl-C")
    command.add_argument("--fleet", default=str(SMALL_FLEET), metavar="FILE|NxM", help="what exists at Twilio")
    command.add_argument(
        "--port", type=_port, default=TWILIO_PORT, metavar="N", help=f"where to listen ({TWILIO_PORT})"
    )
    command.set_defaults(command=twilio.command)

    command = commands.add_parser(
        "doctor",
        help="look at a real Twilio account, or at a deployed stack, and say what is in the way; changes nothing",
        description="Reads the account of TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN and says what is there, what is in "
        "the way, which numbers are not signed and why, and what a run would send. It sends GETs only; anything else "
        "is stopped within the process.",
        epilog="Exit code: 0 nothing is in the way, 1 something is, 2 wrong option or missing variable, 130 Ctrl-C.",
    )
    command.add_argument(
        "--event", type=Path, metavar="FILE", help="the request that the run would be given (the whole fleet: {})"
    )
    command.add_argument(
        "--stack",
        type=_stack,
        metavar="NAME",
        help="look at this deployed stack instead, in the region of AWS_REGION or AWS_DEFAULT_REGION",
    )
    _of_the_account(command)
    command.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    command.set_defaults(command=doctor.command)

    command = commands.add_parser("request", help="send a request to a deployed stack and follow it")
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument("--event", type=Path, metavar="FILE", help="a request, or an EventBridge event with one")
    what.add_argument("--execution", metavar="ARN", help="follow this execution, and start none")
    command.add_argument("--stack", type=_stack, default=STACK, metavar="NAME", help=f"the stack ({STACK})")
    command.add_argument(
        "--wait", action="store_true", help="follow on through Twilio's review, which takes days; else stop there"
    )
    command.set_defaults(command=request.command)

    command = commands.add_parser("callback", help="send a signed status callback, as Twilio does, to `make serve`")
    command.add_argument(
        "--status", required=True, choices=[it.value for it in Status], help="what it says has become of the product"
    )
    command.add_argument(
        "--trust-product", type=_bundle_sid, metavar="SID", help="which product (that of `make serve`)"
    )
    command.add_argument("--url", metavar="URL", help="another webhook, such as a stack's output CallbackUrl")
    command.add_argument(
        "--auth-token-env",
        metavar="VARIABLE",
        help=f"the environment variable with the Auth Token that signs ({callback.SIGNED_WITH} with --url)",
    )
    command.set_defaults(command=callback.command)
    return arguments


def _of_the_account(options: argparse._ActionsContainer) -> None:
    """Add what a run on a real account and the doctor can be told alike."""
    options.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="what is kept between runs (AC....json in $XDG_STATE_HOME/shaken-stir or ~/.local/state/shaken-stir)",
    )
    options.add_argument("--numbers", action="store_true", help="name all numbers, not only some of many")
    options.add_argument(
        "--twilio",
        metavar="URL",
        help=f"rehearse: speak to `shaken-stir twilio` or `make serve`, not to Twilio ({rehearsal.EXAMPLE}, or https)",
    )


def _positive(text: str) -> float:
    value = _number(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return value


def _minutes(text: str) -> int:
    """Read minutes as whole seconds."""
    return math.ceil(_positive(text) * 60)


def _positive_integer(text: str) -> int:
    value = _number(text)
    if value < 1 or value != value // 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(value)


def _port(text: str) -> int:
    value = _number(text)
    if value not in range(65_536):
        raise argparse.ArgumentTypeError(f"{text} is not a port (0 to 65535)")
    return int(value)


def _stack(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("the name is empty")
    return text


def _bundle_sid(text: str) -> str:
    try:
        return TypeAdapter[str](BundleSid).validate_python(text)
    except ValidationError:
        raise argparse.ArgumentTypeError(f"{text} is not BU and 32 hexadecimal digits") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
