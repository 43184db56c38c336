"""A batch goes on to its end, also when DynamoDB puts off parts of it."""

import json
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from onboarding.errors import AwsUnavailable
from onboarding.table.dynamodb import BATCH_ATTEMPTS, Item, Key, Table

if TYPE_CHECKING:
    from tests.unit.onboarding.table.conftest import Clock

type On = Callable[[str, Callable[..., Any]], None]

KEY = Key("PK", "ITEM#1")
BATCHES = {"BatchGetItem": "UnprocessedKeys", "BatchWriteItem": "UnprocessedItems"}


class Reluctant:
    """A DynamoDB that takes so many of each batch in turn and puts off the rest; all of those after that.

    Attributes:
        batches: The sort keys of each batch that was sent.
    """

    def __init__(self, on: On, *takes: int) -> None:
        self.batches: list[list[str]] = []
        self._takes = list(takes)
        for operation in BATCHES:
            on(f"before-call.dynamodb.{operation}", self._before)
            on(f"after-call.dynamodb.{operation}", self._after)

    def _before(self, model: Any, params: Any, context: Any, **_: Any) -> Any:
        body = json.loads(params["body"])
        [(name, batch)] = body["RequestItems"].items()
        requests = batch if isinstance(batch, list) else batch["Keys"]
        self.batches.append([sk_of(request) for request in requests])
        take = self._takes.pop(0) if self._takes else len(requests)
        taken, rest = requests[:take], requests[take:]
        context["put_off"] = {name: rest if isinstance(batch, list) else batch | {"Keys": rest}} if rest else {}
        if not taken:  # DynamoDB answers so, but takes no batch of nothing
            return SimpleNamespace(status_code=200), {"Responses": {}, BATCHES[model.name]: {}}
        body["RequestItems"][name] = taken if isinstance(batch, list) else batch | {"Keys": taken}
        params["body"] = json.dumps(body).encode()
        return None

    def _after(self, model: Any, parsed: Any, context: Any, **_: Any) -> None:
        parsed[BATCHES[model.name]] = context["put_off"]


def sk_of(request: Any) -> str:
    if "PutRequest" in request:
        return str(request["PutRequest"]["Item"]["sk"]["S"])
    key = request["DeleteRequest"]["Key"] if "DeleteRequest" in request else request
    return str(key["sk"]["S"])


def sort_keys(count: int) -> list[str]:
    return [f"ITEM#{number:03}" for number in range(count)]


def fill(table: Table, count: int) -> list[Key]:
    keys = [Key("PK", sk) for sk in sort_keys(count)]
    table.put_batch((key, {"number": number}) for number, key in enumerate(keys))
    return keys


def all_items(table: Table) -> list[str]:
    return [item["sk"] for item in table.query("PK", "ITEM#")]


@pytest.mark.parametrize("count", [99, 100, 130])
def test_a_batch_of_any_size_is_read(table: Table, on: On, count: int) -> None:
    keys = fill(table, count)
    dynamodb = Reluctant(on)

    items = list(table.get_batch([*keys, Key("PK", "ITEM#unknown")]))

    assert [(item["sk"], item["number"]) for item in items] == list(zip(sort_keys(count), range(count), strict=True))
    assert [len(batch) for batch in dynamodb.batches] == [100, count + 1 - 100][: 1 + (count >= 100)]


