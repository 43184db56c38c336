"""A fleet's items where a page reads them; a test can exchange them, or let the reading fail."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from onboarding.table.dynamodb import Table
from shaken_stir.live.saved_table import SavedTable
from shaken_stir.status.source import Source, SourceError
from tools.example_fleet import items

PLACE = "stack shaken-stir, us-east-1"


def example(subaccounts: int = 100, numbers: int = 5) -> list[dict[str, Any]]:
    return list(items(subaccounts, numbers, datetime.now(UTC)))


class Shelf:
    """A table that is read as a state file is.

    Attributes:
        problem: Why it cannot be read, empty if it can.
        looks: How often it was read.
    """

    def __init__(self, wanted: Iterable[dict[str, Any]]) -> None:
        self.problem = ""
        self.looks = 0
        self.source = Source(PLACE, self._look)
        self.put(wanted)

    def put(self, wanted: Iterable[dict[str, Any]]) -> None:
        """Have these items and no others."""
        table = SavedTable()
        for item in wanted:
            table._partitions[item["pk"]][item["sk"]] = item
        self.table = table

    def _look(self) -> Table:
        self.looks += 1
        if self.problem:
            raise SourceError(self.problem)
        return self.table
