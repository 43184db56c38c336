"""What has changed since a state file was written whole: a line for each operation, in a file beside it.

So a write costs what it changes, however much the state file holds. The first line names the state file by its digest:
a journal that goes on from another one, such as one that was taken into the state file already, is nobody's.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from shaken_stir.engine.items import Change, ItemKey

OWNER_ONLY: Final = 0o600


class JournalDamagedError(Exception):
    """The journal cannot be read; the text says why in a few words."""


class KeyAttribute(BaseModel):
    """An attribute of a key, in DynamoDB's own JSON."""

    model_config = ConfigDict(extra="forbid")

    S: Annotated[str, StringConstraints(min_length=1)]


class StoredItem(BaseModel):
    """An item in DynamoDB's own JSON."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Annotated[dict[str, Any], "a type and a value"]]

    pk: KeyAttribute
    sk: KeyAttribute


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Literal[1]
    goes_on_from: str


class _Operation(BaseModel):
    """What one operation has put and deleted."""

    model_config = ConfigDict(extra="forbid")

    put: list[StoredItem] = []
    delete: list[tuple[str, str]] = []


class Journal:
    """The journal of a state file.

    Args:
        path: Where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._head = ""
        self._length = 0

    def begin(self, state: bytes) -> None:
        """Begin anew after the state file was written, which holds all that the journal did.

        Args:
            state: What the state file holds.

        Raises:
            OSError: What is there cannot be removed.
        """
        self._head, self._length = _Head(format=1, goes_on_from=_digest(state)).model_dump_json(), 0
        self.path.unlink(missing_ok=True)

    def append(self, operations: Iterable[str]) -> None:
        """Add what operations have changed, and have it on disk.

        Args:
            operations: Each as `as_line` puts it.

        Raises:
            OSError: It cannot be written. What is half written by then is written over by what is added next.
        """
        head, create = ([], 0) if self._length else ([self._head], os.O_CREAT)
        text = "".join(f"{line}\n" for line in (*head, *operations)).encode()
        descriptor = os.open(self.path, os.O_WRONLY | create, OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as file:
            file.seek(self._length)
            file.truncate()
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        self._length += len(text)

    def read(self, state: bytes) -> list[Change]:
        """Read what has changed since the state file was written, in order; nothing if there is none.

        Args:
            state: What the state file holds.

        Raises:
            JournalDamagedError: A line is none of a journal's.
            OSError: It cannot be read.
        """
        try:
            # What follows the last line's end is of a run that was killed while it wrote: it was never answered.
            *lines, _ = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        try:
            if not lines or _Head.model_validate_json(lines[0]).goes_on_from != _digest(state):
                return []
            operations = [_Operation.model_validate_json(line) for line in lines[1:]]
        except ValidationError as error:
            raise JournalDamagedError(error.errors()[0]["msg"]) from None
        return [change for operation in operations for change in _changes(operation)]


def as_line(changes: Iterable[Change]) -> str:
    """Put what one operation has changed into a line."""
    changed = list(changes)
    put = [change.item for change in changed if change.item is not None]
    return json.dumps({"put": put, "delete": [change.key for change in changed if change.item is None]})


def _changes(operation: _Operation) -> list[Change]:
    put = [Change(ItemKey(item.pk.S, item.sk.S), item.model_dump()) for item in operation.put]
    return put + [Change(ItemKey(*key), None) for key in operation.delete]


def _digest(state: bytes) -> str:
    return hashlib.sha256(state).hexdigest()
