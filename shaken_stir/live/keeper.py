"""A table of moto's, written down after each operation that changed it, before the operation is answered."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto.dynamodb.responses import DynamoHandler

from shaken_stir.engine import stream
from shaken_stir.engine.items import Attributes, Change, ItemKey
from shaken_stir.live import journal


class Keeper:
    """Writes down what operations change; operations at once share a write.

    Args:
        table_name: The table in moto.
        write: Writes all items.
        append: Writes what has changed since: a line of the journal for each operation.
    """

    def __init__(
        self,
        table_name: str,
        write: Callable[[Iterable[Attributes]], object],
        append: Callable[[Iterable[str]], object],
    ) -> None:
        self._table_name = table_name
        self._write = write
        self._append = append
        self._items: dict[ItemKey, Attributes] = {}
        self._to_be_written: list[str] = []
        self._lock = threading.Lock()

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Keep what is written as the table is, until the end of the block."""
        with stream.heard(self._table_name, self._take_in):
            self._to_be_written.clear()
            self._write(self.items())
            call_action = DynamoHandler.call_action

            def call_action_and_keep(handler: Any) -> Any:
                answer = call_action(handler)
                if not stream.action_of(handler).startswith(stream.READS):
                    self._save()
                return answer

            with patch.object(DynamoHandler, "call_action", call_action_and_keep):
                yield

    def items(self) -> list[Attributes]:
        """Give the table's items."""
        return list(self._items.values())

    def _take_in(self, changes: Iterable[Change]) -> None:
        changed = [change for change in changes if change.item != self._items.get(change.key)]
        for key, item in changed:
            if item is None:
                del self._items[key]
            else:
                self._items[key] = item
        if changed:
            self._to_be_written.append(journal.as_line(changed))

    def _save(self) -> None:
        """Write what is not on disk yet. What cannot be written now is written with what comes next."""
        with self._lock:
            count = len(self._to_be_written)
            if count:
                self._append(self._to_be_written[:count])
                del self._to_be_written[:count]
