"""What earlier runs have recorded, read from the items of a state file as the functions read the table."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, override

from onboarding.phone_numbers import PhoneNumberRecord
from onboarding.table.dynamodb import Item, Key, Table, from_item, plain


class ItemsAtRest(Table):
    """A table's items, to be read and no more; without items it is the table of a first run."""

    def __init__(self) -> None:
        self._partitions: dict[str, dict[str, Item]] = defaultdict(dict)

    def add(self, item: Any) -> None:
        """Take in an item in DynamoDB's own JSON.

        Raises:
            ArithmeticError, AttributeError, LookupError, TypeError, ValueError: It is none of the table's.
        """
        read = plain(item)
        if read["pk"].startswith("SUBACCOUNT#") and read["sk"].startswith("NUMBER#"):
            from_item(PhoneNumberRecord, read)
        self._partitions[read["pk"]][read["sk"]] = read

    @override
    def get(self, key: Key) -> Item | None:
        """Read an item."""
        return self._partitions.get(key.pk, {}).get(key.sk)

    @override
    def query(self, pk: str, sk_prefix: str, *, only: str | None = None) -> Iterator[Item]:
        """Read the items of a partition in the order of their keys, whole."""
        found = self._partitions.get(pk, {})
        return (found[sk] for sk in sorted(found) if sk.startswith(sk_prefix))
