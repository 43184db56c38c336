"""The command `shaken-stir`: arguments in, words out."""

import argparse
import signal
import sys
from pathlib import Path

from cli import run, serve, twilio
from local.addresses import EVERYWHERE
from local.run import EXAMPLE_EVENT, SMALL_FLEET
from local.serve import AWS_PORT, SERVED_FLEET, TWILIO_PORT, WEBHOOK_PORT

INTERRUPTED = 130


def main() -> None:
    """Run the command with the process's arguments and exit with its code."""
    sys.exit(execute(sys.argv[1:]))


def execute(arguments: list[str]) -> int:
    """Carry out one command.

    Args:
        arguments: As typed, without the command's own name.

    Returns:
        0 when all went well, 1 when the last run did not succeed, 2 for bad input, 130 after Ctrl-C.
    """
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except KeyboardInterrupt:
        # A second Ctrl-C must not turn the clean end into a traceback.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("Stopped. Nothing is left behind: run it again at any time.", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="shaken-stir",
        description="SHAKEN/STIR onboarding for a Twilio parent account and its subaccounts, on this machine.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("run", help="run the state machine against a simulated Twilio and show what happens")
    command.add_argument(
        "--event", type=Path, default=EXAMPLE_EVENT, metavar="FILE", help="a request, or an EventBridge event with one"
    )
    command.add_argument(
        "--fleet",
        default=str(SMALL_FLEET),
        metavar="FILE|NxM",
        help="what exists at Twilio: a fleet file, or N subaccounts with M numbers each",
    )
    command.add_argument("--repeat", type=_positive_integer, default=1, metavar="K", help="send the event K times")
    command.add_argument(
        "--time-scale",
        type=_positive,
        default=1.0,
        metavar="F",
        help="multiply every wait by F: retries, polls, leases, the review",
    )
    command.add_argument("--json", action="store_true", help="print one JSON object per run and nothing else")
    command.add_argument("--log", type=Path, metavar="FILE", help="keep what the functions log")
    command.set_defaults(command=run.command)

    command = commands.add_parser("serve", help="keep AWS, Twilio and the webhook up until Ctrl-C, for sam local")
    command.add_argument("--fleet", default=str(SERVED_FLEET), metavar="FILE|NxM", help="what exists at Twilio")
    command.add_argument("--host", default=EVERYWHERE, metavar="ADDRESS", help=f"where to listen ({EVERYWHERE})")
    for name, port in (("twilio", TWILIO_PORT), ("webhook", WEBHOOK_PORT), ("aws", AWS_PORT)):
        command.add_argument(f"--{name}-port", type=int, default=port, metavar="N", help=f"({port}; 0: a free one)")
    command.add_argument(
        "--time-scale", type=_positive, default=1.0, metavar="F", help="multiply every wait within executions by F"
    )
    command.add_argument("--log", type=Path, metavar="FILE", help="keep what the functions in executions log")
    command.set_defaults(command=serve.command)

    command = commands.add_parser("twilio", help="serve the Trust Hub simulator until Ctrl-C")
    command.add_argument("--fleet", default=str(SMALL_FLEET), metavar="FILE|NxM", help="what exists at Twilio")
    command.add_argument("--port", type=int, default=8010, metavar="N", help="where to listen (8010)")
    command.set_defaults(command=twilio.command)
    return parser


def _positive(text: str) -> float:
    value = float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def _positive_integer(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return value


if __name__ == "__main__":
    main()
