"""A table of moto's, written down after each operation that changed it, before the operation is answered."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NamedTuple
from unittest.mock import patch

from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.responses import DynamoHandler

READS: Final = ("Get", "BatchGet", "TransactGet", "Query", "Scan", "Describe", "List")


class ItemKey(NamedTuple):
    """The primary key of an item."""

    pk: str
    sk: str


class Keeper:
    """Writes a table's items after each operation that changed one; operations at once share a write.

    Args:
        table: moto's table.
        write: Writes all items, each a line of JSON.
    """

    def __init__(self, table: Any, write: Callable[[Iterable[str]], None]) -> None:
        self._write = write
        self._table = table
        self._lines = {key_of(item.attrs): _line(item) for item in table.all_items()}
        self._version = 0
        self._on_disk = -1
        self._table_lock = threading.Lock()
        self._file_lock = threading.Lock()

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Keep what is written as the table is, until the end of the block."""
        call_action = DynamoHandler.call_action

        def call_action_and_keep(handler: Any) -> Any:
            with self._table_lock:
                answer, before = call_action(handler), self._version
                self._take_in(str(handler._get_action()), handler.body)  # noqa: SLF001
                version = self._version
            if version > before:
                self._save(version)
            return answer

        self._save(0)
        with patch.object(DynamoHandler, "call_action", call_action_and_keep):
            yield

    def _take_in(self, action: str, body: Mapping[str, Any]) -> None:
        if action.startswith(READS):
            return
        touched = _touched(action, body)
        keys = {key_of(it.attrs) for it in self._table.all_items()} | self._lines.keys() if touched is None else touched
        for key in keys:
            item = self._table.get_item(DynamoType({"S": key.pk}), DynamoType({"S": key.sk}))
            line = _line(item) if item else None
            if line == self._lines.get(key):
                continue
            self._version += 1
            if line is None:
                del self._lines[key]
            else:
                self._lines[key] = line

    def _save(self, version: int) -> None:
        with self._file_lock:
            if self._on_disk >= version:
                return
            with self._table_lock:
                version, lines = self._version, list(self._lines.values())
            self._write(lines)
            self._on_disk = version


def _touched(action: str, body: Mapping[str, Any]) -> set[ItemKey] | None:
    """The items that an operation may have changed, None for any."""
    match action:
        case "PutItem":
            return {key_of(body["Item"])}
        case "UpdateItem" | "DeleteItem":
            return {key_of(body["Key"])}
        case "BatchWriteItem":
            requests = [request for requests in body["RequestItems"].values() for request in requests]
            return {
                key_of(it["PutRequest"]["Item"] if "PutRequest" in it else it["DeleteRequest"]["Key"])
                for it in requests
            }
        case _:
            return None


def key_of(attributes: Mapping[str, Any]) -> ItemKey:
    """Give the primary key of an item."""
    return ItemKey(_text(attributes["pk"]), _text(attributes["sk"]))


def _text(attribute: Any) -> str:
    return str(attribute.value if isinstance(attribute, DynamoType) else attribute["S"])


def _line(item: Any) -> str:
    return json.dumps(item.to_json()["Attributes"])
