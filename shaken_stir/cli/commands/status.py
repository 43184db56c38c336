"""`shaken-stir status`: where every number stands, and why."""

from datetime import datetime
from typing import Any, Final

import click

from shaken_stir.cli.command import Command
from shaken_stir.cli.options import ACCOUNT_OR_NUMBER, AGO, FILE, of_a_place, one_of, the_place

REASONS: Final = (
    "signed",
    "in-review",
    "rejected",
    "profile-not-approved",
    "profile-in-review",
    "not-submitted",
    "under-way",
    "to-do",
    "failed",
    "refused",
    "ineligible",
    "elsewhere",
    "released",
)
"""Why a number is signed or not; written out, since the model takes a while to load."""


@click.command(
    "status",
    cls=Command,
    help="Says which numbers are signed, which are not, why, and whose move it is: of a deployed stack, of your own "
    "account's runs on this machine, or of what `make serve` keeps up. What needs a person comes first. It reads the "
    "progress table and changes nothing; Twilio is asked with --check only.",
    examples=[
        "status --stack shaken-stir",
        "status --stack shaken-stir --unsigned --csv unsigned.csv",
        "status --live AC00000000000000000000000000000001",
        "status --stack shaken-stir +13035550121",
        "status --since 24h",
        "status --served --watch",
        "status --stack shaken-stir --exit-code",
    ],
    exit_codes={
        0: "the status was read",
        1: "--check found a difference, or could not read an account",
        2: "wrong option, or nothing to read",
        3: "with --exit-code: a person must act (--strict: also while Twilio reviews)",
    },
)
@click.argument("of", type=ACCOUNT_OR_NUMBER, required=False, metavar="[AC...|PN...|+1...]")
@click.option("--unsigned", is_flag=True, help="name each number that is not signed")
@click.option(
    "--reason", type=one_of(REASONS), metavar="WORD", help=f"name each number that is this: {', '.join(REASONS)}"
)
@click.option("--since", type=AGO, metavar="24h", help="tell what came, was signed, lost or went since then (m, h, d)")
@click.option("--all", "every", is_flag=True, help="a line for each subaccount, also where there is nothing to do")
@click.option("--csv", "csv_file", type=FILE, metavar="FILE|-", help="write the numbers as CSV")
@click.option("--html", "html_file", type=FILE, metavar="FILE", help="write the page as one file that stands by itself")
@click.option("--json", "as_json", is_flag=True, help="print one JSON object and nothing else")
@click.option("--check", is_flag=True, help="compare with Twilio, by GETs, and tell where the table is wrong")
@click.option("--watch", is_flag=True, help="print it again whenever it has changed, until Ctrl-C")
@click.option("--exit-code", is_flag=True, help="end with 3 when a person must act")
@click.option("--strict", is_flag=True, help="with --exit-code: end with 3 also while Twilio reviews")
@of_a_place
def command(
    *,
    of: str | None,
    strict: bool,
    exit_code: bool,
    since: datetime | None,
    unsigned: bool,
    reason: str | None,
    **others: Any,
) -> int:
    """Read the status and tell it; give the exit code."""
    if strict and not exit_code:
        raise click.UsageError("--strict says when --exit-code ends with 3; add --exit-code")
    if since and (others["csv_file"] or unsigned or reason):
        raise click.UsageError("--since tells changes, the other options tell numbers; leave one of them out")
    if others["csv_file"] and str(others["csv_file"]) == "-" and others["as_json"]:
        raise click.UsageError("--csv - and --json both write to standard output; name a file, or leave one out")
    if others["check"] and (since or unsigned or reason or others["csv_file"] or others["html_file"]):
        raise click.UsageError("--check tells differences, the other options tell numbers; leave one of them out")
    if others["watch"] and (exit_code or others["check"] or others["csv_file"] or others["html_file"]):
        raise click.UsageError("--watch goes on until Ctrl-C; leave out --check, --csv, --html and --exit-code")
    number = of if of and not of.startswith("AC") else None
    if number and (since or unsigned or reason or others["check"] or others["every"] or others["html_file"]):
        raise click.UsageError("one number is shown alone; with it go --csv, --json and --exit-code only")
    where = {name: others.pop(name) for name in ("stack", "live", "state", "twilio", "served")}
    place = the_place(**where, asks_twilio=others["check"])
    from shaken_stir.cli.status import Asked, tell_status
    from shaken_stir.status.source import Where

    must_act: Any = "strict" if strict else "act" if exit_code else None
    asked = Asked(
        account=None if number else of, number=number, since=since, unsigned=unsigned, reason=reason, **others
    )
    return tell_status(Where(**place), asked, must_act)
