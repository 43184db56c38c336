"""All rows of a run as they are now, by how they stand, with sums that are kept and never counted afresh."""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from rich.cells import cell_len

from onboarding.phone_numbers import Stage
from shaken_stir.cli.show import status
from shaken_stir.snapshot import Row
from shaken_stir.words import visible

UNDER_WAY, FAILED = "in_progress", "failed"


class Group:
    """Rows that stand alike, in the order of their SIDs, and their numbers by stage."""

    def __init__(self) -> None:
        self.numbers: Counter[Stage] = Counter()
        self._rows: dict[str, Row] = {}
        self._order: list[str] = []

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return (self._rows[sid] for sid in self._order)

    def add(self, row: Row) -> None:
        """Add a row."""
        self._rows[row.sid] = row
        insort(self._order, row.sid)
        self.numbers.update(row.numbers)

    def remove(self, row: Row) -> None:
        """Remove a row."""
        del self._rows[row.sid]
        del self._order[bisect_left(self._order, row.sid)]
        self.numbers.subtract(row.numbers)


class Standings:
    """The rows of a run.

    Attributes:
        failed: Those that failed.
        under_way: Those that are worked on.
        finished: All others.
        longest_name: The cells that the longest name of all takes.
        longest_status: The cells that the longest status of all takes, in words.
    """

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.failed, self.under_way, self.finished = Group(), Group(), Group()
        self.longest_name = self.longest_status = 0
        self._rows: dict[str, Row] = {}
        self.take_in(rows)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def through(self) -> int:
        """How many are worked through, however they came out."""
        return len(self.failed) + len(self.finished)

    @property
    def numbers(self) -> Counter[Stage]:
        """The numbers of all, by stage."""
        return self.failed.numbers + self.under_way.numbers + self.finished.numbers

    def take_in(self, rows: Iterable[Row]) -> None:
        """Take in rows that are new or have changed."""
        for row in rows:
            if before := self._rows.get(row.sid):
                self._group(before).remove(before)
            self._rows[row.sid] = row
            self._group(row).add(row)
            self.longest_name = max(self.longest_name, cell_len(visible(row.friendly_name)))
            self.longest_status = max(self.longest_status, len(status(row.status, row.numbers)))

    def first(self, most: int, to_come: int) -> tuple[list[Row], bool]:
        """Choose which rows are shown by themselves: what failed, then what is under way, then the rest.

        Args:
            most: How many fit on the screen.
            to_come: How many there will be: what will not fit in the end is folded from the beginning.

        Returns:
            The rows, and whether those that are finished are folded into one.
        """
        if max(len(self), to_come) <= most:
            return [*self.failed, *self.under_way, *self.finished], False
        room = most - bool(self.finished)
        others = len(self.failed) + len(self.under_way)
        shown = room if others <= room else max(0, room - 1)
        return list(islice(chain(self.failed, self.under_way), shown)), bool(self.finished)

    def _group(self, row: Row) -> Group:
        return {FAILED: self.failed, UNDER_WAY: self.under_way}.get(row.status, self.finished)
