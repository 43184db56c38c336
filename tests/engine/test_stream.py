"""What is heard of the items of a table."""

from collections.abc import Iterator
from typing import Any

import pytest

from shaken_stir.engine import stream
from shaken_stir.engine.items import Change
from tests.engine.moto_running import running

TABLE = "t"


def key(name: str) -> dict[str, Any]:
    return {"pk": {"S": "p"}, "sk": {"S": name}}


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with running() as moto:
        yield moto.table(TABLE, "pk", "sk")


class Heard:
    """What was heard: the names of the items, with what they hold beside their keys."""

    def __init__(self) -> None:
        self.last: dict[str, Any] = {}

    def __call__(self, changes: list[Change]) -> None:
        self.last = {change.key.sk: change.item and change.item.get("a", {}).get("S") for change in changes}


def test_what_is_there_is_heard_first_and_then_each_write_before_it_is_answered(dynamodb: Any) -> None:
    heard = Heard()
    dynamodb.put_item(TableName=TABLE, Item=key("old") | {"a": {"S": "1"}})

    with stream.heard(TABLE, heard):
        assert heard.last == {"old": "1"}
        dynamodb.put_item(TableName=TABLE, Item=key("new") | {"a": {"S": "2"}})
        assert heard.last == {"new": "2"}
        dynamodb.update_item(
            TableName=TABLE,
            Key=key("old"),
            UpdateExpression="SET a = :a",
            ExpressionAttributeValues={":a": {"S": "3"}},
        )
        assert heard.last == {"old": "3"}
        written = [{"DeleteRequest": {"Key": key("old")}}, {"PutRequest": {"Item": key("new") | {"a": {"S": "4"}}}}]
        dynamodb.batch_write_item(RequestItems={TABLE: written})
        assert heard.last == {"old": None, "new": "4"}
        dynamodb.delete_item(TableName=TABLE, Key=key("new"))
        assert heard.last == {"new": None}

    dynamodb.put_item(TableName=TABLE, Item=key("later"))
    assert heard.last == {"new": None}


def test_an_operation_that_does_not_name_its_items_tells_of_all(dynamodb: Any) -> None:
    heard = Heard()
    dynamodb.put_item(TableName=TABLE, Item=key("old") | {"a": {"S": "1"}})

    with stream.heard(TABLE, heard):
        added: Any = [
            {"Put": {"TableName": TABLE, "Item": key("new") | {"a": {"S": "2"}}}},
            {"Delete": {"TableName": TABLE, "Key": key("old")}},
        ]
        dynamodb.transact_write_items(TransactItems=added)

    assert heard.last == {"new": "2", "old": None}


def test_what_is_read_and_what_was_refused_changes_nothing(dynamodb: Any) -> None:
    heard = Heard()
    with stream.heard(TABLE, heard):
        dynamodb.put_item(TableName=TABLE, Item=key("a") | {"a": {"S": "1"}})
        dynamodb.get_item(TableName=TABLE, Key=key("a"))
        dynamodb.scan(TableName=TABLE)
        with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
            dynamodb.put_item(TableName=TABLE, Item=key("a"), ConditionExpression="attribute_not_exists(pk)")

    assert heard.last == {"a": "1"}
