"""An index of a fleet's numbers, so that a search reads each subaccount once and again only after a change."""

import threading
import time
from collections.abc import Iterable
from itertools import batched
from typing import Final, NamedTuple

from onboarding.table.dynamodb import Table
from onboarding.table.numbers import read_all_numbers
from shaken_stir.page.search import Search
from shaken_stir.status.model import FleetStatus, SubaccountStanding
from shaken_stir.status.source import Source

BATCH: Final = 40
"""How many subaccounts are read before the time is checked."""


class Found(NamedTuple):
    """What a search found in the subaccounts that were read so far.

    Attributes:
        matches: How many numbers match, by the SID of their subaccount; only subaccounts with a match.
        read: How many subaccounts were searched.
        total: How many subaccounts the fleet has.
    """

    matches: dict[str, int]
    read: int
    total: int


class _Indexed(NamedTuple):
    subaccount: SubaccountStanding
    numbers: tuple[tuple[str, str], ...]


class NumberIndex:
    """The numbers of a fleet and their SIDs, by subaccount.

    Args:
        source: The table that has them.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._known: dict[str, _Indexed] = {}
        self._one_at_a_time = threading.Lock()

    def find(self, fleet: FleetStatus, search: Search, patience: float) -> Found:
        """Search the numbers of a fleet.

        Args:
            fleet: The fleet as it was last read.
            search: What to find.
            patience: After how many seconds to return what was found so far. At least one batch is read.

        Raises:
            SourceError: The table cannot be read.
        """
        if not search.names_numbers:
            return Found({}, len(fleet.subaccounts), len(fleet.subaccounts))
        with self._one_at_a_time:
            self._update(fleet, time.monotonic() + patience)
            known = [found for it in fleet.subaccounts if (found := self._current(it))]
        counts = {it.subaccount.sid: sum(search.finds_number(*number) for number in it.numbers) for it in known}
        return Found({sid: count for sid, count in counts.items() if count}, len(known), len(fleet.subaccounts))

    def _update(self, fleet: FleetStatus, deadline: float) -> None:
        sids = {it.sid for it in fleet.subaccounts}
        self._known = {sid: it for sid, it in self._known.items() if sid in sids}
        for batch in batched([it for it in fleet.subaccounts if not self._current(it)], BATCH, strict=False):
            self._known |= self._source.read(lambda table, batch=batch: _read(table, batch))  # type: ignore[misc]
            if time.monotonic() >= deadline:
                break

    def _current(self, subaccount: SubaccountStanding) -> _Indexed | None:
        known = self._known.get(subaccount.sid)
        return known if known and known.subaccount == subaccount else None


def _read(table: Table, subaccounts: Iterable[SubaccountStanding]) -> dict[str, _Indexed]:
    def of(subaccount: SubaccountStanding) -> _Indexed:
        records = read_all_numbers(table, subaccount.sid)
        return _Indexed(subaccount, tuple((it.phone_number, it.phone_number_sid) for it in records))

    return {it.subaccount.sid: it for it in table.for_each(of, subaccounts)}
