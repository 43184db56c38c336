"""An item of the progress table in DynamoDB's own JSON: its key, and a change of it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

type Attributes = Mapping[str, Any]


class ItemKey(NamedTuple):
    """The primary key of an item."""

    pk: str
    sk: str


class Change(NamedTuple):
    """An item after a write, in DynamoDB's own JSON; None if the write deleted it."""

    key: ItemKey
    item: Attributes | None


def key_of(attributes: Attributes) -> ItemKey:
    """Return the primary key of an item."""
    return ItemKey(str(attributes["pk"]["S"]), str(attributes["sk"]["S"]))
