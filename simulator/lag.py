"""Lists that lag: what was just created can be fetched at once, but is listed only some time later."""

import time
from collections.abc import Sequence

from simulator.records import Record


class Lag:
    """By how much lists lag behind creates; whoever asks or changes it holds the state's lock.

    Args:
        seconds: The lag to begin with.
        time_scale: The factor by which it is longer than said.
    """

    def __init__(self, seconds: float, *, time_scale: float) -> None:
        self._time_scale = time_scale
        self._unlisted: list[Record] = []
        self.seconds = seconds

    def change(self, seconds: float) -> None:
        """Have another lag from now on; nothing that is still to be listed takes longer than that."""
        self.seconds = seconds
        latest = self._from_now()
        for record in self._unlisted:
            record.listed_from = min(record.listed_from, latest)

    def hold_back(self, record: Record) -> None:
        """Keep a record that was just created out of the lists for a while."""
        if self.seconds:
            record.listed_from = self._from_now()
            self._unlisted.append(record)

    def listed[R: Record](self, records: Sequence[R]) -> Sequence[R]:
        """Those of the records that lists show by now."""
        now = time.monotonic()
        self._unlisted = [record for record in self._unlisted if record.listed_from > now]
        if not self._unlisted:
            return records
        return [record for record in records if record.listed_from <= now]

    def _from_now(self) -> float:
        return time.monotonic() + self.seconds * self._time_scale
