"""Items go to DynamoDB and come back, conditions hold, and batches go on to their end."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from onboarding.errors import AwsUnavailable
from onboarding.table.dynamodb import (
    BATCH_ATTEMPTS,
    ConditionFailed,
    Item,
    Key,
    Table,
    expires_after,
    from_item,
    to_item,
)

if TYPE_CHECKING:
    from tests.unit.onboarding.table.conftest import Clock

type On = Callable[[str, Callable[..., Any]], None]

KEY = Key("PK", "SK")
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


def test_an_item_comes_back_as_it_was_written(table: Table) -> None:
    item = {
        "text": "Zoë & Søn",
        "empty": "",
        "number": 12,
        "large": 10**30,
        "fraction": Decimal("0.25"),
        "yes": True,
        "none": None,
        "nothing": [],
        "nested": [{"errors": [18601, 18602], "by": None}, {"deep": {"deeper": ["a", False]}}],
    }

    table.put(KEY, item)

    assert table.get(KEY) == {"pk": "PK", "sk": "SK", **item}


def test_an_item_that_is_not_there_is_none(table: Table) -> None:
    table.put(Key("PK", "SK2"), {})

    assert table.get(KEY) is None


def test_an_item_is_written_over_another_as_a_whole(table: Table) -> None:
    table.put(KEY, {"a": 1, "b": 2})
    table.put(KEY, {"a": 3})

    assert table.get(KEY) == {"pk": "PK", "sk": "SK", "a": 3}


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.put_if(KEY, {"a": 2}, condition="a = :a", values={"a": 9}),
        lambda table: table.update(KEY, {"a": 2, "b": 3}, remove=["c"], condition="a = :before", values={"before": 9}),
        lambda table: table.update(KEY, {"a": 2}, condition="attribute_not_exists(a)"),
        lambda table: table.delete(KEY, condition="a = :a", values={"a": 9}),
    ],
    ids=["put_if", "update", "update without values", "delete"],
)
def test_a_condition_that_fails_is_told_and_nothing_is_written(table: Table, change: Callable[[Table], None]) -> None:
    table.put(KEY, {"a": 1, "c": 0})

    with pytest.raises(ConditionFailed):
        change(table)

    assert table.get(KEY) == {"pk": "PK", "sk": "SK", "a": 1, "c": 0}


@pytest.mark.parametrize(
    ("change", "after"),
    [
        (lambda table: table.put_if(KEY, {"b": 2}, condition="a = :a", values={"a": 1}), {"b": 2}),
        (lambda table: table.update(KEY, {"b": 2}, condition="a = :was", values={"was": 1}), {"a": 1, "b": 2}),
        (lambda table: table.delete(KEY, condition="a = :a", values={"a": 1}), None),
    ],
    ids=["put_if", "update", "delete"],
)
def test_a_condition_that_holds_lets_the_write_pass(
    table: Table, change: Callable[[Table], None], after: Item | None
) -> None:
    table.put(KEY, {"a": 1})

    change(table)

    assert table.get(KEY) == (after if after is None else {**KEY._asdict(), **after})


def test_an_update_gives_the_item_as_it_was_before(table: Table) -> None:
    table.put(KEY, {"a": 1, "b": [1], "c": "kept"})

    before = table.update(KEY, {"a": 2}, remove=["b"], condition="attribute_exists(pk)")

    assert before == {"pk": "PK", "sk": "SK", "a": 1, "b": [1], "c": "kept"}
    assert table.get(KEY) == {"pk": "PK", "sk": "SK", "a": 2, "c": "kept"}


def test_an_update_makes_the_item_if_there_is_none(table: Table) -> None:
    before = table.update(KEY, {"a": 1}, remove=["b"], condition="attribute_not_exists(pk)")

    assert before == {}
    assert table.get(KEY) == {"pk": "PK", "sk": "SK", "a": 1}


def test_an_update_sets_and_removes_attributes_whose_names_are_reserved_words(table: Table) -> None:
    table.put(KEY, {"error": "old", "token": "old", "name": "kept"})

    table.update(KEY, {"status": "new", "zone": None}, remove=["error", "token"], condition="attribute_exists(pk)")

    assert table.get(KEY) == {"pk": "PK", "sk": "SK", "name": "kept", "status": "new", "zone": None}


def test_an_update_that_only_removes_needs_no_changes(table: Table) -> None:
    table.put(KEY, {"a": 1, "b": 2})

    table.update(KEY, {}, remove=["b"], condition="a = :a", values={"a": 1})

    assert table.get(KEY) == {"pk": "PK", "sk": "SK", "a": 1}


def test_a_query_gives_the_items_of_a_prefix_in_the_order_of_their_keys(table: Table) -> None:
    for pk, sk in [("P", "B#2"), ("P", "B#10"), ("P", "A#1"), ("P", "B#1"), ("P", "C#1"), ("Q", "B#3"), ("PP", "B#4")]:
        table.put(Key(pk, sk), {})

    assert [item["sk"] for item in table.query("P", "B#")] == ["B#1", "B#10", "B#2"]
    assert list(table.query("P", "D#")) == []


def test_a_query_goes_on_over_all_pages(table: Table, on: On) -> None:
    pages: list[Any] = []
    on("after-call.dynamodb.Query", lambda parsed, **_: pages.append(parsed))
    for name in ["C", "A", "E", "B", "D"]:
        table.put(Key("PK", f"ITEM#{name}"), {"text": name * 390_000})  # of which two fit into a page's 1 MB

    assert [item["text"][0] for item in table.query("PK", "ITEM#")] == ["A", "B", "C", "D", "E"]
    assert [len(page["Items"]) for page in pages] == [2, 2, 1]


def test_a_query_gives_only_the_one_attribute_that_is_wanted(table: Table) -> None:
    table.put(Key("PK", "ITEM#A"), {"stage": "refused", "reason": "no"})
    table.put(Key("PK", "ITEM#B"), {"reason": "no"})

    assert list(table.query("PK", "ITEM#", only="stage")) == [{"stage": "refused"}, {}]


def test_all_reads_are_of_the_table_as_it_is_now(table: Table, on: On) -> None:
    asked: list[Any] = []
    for operation in ("GetItem", "Query", "BatchGetItem"):
        on(f"before-call.dynamodb.{operation}", lambda params, **_: asked.append(json.loads(params["body"])))

    table.get(KEY)
    list(table.query("PK", "ITEM#"))
    list(table.get_batch([KEY]))

    get, query, [batch] = asked[0], asked[1], asked[2]["RequestItems"].values()
    assert [it.get("ConsistentRead") for it in (get, query, batch)] == [True, True, True]


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


def test_a_model_is_an_item_without_what_it_leaves_out_and_comes_back_without_what_the_table_adds() -> None:
    class Record(BaseModel):
        name: str
        count: int | None = None

    item = to_item(Record(name="a"))

    assert item == {"name": "a"}
    assert from_item(Record, item | {"pk": "PK", "expires_at": Decimal(1), "count": Decimal(2)}) == Record(
        name="a", count=2
    )


def test_an_item_expires_so_many_seconds_from_now(clock: "Clock") -> None:
    assert expires_after(90.5) == {"expires_at": int(clock.now) + 90}
