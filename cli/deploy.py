"""What `make deploy` says before and after `sam deploy`."""

import argparse
import sys
from pathlib import Path

import boto3

from local.aws.intrinsics import TemplateError
from local.run import ROOT
from local.stack import deployment
from local.stack.deployed import StackError, aws_failures_told, find_complete


def main() -> None:
    """Carry out `before` or `after`, and exit with 0, or with 2 if something is missing."""
    arguments = argparse.ArgumentParser(prog="make deploy", description=__doc__)
    steps = arguments.add_subparsers(required=True)
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


def before(options: argparse.Namespace) -> int:
    """Say what is missing, else where to the stack goes; returns the exit code."""
    session = boto3.Session()
    missing = list(deployment.missing(session, ROOT, options.build, options.architecture))
    for sentence in missing:
        _say(sentence)
    if missing:
        return 2
    print(f"Deploying to {deployment.target(session)}.", flush=True)
    return 0


def after(options: argparse.Namespace) -> int:
    """Print the commands that come next; returns the exit code."""
    print("Next:")
    for command in deployment.next_commands(find_complete(boto3.Session(), options.stack)):
        print(f"  {command}")
    return 0


def _say(text: str) -> None:
    print(f"make deploy: {text}", file=sys.stderr)


if __name__ == "__main__":
    main()
