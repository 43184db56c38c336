"""The commands of `shaken-stir` by name, and how wrong usage is told.

A command's module is imported when the command is run or asked for its own help, not before. It declares options and no
more: what the command does is imported when it is run, so help and completion stay quick.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

import click
from click.exceptions import Exit, NoSuchCommand
from click.shell_completion import CompletionItem, shell_complete

from shaken_stir.cli.command import NAME, WRONG_USAGE, Command
from shaken_stir.words import visible

COMPLETE: Final = "_SHAKEN_STIR_COMPLETE"
"""The variable by which a shell asks for completion; click's name for it."""
COMMANDS: Final = {
    "run": "run the state machine against a simulated Twilio, or your own, and show what happens",
    "serve": "keep AWS, Twilio and the webhook up until Ctrl-C, for sam local",
    "twilio": "serve the Trust Hub simulator until Ctrl-C",
    "doctor": "look at a real Twilio account, or at a deployed stack, and say what is in the way; changes nothing",
    "status": "say which numbers are signed, which are not, why, and whose move it is",
    "page": "show the fleet in a browser: what needs a person, every number, the Trust Product, the runs",
    "request": "send a request to a deployed stack, or to `make serve`, and follow it",
    "callback": "send a signed status callback, as Twilio does, to `make serve`",
}
"""Each command's module in `commands/`, with the line that `shaken-stir --help` has on it."""


class Commands(Command, click.Group):
    """The commands by name; none is imported before it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """Name the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command.

        Raises:
            NoSuchCommand: There is none of this name, and nobody is just asking for completion.
        """
        if cmd_name not in COMMANDS:
            if ctx.resilient_parsing:
                return None
            message = f"No such command {cmd_name!r}; there are {', '.join(COMMANDS)}."
            raise NoSuchCommand(cmd_name, message, possibilities=COMMANDS, ctx=ctx)
        command = import_module(f"shaken_stir.cli.commands.{cmd_name}").command
        if not isinstance(command, Command):
            raise TypeError(f"commands/{cmd_name}.py declares no command.")
        return command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options and the commands."""
        super().format_options(ctx, formatter)
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Give the commands, or the options, that begin so."""
        commands = [CompletionItem(name, help=says) for name, says in COMMANDS.items() if name.startswith(incomplete)]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]


shaken_stir: Final = Commands(
    NAME,
    help="SHAKEN/STIR onboarding for a Twilio parent account and its subaccounts, here and on AWS. "
    f"`{NAME} COMMAND --help` describes each command.",
    examples=["run", "doctor --stack shaken-stir"],
    exit_codes={0: "all went well", 1: "a run did not succeed or something is in the way", **WRONG_USAGE},
    context_settings={"help_option_names": ["-h", "--help"]},
    subcommand_metavar="COMMAND ...",
    no_args_is_help=False,
    params=[],
)
click.version_option(package_name="shaken-stir-onboarding", message="%(prog)s %(version)s", help="show the version")(
    shaken_stir
)


def carry_out(arguments: Sequence[str]) -> int:
    """Carry out a command, or answer the shell that asks how to complete one.

    Args:
        arguments: As typed, without the command's own name.

    Returns:
        The exit code.
    """
    if instruction := os.environ.get(COMPLETE):
        return shell_complete(shaken_stir, {}, NAME, COMPLETE, instruction)
    # Not by click's own `main`, which takes Ctrl-C for a failure.
    try:
        with shaken_stir.make_context(NAME, list(arguments)) as context:
            return int(shaken_stir.invoke(context))
    except Exit as end:
        return end.exit_code
    except click.UsageError as error:
        _tell(error)
        return error.exit_code


def _tell(error: click.UsageError) -> None:
    """Print how the command is used, and what was wrong."""
    context = error.ctx
    path = context.command_path if context else NAME
    # Not with click's `echo`, which writes UTF-8 where only ASCII is understood.
    if context:
        print(f"{context.get_usage()}\nhelp:  {path} --help", file=sys.stderr)
    print(visible(f"{path}: {_sentence(error)}"), file=sys.stderr)


def _sentence(error: click.UsageError) -> str:
    if isinstance(error, click.BadParameter) and not isinstance(error, click.MissingParameter) and error.param:
        return f"argument {'/'.join(error.param.opts)}: {error.message}"
    if isinstance(error, click.MissingParameter):
        return " ".join(error.format_message().split())
    return error.format_message()
