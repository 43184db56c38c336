"""`shaken-stir page`: the fleet in a browser."""

import shlex
from typing import Any

import click

from shaken_stir.cli.command import WRONG_USAGE, Command
from shaken_stir.cli.options import PORT, of_a_place, the_place


@click.command(
    "page",
    cls=Command,
    help="Shows in a browser what needs a person, every subaccount and its numbers, the Trust Product and the runs: "
    "of a deployed stack, of your own account's runs on this machine, or of what `make serve` keeps up. The page is "
    "for this machine only, reads the progress table with your own credentials, follows a run that goes on, and "
    "changes nothing.",
    examples=["page", "page --stack shaken-stir", "page --live --no-open --port 8080"],
    exit_codes=WRONG_USAGE,
)
@click.option("--port", type=PORT, default=0, metavar="N", help="where the page listens on 127.0.0.1 (a free port)")
@click.option("--no-open", is_flag=True, help="open no browser, only print the address")
@of_a_place
def command(*, port: int, no_open: bool, **others: Any) -> int:
    """Serve until Ctrl-C; give the exit code."""
    place = the_place(**others)
    from shaken_stir.cli.page import show_page
    from shaken_stir.status.source import Where

    given = {name: value for name, value in place.items() if value}
    typed = [f" --{name}" if value is True else f" --{name} {shlex.quote(str(value))}" for name, value in given.items()]
    return show_page(Where(**place), port, opened=not no_open, named="".join(typed))
