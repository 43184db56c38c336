"""What shows each bug of moto's DynamoDB, and of what all of its services share: it says whether the bug is there."""

import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
import requests.adapters
from botocore.auth import SigV4Auth
from botocore.useragent import UserAgentString
from moto.core.serialize import ResponseSerializer
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.parsing.executors import UpdateExpressionExecutor
from moto.dynamodb.parsing.tokens import ExpressionTokenizer
from moto.dynamodb.parsing.validators import EmptyStringKeyValueValidator
from moto.dynamodb.responses import DynamoHandler
from moto.s3.models import s3_backends

from shaken_stir.engine.moto_patches import dynamodb, every_service
from tests.engine.moto_running import Bug, Moto

TABLE = "t"


@contextmanager
def calls_of(where: Any, name: str, noted: Callable[..., object]) -> Iterator[list[Any]]:
    """What calls of a method are noted as, while it works as ever."""
    seen: list[Any] = []
    real = getattr(where, name)

    def note(*arguments: Any, **options: Any) -> Any:
        seen.append(noted(*arguments, **options))
        return real(*arguments, **options)

    with patch.object(where, name, note):
        yield seen


def shows_what_is_being_written(moto: Moto) -> bool:
    table = moto.table(TABLE, "pk")
    key: Any = {"pk": {"S": "new"}}
    seen: list[Any] = []
    reader = threading.Thread(target=lambda: seen.append(table.get_item(TableName=TABLE, Key=key).get("Item")))
    execute = UpdateExpressionExecutor.execute

    def execute_while_read(executor: Any, *arguments: Any) -> Any:
        if reader.ident is None:  # the expression's parts are executed one within the other
            reader.start()
            reader.join(0.3)
        return execute(executor, *arguments)

    with patch.object(UpdateExpressionExecutor, "execute", execute_while_read):
        table.update_item(
            TableName=TABLE, Key=key, UpdateExpression="SET a = :a", ExpressionAttributeValues={":a": {"S": "x"}}
        )
    reader.join()
    return seen == [key]


def sorts_the_whole_table(moto: Moto) -> bool:
    table = moto.table(TABLE, "pk", "sk")
    for pk, sk in (("asked", "1"), ("other", "3"), ("other", "2"), ("asked", "2"), ("asked", "0")):
        table.put_item(TableName=TABLE, Item={"pk": {"S": pk}, "sk": {"S": sk}})
    with calls_of(DynamoType, "__lt__", lambda one, other: {one.value, other.value}) as compared:
        found = table.query(
            TableName=TABLE, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": "asked"}}
        )
    assert [item["sk"]["S"] for item in found["Items"]] == ["0", "1", "2"]
    return any("3" in values or "other" in values for values in compared)


def looks_under_every_type(moto: Moto) -> bool:
    table = moto.table(TABLE, "pk")
    item: Any = {
        "pk": {"S": "a"},
        "data": {"B": b"\x00\xff"},
        "deep": {"M": {"list": {"L": [{"N": "1"}, {"M": {"yes": {"BOOL": True}}}, {"B": b"\xfe"}]}}},
        "nothing": {"NULL": True},
        "several": {"SS": ["x", "y"]},
    }
    table.put_item(TableName=TABLE, Item=item)
    with calls_of(ResponseSerializer, "get_value", lambda _, value, key, shape: key) as looked_for:  # noqa: ARG005
        assert table.get_item(TableName=TABLE, Key={"pk": {"S": "a"}})["Item"] == item
    return "NS" in looked_for


def lists_node_types_again(moto: Moto) -> bool:
    table = moto.table(TABLE, "pk")
    update: Any = {
        "TableName": TABLE,
        "Key": {"pk": {"S": "a"}},
        "UpdateExpression": "SET a = :a, b = :b REMOVE c",
        "ExpressionAttributeValues": {":a": {"S": "1"}, ":b": {"S": "2"}},
        "ReturnValues": "ALL_NEW",
    }
    table.update_item(**update)
    with calls_of(EmptyStringKeyValueValidator, "_processing_map", lambda _: None) as listed:
        assert table.update_item(**update)["Attributes"] == {"pk": {"S": "a"}, "a": {"S": "1"}, "b": {"S": "2"}}
    processed = 2  # what it does with each of the two values that are set
    return len(listed) > processed


def parses_again(moto: Moto) -> bool:
    table = moto.table(TABLE, "pk")
    update: Any = {"TableName": TABLE, "UpdateExpression": "SET a = :a REMOVE b", "ReturnValues": "ALL_NEW"}

    def set_to(value: str) -> Any:
        values = {":a": {"S": value}}
        return table.update_item(**update, Key={"pk": {"S": "a"}}, ExpressionAttributeValues=values)["Attributes"]["a"]

    assert set_to("1") == {"S": "1"}
    with calls_of(ExpressionTokenizer, "make_list", lambda text: text) as parsed:
        assert set_to("2") == {"S": "2"}
    return update["UpdateExpression"] in parsed


def signs_and_takes_apart(moto: Moto) -> bool:
    table = moto.table(TABLE, "pk")
    item: Any = {"pk": {"S": "a"}, "deep": {"M": {"list": {"L": [{"N": "1"}, {"BOOL": False}]}}}}
    table.put_item(TableName=TABLE, Item=item)
    with (
        calls_of(SigV4Auth, "add_auth", lambda *_: "signed") as done,
        calls_of(DynamoHandler, "setup_class", lambda *_, **__: "taken apart") as apart,
        calls_of(UserAgentString, "_build_os_metadata", lambda _: "named") as named,
    ):
        assert table.get_item(TableName=TABLE, Key={"pk": {"S": "a"}})["Item"] == item
        with pytest.raises(table.exceptions.ConditionalCheckFailedException, match="conditional request failed"):
            table.put_item(TableName=TABLE, Item=item, ConditionExpression="attribute_not_exists(pk)")
    return bool(done or apart or named)


def lists_operations_again(moto: Moto) -> bool:
    table = moto.table(TABLE, "pk")
    table.list_tables()
    with calls_of(inspect, "getmembers", lambda *_, **__: None) as listed:
        table.list_tables()
    return bool(listed)


def intercepts_requests(_: Moto) -> bool:
    return requests.adapters.HTTPAdapter.send.__module__ != "requests.adapters"


def loads_addresses_again(_: Moto) -> bool:
    addresses = s3_backends["123456789012"]["aws"]._url_module.url_paths
    return addresses is not s3_backends["123456789012"]["aws"]._url_module.url_paths


BUGS: list[Bug] = [
    (dynamodb.an_item_is_seen_while_it_is_written, shows_what_is_being_written),
    (dynamodb.a_query_sorts_the_whole_table, sorts_the_whole_table),
    (dynamodb.a_value_is_looked_for_under_every_type, looks_under_every_type),
    (dynamodb.node_types_are_listed_for_every_node, lists_node_types_again),
    (dynamodb.an_update_is_parsed_at_every_use, parses_again),
    (dynamodb.a_request_is_signed_and_taken_apart_like_any, signs_and_takes_apart),
    (every_service.operations_are_listed_at_every_request, lists_operations_again),
    (every_service.requests_to_anywhere_are_intercepted, intercepts_requests),
    (every_service.addresses_of_s3_are_loaded_at_every_request, loads_addresses_again),
]
