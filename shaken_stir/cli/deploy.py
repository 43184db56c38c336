"""What `make build` says at its end, `make deploy` before and after `sam deploy`, and `make delete`."""

import sys
from collections.abc import Iterable
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from shaken_stir.cli.prose import say
from shaken_stir.deployed import deletion, deployment
from shaken_stir.deployed.deployment import Command
from shaken_stir.deployed.stack import StackError, aws_failures_told, aws_session, find_complete
from shaken_stir.engine.intrinsics import TemplateError
from shaken_stir.project import ROOT
from shaken_stir.words import plural, visible

PROGRAM = "make delete" if sys.argv[1:2] == ["delete"] else "make deploy"

BUILD = click.option("--build", type=click.Path(path_type=Path), required=True)
ARCHITECTURE = click.option("--architecture", required=True)


@click.group(help=__doc__)
def steps() -> None:
    """Take a step by its name."""


@steps.command("built")
@BUILD
@ARCHITECTURE
def built(build: Path, architecture: str) -> int:
    """Print what was built and the commands that come next; give the exit code."""
    out = Console(file=sys.stdout, highlight=False)
    out.print()
    say(out, f"Built for {architecture} in {build}.")
    _say_next(out, deployment.after_build(architecture))
    return 0


@steps.command("before")
@BUILD
@ARCHITECTURE
@click.option("--stack", required=True)
def before(build: Path, architecture: str, stack: str) -> int:
    """Say what is missing, else where to the stack goes; give the exit code."""
    session = aws_session()
    missing = list(deployment.missing(session, ROOT, build, architecture, stack))
    for sentence in missing:
        _complain(sentence)
    if missing:
        return 2
    say(Console(file=sys.stdout, highlight=False), f"Deploying to {deployment.target(session)}.")
    sys.stdout.flush()
    return 0


@steps.command("after")
@click.option("--stack", required=True)
def after(stack: str) -> int:
    """Print the commands that come next; give the exit code."""
    commands = deployment.after_deployment(find_complete(aws_session(), stack))
    _say_next(Console(file=sys.stdout, highlight=False), commands)
    return 0


@steps.command("delete")
@click.option("--stack", required=True)
@click.option("--yes", is_flag=True, help="ask no question")
def delete(stack: str, *, yes: bool) -> int:
    """Stop what runs, delete the stack, and print what stays; give the exit code."""
    out = Console(file=sys.stdout, highlight=False)
    found = find_complete(aws_session(), stack)
    executions = deletion.running(found)
    say(
        out,
        f"This stops {plural(len(executions), 'execution')} and deletes the stack {stack} in "
        f"{found.session.region_name}; the progress table, the secret and the manifest bucket stay.",
    )
    if not yes and not click.confirm("Go on?"):
        say(out, "Nothing was changed.")
        return 1
    kept = deletion.kept(found)
    deletion.stop_starts(found)
    deletion.stop_executions(found, lambda sentence: say(out, sentence))
    deletion.delete(found, lambda sentence: say(out, sentence))
    say(out, f"Deleted {stack}. These stay; each command removes one for ever:")
    for what, command in kept:
        say(out, f"  {what}")
        out.print(Text(f"      {visible(command)}"), soft_wrap=True)
    return 0


def main() -> None:
    """Carry out a step, and exit with its code, or with 2 if something is missing."""
    try:
        with aws_failures_told():
            sys.exit(steps.main(prog_name=PROGRAM, standalone_mode=False))
    except (StackError, TemplateError) as error:
        _complain(str(error))
    except click.UsageError as error:
        _complain(error.format_message())
    sys.exit(2)


def _say_next(out: Console, commands: Iterable[Command]) -> None:
    say(out, "Next:")
    for command in commands:
        # To copy, so it is not wrapped.
        out.print(Text(f"  {visible(command.line)}"), soft_wrap=True)
        if command.note:
            say(out, f"      ({command.note})")


def _complain(text: str) -> None:
    say(Console(stderr=True, highlight=False), f"{PROGRAM}: {text}")


if __name__ == "__main__":
    main()