@pytest.mark.parametrize("count", [25, 26, 60])
def test_a_batch_of_any_size_is_written_and_deleted(table: Table, on: On, count: int) -> None:
    dynamodb = Reluctant(on)
    keys = [Key("PK", sk) for sk in sort_keys(count)]
    sizes = [25] * (count // 25) + [count % 25] * (count % 25 > 0)

    table.put_batch((key, {"number": number}) for number, key in enumerate(keys))

    assert all_items(table) == sort_keys(count)
    assert [item["number"] for item in table.query("PK", "ITEM#")] == list(range(count))
    assert [len(batch) for batch in dynamodb.batches] == sizes

    table.put(Key("PK", "ITEM#other"), {})
    table.delete_batch(keys)

    assert all_items(table) == ["ITEM#other"]
    assert [len(batch) for batch in dynamodb.batches] == sizes * 2


def test_a_batch_of_nothing_sends_nothing(table: Table, on: On) -> None:
    dynamodb = Reluctant(on)

    table.put_batch([])
    table.delete_batch([])

    assert list(table.get_batch([])) == []
    assert dynamodb.batches == []


def test_a_batch_that_is_read_in_parts_asks_again_for_the_rest_only(table: Table, on: On, clock: "Clock") -> None:
    keys = fill(table, 7)
    dynamodb = Reluctant(on, 4, 0, 2)

    items = list(table.get_batch(keys))

    assert [item["sk"] for item in items] == sort_keys(7)
    names = sort_keys(7)
    assert dynamodb.batches == [names, names[4:], names[4:], names[6:]]
    assert clock.slept == sorted(clock.slept)
    assert len(clock.slept) == 3


def test_what_was_put_off_is_read_before_the_next_batch(table: Table, on: On, clock: "Clock") -> None:
    keys = fill(table, 103)
    dynamodb = Reluctant(on, 98)

    items = list(table.get_batch(keys))

    assert [item["sk"] for item in items] == sort_keys(103)
    assert [len(batch) for batch in dynamodb.batches] == [100, 2, 3]
    assert len(clock.slept) == 1


def test_a_batch_that_is_written_in_parts_sends_again_the_rest_only(table: Table, on: On, clock: "Clock") -> None:
    names = sort_keys(27)
    dynamodb = Reluctant(on, 20, 0, 4)

    table.put_batch((Key("PK", sk), {}) for sk in names)

    assert all_items(table) == names
    assert dynamodb.batches == [names[:25], names[20:25], names[20:25], names[24:25], names[25:]]
    assert len(clock.slept) == 3


def test_a_batch_that_is_deleted_in_parts_sends_again_the_rest_only(table: Table, on: On, clock: "Clock") -> None:
    keys = fill(table, 5)
    dynamodb = Reluctant(on, 1, 2)

    table.delete_batch(keys)

    names = sort_keys(5)
    assert all_items(table) == []
    assert dynamodb.batches == [names, names[1:], names[3:]]
    assert len(clock.slept) == 2


def test_a_read_that_is_put_off_for_good_is_told_after_what_was_read(table: Table, on: On) -> None:
    keys = fill(table, 3)
    dynamodb = Reluctant(on, 2, *[0] * (BATCH_ATTEMPTS - 1))
    read: list[Item] = []
    sentence = "DynamoDB kept putting off reading a batch of items; send the request again later"

    with pytest.raises(AwsUnavailable, match=re.escape(f"{sentence} (docs/errors.md#aws-unavailable).")):
        read.extend(table.get_batch(keys))
    assert len(dynamodb.batches) == BATCH_ATTEMPTS

    assert [item["sk"] for item in read] == sort_keys(2)


def test_a_write_that_is_put_off_for_good_is_told_and_what_was_written_stays(table: Table, on: On) -> None:
    dynamodb = Reluctant(on, 2, *[0] * (BATCH_ATTEMPTS - 1))
    sentence = "DynamoDB kept putting off writing a batch of items; send the request again later"

    with pytest.raises(AwsUnavailable, match=re.escape(f"{sentence} (docs/errors.md#aws-unavailable).")):
        table.put_batch((Key("PK", sk), {}) for sk in sort_keys(30))

    assert all_items(table) == sort_keys(2)
    assert len(dynamodb.batches) == BATCH_ATTEMPTS


def test_the_last_attempt_counts(table: Table, on: On) -> None:
    Reluctant(on, *[0] * (BATCH_ATTEMPTS - 1))

    table.put_batch([(KEY, {})])

    assert table.get(KEY) == KEY._asdict()
