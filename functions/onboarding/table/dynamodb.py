"""How items reach DynamoDB and come back: plain dictionaries in and out, batches to their end, conditions as errors."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from decimal import Decimal
from itertools import batched
from typing import TYPE_CHECKING, Any, NamedTuple

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from pydantic import BaseModel, ValidationError

from onboarding.errors import AwsUnavailable
from onboarding.masking import mask
from onboarding.side_by_side import side_by_side
from onboarding.validation import describe

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

type Item = dict[str, Any]

DAY_SECONDS = 86_400
KEYS_PER_BATCH_GET = 100
ITEMS_PER_BATCH_WRITE = 25
BATCH_ATTEMPTS = 6
AT_ONCE = 8
"""Fewer than the connections that a client keeps."""

VERSION, FORM = "item_version", 1
"""The attribute that names the form of an item, and the form that this code reads and writes; without one it is 1."""
NOT_NEWER = f"(attribute_not_exists({VERSION}) OR (attribute_type({VERSION}, :number) AND {VERSION} <= :form))"
OUR_FORM = {"form": FORM, "number": "N"}
"""The condition that no later version of this project wrote an item, and its values."""

_logger = logging.getLogger(__name__)
_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


class ConditionFailed(Exception):  # noqa: N818 - says what happened
    """The item is not as the condition demands; nothing was written."""


class Key(NamedTuple):
    """The primary key of an item."""

    pk: str
    sk: str


class IfAbsent(NamedTuple):
    """A value for an attribute that an item may not have yet; one that it has stays as it is."""

    value: Any


class Table:
    """One table with the keys `pk` and `sk`.

    Only a batch overwrites an item that a later version of this project wrote: check `is_newer` before.

    Args:
        client: A DynamoDB client.
        name: The table's name.
    """

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._client = client
        self._name = name

    def for_each[Given, Result](self, do: Callable[[Given], Result], items: Iterable[Given]) -> list[Result]:
        """Do a thing that asks the table for each item, several side by side; see `side_by_side`."""
        return side_by_side(do, items, AT_ONCE)

    def get(self, key: Key) -> Item | None:
        """Read an item as it is now."""
        answer = self._client.get_item(TableName=self._name, Key=_attributes(key._asdict()), ConsistentRead=True)
        return plain(answer["Item"]) if "Item" in answer else None

    def put(self, key: Key, item: Item) -> None:
        """Write an item, unless a later version of this project wrote it."""
        with suppress(ConditionFailed):
            self.put_if(key, item)

    def put_if(self, key: Key, item: Item, *, condition: str | None = None, values: Item | None = None) -> None:
        """Write an item over another.

        Raises:
            ConditionFailed: The condition does not hold, or a later version of this project wrote the item.
        """
        try:
            self._client.put_item(
                TableName=self._name,
                Item=_attributes(key._asdict() | item),
                ConditionExpression=_not_newer(condition),
                ExpressionAttributeValues=_values((values or {}) | OUR_FORM),
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise ConditionFailed from error

    def update(
        self,
        key: Key,
        changes: Item,
        *,
        remove: Iterable[str] = (),
        condition: str | None = None,
        values: Item | None = None,
    ) -> Item:
        """Change attributes of an item; make the item if there is none.

        Args:
            key: Which item.
            changes: The attributes to set; one that is `IfAbsent` only where the item has none of its name.
            remove: The attributes to remove.
            condition: What must hold, with `:name` for the values; None for nothing.
            values: The condition's values; those of `changes` can be used too.

        Returns:
            The item as it was before, empty if there was none.

        Raises:
            ConditionFailed: The condition does not hold, or a later version of this project wrote the item.
        """
        removed = list(remove)
        clauses = []
        if changes:
            clauses.append("SET " + ", ".join(_clause(name, value) for name, value in changes.items()))
        if removed:
            clauses.append("REMOVE " + ", ".join(f"#{name}" for name in removed))
        try:
            answer = self._client.update_item(
                TableName=self._name,
                Key=_attributes(key._asdict()),
                UpdateExpression=" ".join(clauses),
                ConditionExpression=_not_newer(condition),
                ExpressionAttributeNames={f"#{name}": name for name in [*changes, *removed]},
                ExpressionAttributeValues=_values(changes | (values or {}) | OUR_FORM),
                ReturnValues="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise ConditionFailed from error
        return plain(answer.get("Attributes", {}))

    def delete_batch(self, keys: Iterable[Key]) -> None:
        """Delete items, whatever they are."""
        self._write_batch({"DeleteRequest": {"Key": _attributes(key._asdict())}} for key in keys)

    def delete(self, key: Key, *, condition: str, values: Item) -> None:
        """Delete an item.

        Raises:
            ConditionFailed: The condition does not hold.
        """
        try:
            self._client.delete_item(
                TableName=self._name,
                Key=_attributes(key._asdict()),
                ConditionExpression=condition,
                ExpressionAttributeValues=_values(values),
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise ConditionFailed from error

    def query(
        self, pk: str, sk_prefix: str, *, only: str | None = None, page_size: int | None = None
    ) -> Iterator[Item]:
        """Read the items of a partition in the order of their keys.

        Args:
            pk: The partition.
            sk_prefix: What their sort keys begin with.
            only: The one attribute to return, None for all.
            page_size: How many items to read at once, for a search that ends early; None for as many as fit.
        """
        options: Any = {"ProjectionExpression": only} if only else {}
        if page_size:
            options["PaginationConfig"] = {"PageSize": page_size}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues={":pk": {"S": pk}, ":sk": {"S": sk_prefix}},
            ConsistentRead=True,
            **options,
        )
        for page in pages:
            yield from map(plain, page["Items"])

    def get_batch(self, keys: Iterable[Key]) -> Iterator[Item]:
        """Read the items of these keys that exist, in any order."""
        for batch in batched(keys, KEYS_PER_BATCH_GET, strict=False):
            keys_ = [_attributes(key._asdict()) for key in batch]
            pending: Any = {self._name: {"Keys": keys_, "ConsistentRead": True}}
            for _ in _attempts("reading"):
                answer = self._client.batch_get_item(RequestItems=pending)
                yield from map(plain, answer["Responses"].get(self._name, []))
                pending = answer["UnprocessedKeys"]
                if not pending:
                    break

    def put_batch(self, items: Iterable[tuple[Key, Item]]) -> None:
        """Write items, whatever was there."""
        self._write_batch({"PutRequest": {"Item": _attributes(key._asdict() | item)}} for key, item in items)

    def _write_batch(self, requests: Iterable[Item]) -> None:
        for batch in batched(requests, ITEMS_PER_BATCH_WRITE, strict=False):
            pending: Any = {self._name: list(batch)}
            for _ in _attempts("writing"):
                pending = self._client.batch_write_item(RequestItems=pending)["UnprocessedItems"]
                if not pending:
                    break


def _attempts(doing: str) -> Iterator[None]:
    for attempt in range(BATCH_ATTEMPTS):
        if attempt:
            time.sleep(0.05 * 2**attempt)
        yield
    raise AwsUnavailable(f"DynamoDB kept putting off {doing} a batch of items; send the request again later.")


def _clause(name: str, value: Any) -> str:
    return f"#{name} = if_not_exists(#{name}, :{name})" if isinstance(value, IfAbsent) else f"#{name} = :{name}"


def _not_newer(condition: str | None) -> str:
    return f"({condition}) AND {NOT_NEWER}" if condition else NOT_NEWER


def _values(values: Item) -> Any:
    return {
        f":{name}": _serialize(value.value if isinstance(value, IfAbsent) else value) for name, value in values.items()
    }


def _attributes(item: Item) -> Any:
    return {name: _serialize(value) for name, value in item.items()}


def plain(item: Any) -> Item:
    """Read an item that is in DynamoDB's own JSON."""
    return {name: _deserialize(value) for name, value in item.items()}


