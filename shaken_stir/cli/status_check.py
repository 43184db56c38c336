"""`shaken-stir status --check`: where the progress table is wrong, told by comparison with Twilio."""

import json
import os
import sys
from datetime import UTC, datetime

from rich.console import Console

from onboarding.errors import OnboardingError
from shaken_stir.cli.prose import complain, say
from shaken_stir.cli.reading import reading
from shaken_stir.live import account, learned, rehearsal
from shaken_stir.live.account import CredentialsError
from shaken_stir.live.read_only import read_only
from shaken_stir.live.rehearsal import RehearsalError
from shaken_stir.live.state_file import StateFileError
from shaken_stir.status.check import Compared, compare, read_twilio
from shaken_stir.status.model import FleetStatus
from shaken_stir.status.reading import read_numbers_of
from shaken_stir.status.source import Source
from shaken_stir.words import plural

DIFFERENT = 1


def tell_differences(source: Source, fleet: FleetStatus, twilio: str | None, *, as_json: bool) -> int:
    """Compare with Twilio and print what differs; give the exit code.

    Args:
        source: The table.
        fleet: What was read of it.
        twilio: What answers in Twilio's place, as typed, None for Twilio itself.
        as_json: Whether one JSON object is printed instead of words.

    Raises:
        SourceError: The table cannot be read.
    """
    numbers = source.read(lambda table: read_numbers_of(table, fleet, fleet.subaccounts))
    try:
        rehearsed = rehearsal.address(twilio) if twilio is not None else None
        hub = account.trust_hub(account.credentials(os.environ), rehearsed)
        read_at = datetime.now(UTC)
        with read_only(), reading(Console(stderr=True, highlight=False)) as on_progress:
            read = read_twilio(hub, fleet, on_progress)
            if source.record:
                source.record(learned.recorder(hub, read, read_at))
    except (CredentialsError, OnboardingError, RehearsalError, StateFileError) as error:
        complain("status", error)
        return 2
    compared = compare(read, fleet, numbers)
    if as_json:
        print(json.dumps(compared.model_dump()))
    else:
        tell(Console(file=sys.stdout, highlight=False), compared)
    return DIFFERENT if compared.differences or compared.unread else 0


def tell(out: Console, compared: Compared) -> None:
    """Print what differs, and what to do."""
    for difference in compared.differences:
        say(out, difference.says)
    for sid, why in compared.unread.items():
        say(out, f"The numbers of {sid} could not be read at Twilio: {why}")
    count = plural(len(compared.differences), "difference")
    what = f"{plural(compared.compared, 'number')} of the table compared with Twilio: {count}."
    corrected = compared.differences and all(it.corrected for it in compared.differences)
    say(out, f"{what}{' The next run over the whole fleet corrects them.' if corrected else ''}", style="bold")
