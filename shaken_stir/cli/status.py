"""`shaken-stir status`: read where every number stands, and tell it as it was asked for."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, TextIO

from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema
from rich.console import Console

from onboarding.table.dynamodb import Table
from shaken_stir.cli import status_words
from shaken_stir.cli.private_file import private_file
from shaken_stir.cli.prose import complain, say
from shaken_stir.status.changes import Changed, changes_since
from shaken_stir.status.csv_file import write_csv
from shaken_stir.status.model import FleetStatus, NumberStatus
from shaken_stir.status.reading import read_numbers_of, read_status, with_unsigned
from shaken_stir.status.reasons import Bundles
from shaken_stir.status.source import SourceError, Where, find_source
from shaken_stir.words import plural

A_PERSON_MUST_ACT: Final = 3
STANDARD_OUTPUT: Final = Path("-")

type MustAct = Literal["act", "strict"]


@dataclass(frozen=True)
class Asked:
    """What a person wants to know, as typed.

    Attributes:
        account: The one account whose numbers are named, `AC…`.
        number: The one number that is shown, `PN…` or E.164.
        unsigned: Whether each number that is not signed is named.
        reason: The word of the numbers that are named.
        since: Since when changes are told.
        every: Whether each subaccount has a line.
        csv_file, html_file: What is written.
        as_json: Whether one JSON object is printed instead of words.
        check: Whether the table is compared with Twilio.
        watch: Whether it is printed again after each change, until Ctrl-C.
    """

    account: str | None = None
    number: str | None = None
    unsigned: bool = False
    reason: str | None = None
    since: datetime | None = None
    every: bool = False
    csv_file: Path | None = None
    html_file: Path | None = None
    as_json: bool = False
    check: bool = False
    watch: bool = False

    @property
    def names_numbers(self) -> bool:
        """Whether numbers are named one by one."""
        return bool(self.account or self.number or self.unsigned or self.reason or self.csv_file or self.html_file)


def is_left_out(value: object) -> bool:
    """Return whether a field is None, so the JSON object does not have it."""
    return value is None


class StatusReport(BaseModel):
    """The status, as `shaken-stir status --json` prints it.

    Attributes:
        fleet: Everything except the numbers.
        numbers: The numbers that the options select; only if they select any.
        changes: What changed, oldest first; only with `--since`.
    """

    fleet: FleetStatus
    numbers: list[NumberStatus] | SkipJsonSchema[None] = Field(default=None, exclude_if=is_left_out)
    changes: list[Changed] | SkipJsonSchema[None] = Field(default=None, exclude_if=is_left_out)


def tell_status(where: Where, asked: Asked, must_act: MustAct | None = None) -> int:
    """Read the status and tell it; give the exit code.

    Args:
        where: Which table.
        asked: What is told of it.
        must_act: Whether the exit code says that a person must act; `strict` also while Twilio reviews.
    """
    try:
        source = find_source(where, os.environ)
        fleet = source.read(lambda table: read_status(table, source.place))
        if asked.account and not fleet.subaccount(asked.account):
            complain(
                "status",
                f"No run has worked on {asked.account} (read from the {source.place}); `status --all` names all.",
            )
            return 2
        if asked.watch:
            from shaken_stir.cli.status_watch import watch  # noqa: PLC0415 - imports this module

            watch(source, asked)
        if asked.check:
            from shaken_stir.cli.status_check import tell_differences  # noqa: PLC0415 - loads twilio

            return tell_differences(source, fleet, where.twilio, as_json=asked.as_json)
        numbers = source.read(lambda table: read_asked_for(table, fleet, asked))
        if asked.number and not numbers:
            complain("status", f"No run has seen {asked.number} (read from the {source.place}).")
            return 2
        tell(fleet, numbers, asked)
    except SourceError as error:
        complain("status", error)
        return 2
    if must_act and (fleet.needs_a_person or (must_act == "strict" and fleet.is_with_twilio)):
        return A_PERSON_MUST_ACT
    return 0


def read_asked_for(table: Table, fleet: FleetStatus, asked: Asked) -> list[NumberStatus]:
    """Read the numbers that are named, and no others where that can be told before."""
    if not (asked.names_numbers or asked.since):
        return []
    of = fleet.subaccounts
    if asked.account:
        of = tuple(it for it in of if it.sid == asked.account)
    elif asked.unsigned:
        of = tuple(with_unsigned(fleet.subaccounts))
    numbers = read_numbers_of(table, fleet, of)
    if asked.number:
        return [it for it in numbers if asked.number in {it.phone_number_sid, it.phone_number}]
    if asked.unsigned:
        numbers = [it for it in numbers if not it.signed and it.reason != "released"]
    return [it for it in numbers if it.reason == asked.reason] if asked.reason else numbers


def tell(fleet: FleetStatus, numbers: list[NumberStatus], asked: Asked) -> None:
    """Print, or write, what was asked for.

    Raises:
        SourceError: A file cannot be written.
    """
    changes = changes_since(numbers, Bundles(fleet.product, fleet.profile), asked.since) if asked.since else None
    if asked.html_file:
        from shaken_stir.page.document import document  # noqa: PLC0415 - loads jinja2

        with written(asked.html_file) as file:
            file.write(document(fleet, numbers))
    if asked.csv_file == STANDARD_OUTPUT:
        write_csv(numbers, sys.stdout)
        return
    if asked.csv_file:
        with written(asked.csv_file) as file:
            write_csv(numbers, file)
    if asked.as_json:
        report = StatusReport(fleet=fleet, numbers=numbers if asked.names_numbers else None, changes=changes)
        print(json.dumps(report.model_dump(mode="json")))
        return
    say_in_words(fleet, numbers, changes, asked)


def say_in_words(fleet: FleetStatus, numbers: list[NumberStatus], changes: list[Changed] | None, asked: Asked) -> None:
    """Print what was asked for in words."""
    out = Console(file=sys.stdout, highlight=False)
    status_words.tell_fleet(out, fleet, every=asked.every, only_head=asked.names_numbers or changes is not None)
    if changes is not None:
        status_words.tell_changes(out, changes)
    elif asked.number:
        status_words.tell_number(out, numbers)
    elif (asked.account or asked.unsigned or asked.reason) and not asked.csv_file:
        status_words.tell_numbers(out, numbers)
    for file_written in filter(None, (asked.csv_file, asked.html_file)):
        say(out, f"{plural(len(numbers), 'number')} written to {file_written}.")


@contextmanager
def written(path: Path) -> Iterator[TextIO]:
    """Open a file to be written anew, readable for its owner alone.

    Raises:
        SourceError: It cannot be.
    """
    try:
        with private_file(path) as file:
            yield file
    except OSError as error:
        raise SourceError(f"{path} cannot be written ({error.strerror}); name another file.") from error
