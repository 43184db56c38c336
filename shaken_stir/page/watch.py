"""A fleet that is read again when somebody looks at it, and not too often."""

import hashlib
import json
import math
import threading
import time
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any, Final, NamedTuple

from shaken_stir.page.documents import Documents
from shaken_stir.page.needs import worth_reading
from shaken_stir.page.number_index import Found, NumberIndex
from shaken_stir.page.rendering import rows, sections
from shaken_stir.page.search import Search
from shaken_stir.status.model import FleetStatus, NumberStatus, ProductStatus, SubaccountStanding
from shaken_stir.status.reading import read_numbers_of, read_status
from shaken_stir.status.source import Source, SourceError

REFRESH_SECONDS: Final = 5.0
SHARE_OF_TIME: Final = 0.1
"""How much of the time may be spent on reading, so that a large fleet is read less often."""


class Seen(NamedTuple):
    """A fleet as it was read last.

    Attributes:
        fleet: What was read of it.
        sections: The parts of the page as HTML, by id.
        rows: The subaccounts, as the script draws them.
        version: Differs when the sections or the rows do.
    """

    fleet: FleetStatus
    sections: dict[str, str]
    rows: list[dict[str, Any]]
    version: str


class Watch:
    """What a page shows of a fleet.

    Args:
        source: Where it is read.
        all_named_by: The command that names all numbers that are not signed.
        refresh_seconds: How long what was read is shown before it is read again.

    Attributes:
        problem: Why it could not be read the last time, in a sentence; empty if it could.
        refresh_seconds: As given.
    """

    def __init__(self, source: Source, all_named_by: str, refresh_seconds: float = REFRESH_SECONDS) -> None:
        self.place = source.place
        self.problem = ""
        self.refresh_seconds = refresh_seconds
        self._source = source
        self._all_named_by = all_named_by
        self._seen: Seen | None = None
        self._next = 0.0
        self._index = NumberIndex(source)
        self._one_at_a_time = threading.Lock()
        self._numbers: dict[str, tuple[tuple[SubaccountStanding, ProductStatus | None], list[NumberStatus]]] = {}

    def look(self, patience: float = -1) -> Seen | None:
        """Give the fleet as it is, or as it was moments ago; None if it was never read.

        Whoever comes while it is read gets what is known already.

        Args:
            patience: For how many seconds somebody else's first reading is waited for; below 0 until it has ended.
        """
        if self._one_at_a_time.acquire(timeout=patience if self._seen is None else 0):
            try:
                if time.monotonic() >= self._next:
                    self._read()
            finally:
                self._one_at_a_time.release()
        return self._seen

    def numbers_of(self, choose: Callable[[SubaccountStanding], bool]) -> list[NumberStatus]:
        """Read the numbers of subaccounts.

        Args:
            choose: Says which.

        Raises:
            SourceError: They cannot be read.
        """
        fleet = self._fleet()
        return self._source.read(
            lambda table: read_numbers_of(table, fleet, [it for it in fleet.subaccounts if choose(it)])
        )

    def search(self, typed: str, patience: float) -> Found:
        """Search the numbers of all subaccounts.

        Args:
            typed: The search as typed.
            patience: After how many seconds to return what was found so far.

        Raises:
            SourceError: They cannot be read.
        """
        return self._index.find(self._fleet(), Search.parse(typed), patience)

    def numbers_found(self, typed: str, *, needs: bool) -> list[NumberStatus]:
        """Read the numbers that a search shows: all of a subaccount that it finds, else those that match.

        Args:
            typed: The search as typed.
            needs: Whether to search only the subaccounts that need a person.

        Raises:
            SourceError: They cannot be read.
        """
        search = Search.parse(typed)
        matches = self.search(typed, math.inf).matches
        by_name = {it.sid for it in self._fleet().subaccounts if search.finds(it)}

        def is_shown(subaccount: SubaccountStanding) -> bool:
            found = subaccount.sid in by_name or subaccount.sid in matches
            return found and (subaccount.needs_a_person or not needs)

        return [
            it
            for it in self.numbers_of(is_shown)
            if it.account_sid in by_name or search.finds_number(it.phone_number, it.phone_number_sid)
        ]

    def _fleet(self) -> FleetStatus:
        seen = self.look()
        if not seen:
            raise SourceError(self.problem)
        return seen.fleet

    def _read(self) -> None:
        began = time.monotonic()
        try:
            fleet = self._source.read(lambda table: read_status(table, self.place))
            needing = self._numbers_that_need_a_person(fleet)
        except SourceError as error:
            self.problem = str(error)
        else:
            self.problem = ""
            self._seen = self._drawn(fleet, needing)
        ended = time.monotonic()
        self._next = ended + max(self.refresh_seconds, (ended - began) / SHARE_OF_TIME)

    def _drawn(self, fleet: FleetStatus, numbers: Iterable[NumberStatus]) -> Seen:
        documents = Documents(embedded=False)
        parts, subaccounts = sections(fleet, numbers, self._all_named_by, documents), rows(fleet, documents)
        version = hashlib.sha256(json.dumps([parts, subaccounts]).encode()).hexdigest()[:16]
        return Seen(fleet, parts, subaccounts, version)

    def _numbers_that_need_a_person(self, fleet: FleetStatus) -> list[NumberStatus]:
        """Read those that are named, but for the subaccounts of which nothing was recorded since."""
        wanted = worth_reading(fleet)
        known = {it.sid: self._numbers.get(it.sid) for it in wanted}
        new = [it for it in wanted if (had := known[it.sid]) is None or had[0] != (it, fleet.product)]
        read = self._source.read(lambda table: read_numbers_of(table, fleet, new)) if new else []
        kept = {sid: had for sid, had in known.items() if had and sid not in {it.sid for it in new}}
        fresh = {
            it.sid: ((it, fleet.product), [number for number in read if number.account_sid == it.sid]) for it in new
        }
        self._numbers = kept | fresh
        return list(chain.from_iterable(self._numbers[it.sid][1] for it in wanted))
