"""What `make build` says at its end, and `make deploy` before and after `sam deploy`."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from shaken_stir.deployed import deployment
from shaken_stir.deployed.deployment import Command
from shaken_stir.deployed.stack import StackError, aws_failures_told, aws_session, find_complete
from shaken_stir.engine.intrinsics import TemplateError
from shaken_stir.project import ROOT


def main() -> None:
    """Carry out `built`, `before` or `after`, and exit with 0, or with 2 if something is missing."""
    arguments = argparse.ArgumentParser(prog="make deploy", description=__doc__)
    steps = arguments.add_subparsers(required=True)
    step = steps.add_parser("built")
    step.add_argument("--build", type=Path, required=True)
    step.add_argument("--architecture", required=True)
    step.set_defaults(command=built)
    step = steps.add_parser("before")
    step.add_argument("--build", type=Path, required=True)
    step.add_argument("--architecture", required=True)
    step.set_defaults(command=before)
    step = steps.add_parser("after")
    step.add_argument("--stack", required=True)
    step.set_defaults(command=after)
    options = arguments.parse_args()
    try:
        with aws_failures_told():
            sys.exit(options.command(options))
    except (StackError, TemplateError) as error:
        _say(str(error))
    sys.exit(2)


def built(options: argparse.Namespace) -> int:
    """Print what was built and the commands that come next; returns the exit code."""
    print(f"\nBuilt for {options.architecture} in {options.build}.")
    _say_next(deployment.after_build(options.architecture))
    return 0


def before(options: argparse.Namespace) -> int:
    """Say what is missing, else where to the stack goes; returns the exit code."""
    session = aws_session()
    missing = list(deployment.missing(session, ROOT, options.build, options.architecture))
    for sentence in missing:
        _say(sentence)
    if missing:
        return 2
    print(f"Deploying to {deployment.target(session)}.", flush=True)
    return 0


def after(options: argparse.Namespace) -> int:
    """Print the commands that come next; returns the exit code."""
    _say_next(deployment.after_deployment(find_complete(aws_session(), options.stack)))
    return 0


def _say_next(commands: Iterable[Command]) -> None:
    print("Next:")
    for command in commands:
        print(f"  {command.line}")
        if command.note:
            print(f"      ({command.note})")


def _say(text: str) -> None:
    print(f"make deploy: {text}", file=sys.stderr)


if __name__ == "__main__":
    main()
