"""Items go to DynamoDB and come back, conditions hold, and a query goes on over all pages."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from onboarding.table.dynamodb import ConditionFailed, Item, Key, Table, expires_after, from_item, to_item

if TYPE_CHECKING:
    from tests.unit.onboarding.table.conftest import Clock

type On = Callable[[str, Callable[..., Any]], None]

KEY = Key("PK", "SK")


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
