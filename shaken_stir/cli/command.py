"""A command of `shaken-stir`, and what its `--help` looks like."""

import sys
import textwrap
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

import click

from shaken_stir.cli.exit_codes import CUT_SHORT
from shaken_stir.cli.options import OPTIONS, Headed

NAME: Final = "shaken-stir"
LOCAL_ENGINE: Final = frozenset({"flask_cors", "moto"})
"""The modules that the extra `local` installs, so a missing one means that the extra is not installed."""
NOT_INSTALLED: Final = (
    "This needs the local engine, which is not installed (no module {module}); install it in the checkout with "
    "`make setup`, `pip install -e '.[local]'` or `uv tool install --editable '.[local]'`."
)
WRONG_USAGE: Final[Mapping[int, str]] = {2: "wrong option, file or port"}


class Command(click.Command):
    """A command whose help ends with examples and its exit codes.

    Args:
        name: What is typed.
        examples: What may be typed behind `shaken-stir`.
        exit_codes: The meaning of each exit code except those in `CUT_SHORT`, which every command has.
        settings: All else that click takes.

    Attributes:
        exit_codes: The meaning of each exit code, `CUT_SHORT` included.
    """

    def __init__(
        self, name: str | None, *, examples: Sequence[str], exit_codes: Mapping[int, str], **settings: Any
    ) -> None:
        super().__init__(name, **settings)
        self._examples = examples
        self.exit_codes: Final[Mapping[int, str]] = {**exit_codes, **CUT_SHORT}

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options; what is wrong with them is told with this command's usage."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Carry out the command; without the local engine, a command that needs it says so and ends with 2."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            module = (error.name or "").partition(".")[0]
            if module not in LOCAL_ENGINE:
                raise
            print(f"{ctx.command_path}: {NOT_INSTALLED.format(module=module)}", file=sys.stderr)
            return 2

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Give `--help` itself."""
        option = super().get_help_option(ctx)
        if option:
            option.help = "show this help"
        return option

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the line on what is typed."""
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix="usage: ")

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write what the command does."""
        formatter.write_paragraph()
        formatter.write(_filled(self.help or "", formatter.width))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, by their headings."""
        listed = [(_heading(option), row) for option in self.get_params(ctx) if (row := option.get_help_record(ctx))]
        for heading, rows in groupby(sorted(listed, key=lambda it: it[0] != OPTIONS), key=lambda it: it[0]):
            with formatter.section(heading):
                formatter.write_dl([row for _, row in rows])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write the examples and the exit codes."""
        formatter.write_paragraph()
        formatter.write("Example:\n" if len(self._examples) == 1 else "Examples:\n")
        formatter.write("".join(f"  {NAME} {example}\n" for example in self._examples))
        meanings = "; ".join(f"{code} {meaning}" for code, meaning in self.exit_codes.items())
        formatter.write(_filled(f"Exit code: {meanings}.", formatter.width))


def _heading(option: click.Parameter) -> str:
    return option.heading if isinstance(option, Headed) else OPTIONS


def _filled(text: str, width: int) -> str:
    return textwrap.fill(text, width, break_on_hyphens=False) + "\n"