def to_item(model: BaseModel, **options: Any) -> Item:
    """Write a model as an item, without what it leaves out.

    Args:
        model: What is recorded.
        options: Those of pydantic's `model_dump`.
    """
    return model.model_dump(mode="json", exclude_none=True, **options)


def from_item[Model: BaseModel](model: type[Model], item: Item) -> Model:
    """Read an item as a model, without the attributes that only the table needs."""
    return model.model_validate({name: item[name] for name in model.model_fields if name in item})


def is_newer(item: Item) -> bool:
    """Say whether a later version of this project wrote an item in a form that this one must not overwrite."""
    version = item.get(VERSION, FORM)
    return not isinstance(version, int | Decimal) or version > FORM


def readable[Model: BaseModel](model: type[Model], item: Item) -> Model | None:
    """Read an item as `from_item` does; log one that is damaged or of a later version, and return None for it."""
    why = "a later version of this project wrote it"
    if not is_newer(item):
        try:
            return from_item(model, item)
        except ValidationError as error:
            why = mask(describe(error))
    _logger.warning("An item of the progress table cannot be read: %s, %s (%s)", item.get("pk"), item.get("sk"), why)
    return None


def readable_ones[Model: BaseModel](model: type[Model], items: Iterable[Item]) -> Iterator[Model]:
    """Read those of the items that can be read."""
    return (record for item in items if (record := readable(model, item)))


def expires_after(seconds: float) -> Item:
    """Give the attribute by which DynamoDB deletes an item, so many seconds from now."""
    return {"expires_at": int(time.time() + seconds)}
