"""The progress table of a state file, for commands that read it or record what they learned, without an engine."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, override

from boto3.dynamodb.types import TypeSerializer

from onboarding.table.dynamodb import IfAbsent, Item, Key, Table, plain

_serialize = TypeSerializer().serialize


class SavedTable(Table):
    """The items of a state file in memory; without items it is the table of a first run.

    Its one writer has the state file locked, so a condition that held when an item was read still holds, and is not
    evaluated again.

    Attributes:
        changed: Whether an item was changed since they were added.
    """

    def __init__(self) -> None:
        self.changed = False
        self._partitions: dict[str, dict[str, Item]] = defaultdict(dict)

    def add(self, item: Any) -> None:
        """Add an item in DynamoDB's own JSON.

        Raises:
            ArithmeticError, AttributeError, LookupError, TypeError, ValueError: It is not an item of this table.
        """
        read = plain(item)
        if not isinstance(read["pk"], str) or not isinstance(read["sk"], str):
            raise TypeError("the key is not a text")
        if not _is_finite(read):
            raise ValueError(f"{read['pk']}, {read['sk']} has a number that is not finite")
        self._partitions[read["pk"]][read["sk"]] = read

    def items(self) -> list[dict[str, Any]]:
        """Return all items in DynamoDB's own JSON."""
        items = (item for partition in self._partitions.values() for item in partition.values())
        return [{name: _serialize(value) for name, value in item.items()} for item in items]

    @override
    def get(self, key: Key) -> Item | None:
        return self._partitions.get(key.pk, {}).get(key.sk)

    @override
    def get_batch(self, keys: Iterable[Key]) -> Iterator[Item]:
        return (item for key in keys if (item := self.get(key)))

    @override
    def query(
        self, pk: str, sk_prefix: str, *, only: str | None = None, page_size: int | None = None
    ) -> Iterator[Item]:
        found = self._partitions.get(pk, {})
        return (found[sk] for sk in sorted(found) if sk.startswith(sk_prefix))

    @override
    def put(self, key: Key, item: Item) -> None:
        written = key._asdict() | plain({name: _serialize(it) for name, it in item.items()})
        self.changed = self.changed or self.get(key) != written
        self._partitions[key.pk][key.sk] = written

    @override
    def put_if(self, key: Key, item: Item, *, condition: str | None = None, values: Item | None = None) -> None:
        self.put(key, item)

    @override
    def put_batch(self, items: Iterable[tuple[Key, Item]]) -> None:
        for key, item in items:
            self.put(key, item)

    @override
    def update(
        self,
        key: Key,
        changes: Item,
        *,
        remove: Iterable[str] = (),
        condition: str | None = None,
        values: Item | None = None,
    ) -> Item:
        before = self.get(key) or {}
        kept = {name: value for name, value in before.items() if name not in set(remove)}
        self.put(key, kept | {name: _changed(before.get(name), value) for name, value in changes.items()})
        return before


def _is_finite(value: Any) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite()
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(map(_is_finite, parts))


def _changed(before: Any, value: Any) -> Any:
    if not isinstance(value, IfAbsent):
        return value
    return value.value if before is None else before
