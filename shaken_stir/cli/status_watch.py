"""`shaken-stir status --watch`: the status again, whenever it has changed."""

import sys
from datetime import UTC, datetime
from time import monotonic, sleep
from typing import Final, Never

from onboarding.table.dynamodb import Table
from shaken_stir.cli.prose import complain
from shaken_stir.cli.status import Asked, read_asked_for, tell
from shaken_stir.status.model import FleetStatus, NumberStatus
from shaken_stir.status.reading import read_status
from shaken_stir.status.source import Source, SourceError

SECONDS: Final = 2.0
SHARE_OF_TIME: Final = 0.1
"""How much of the time reading may take, so that a large fleet is read less often."""
CLEAR: Final = "\x1b[H\x1b[2J"
_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


def watch(source: Source, asked: Asked) -> Never:
    """Print the status now and after each change, until Ctrl-C; a terminal shows the last one only.

    Args:
        source: Where it is read.
        asked: What is printed of it.

    Raises:
        SourceError: A file cannot be written.
    """
    shown, problem, in_place = None, "", sys.stdout.isatty() and not asked.as_json

    def read(table: Table) -> tuple[FleetStatus, list[NumberStatus]]:
        fleet = read_status(table, source.place)
        return fleet, read_asked_for(table, fleet, asked)

    while True:
        began = monotonic()
        try:
            fleet, numbers = source.read(read)
        except SourceError as error:
            if str(error) != problem:
                problem = str(error)
                complain("status", f"{problem} It is read again every {SECONDS:g} s.")
        else:
            seen = fleet.model_copy(update={"read_at": _NO_TIME}), numbers
            if seen != shown or problem:
                print(CLEAR if in_place else "\n" if shown and not asked.as_json else "", end="")
                tell(fleet, numbers, asked)
                sys.stdout.flush()
            shown, problem = seen, ""
        sleep(max(SECONDS, (monotonic() - began) / SHARE_OF_TIME))
