"""What is written to a table of moto's, told as a stream of DynamoDB tells it, but before the operation is answered."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.responses import DynamoHandler

from shaken_stir.engine.intrinsics import ACCOUNT, REGION
from shaken_stir.engine.items import Attributes, Change, ItemKey, key_of

READS: Final = ("Get", "BatchGet", "TransactGet", "Query", "Scan", "Describe", "List")
NAME_THEIR_ITEMS: Final = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"})


@contextmanager
def heard(table_name: str, hear: Callable[[list[Change]], object]) -> Iterator[None]:
    """Tell of all items that a table holds, then of those that an operation may have changed, before it is answered.

    Args:
        table_name: A table with the keys `pk` and `sk`; there is no other that is written to.
        hear: Called with what one operation changed, by one thread at a time, in the order of the operations.
    """
    table = dynamodb_backends[ACCOUNT][REGION].tables[table_name]
    call_action, one_at_a_time = DynamoHandler.call_action, threading.Lock()

    def call_action_and_tell(handler: Any) -> Any:
        action = action_of(handler)
        if action.startswith(READS):
            return call_action(handler)
        with one_at_a_time:
            before = set() if action in NAME_THEIR_ITEMS else _keys(table)
            answer = call_action(handler)
            after = _touched(action, handler.body) if action in NAME_THEIR_ITEMS else _keys(table)
            hear([Change(key, _item(table, key)) for key in before | after])
        return answer

    with patch.object(DynamoHandler, "call_action", call_action_and_tell):
        with one_at_a_time:
            hear([Change(key, _item(table, key)) for key in _keys(table)])
        yield


def action_of(handler: Any) -> str:
    """Name the operation that a handler of moto's is called for."""
    return str(handler._get_action())  # noqa: SLF001 - moto has no other name for it


def _touched(action: str, body: Mapping[str, Any]) -> set[ItemKey]:
    """The items that an operation may have changed, of those that name them."""
    match action:
        case "PutItem":
            return {key_of(body["Item"])}
        case "BatchWriteItem":
            requests = [request for requests in body["RequestItems"].values() for request in requests]
            return {
                key_of(it["PutRequest"]["Item"] if "PutRequest" in it else it["DeleteRequest"]["Key"])
                for it in requests
            }
        case _:
            return {key_of(body["Key"])}


def _keys(table: Any) -> set[ItemKey]:
    # Copies, since somebody who reads may make an empty partition meanwhile.
    return {ItemKey(pk.value, sk.value) for pk, items in list(table.items.items()) for sk in list(items)}


def _item(table: Any, key: ItemKey) -> Attributes | None:
    found = table.get_item(DynamoType({"S": key.pk}), DynamoType({"S": key.sk}))
    return dict(found.to_json()["Attributes"]) if found else None
