"""The bugs of moto's DynamoDB."""

# ruff: noqa: SLF001 - what moto does wrong it does in private

import functools
import inspect
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models.table import Table
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Node
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.dynamodb.responses import DynamoHandler

_parse_update: Final = functools.lru_cache(maxsize=1024)(UpdateExpressionParser.make)


@contextmanager
def an_item_is_seen_while_it_is_written() -> Iterator[None]:
    """DynamoDB's operations are not atomic: of a new item only the key can be read until its update is through.

    So can two conditional updates both find the item as it was. Fixed by one operation at a time.
    """
    call_action, one_at_a_time = DynamoHandler.call_action, threading.RLock()

    def call_action_alone(self: Any) -> Any:
        with one_at_a_time:
            return call_action(self)

    with patch.object(DynamoHandler, "call_action", call_action_alone):
        yield


@contextmanager
def a_query_sorts_the_whole_table() -> Iterator[None]:
    """A Query sorts all items of the table by their keys, and only then takes those with its hash key.

    Fixed by giving it what is kept under its hash key, which it sorts itself. A Query of an index sorts as before.
    """
    query, all_items, asked = Table.query, Table.all_items, threading.local()
    parameters = inspect.signature(query)

    def query_partition(self: Any, *args: Any, **kwargs: Any) -> Any:
        given = parameters.bind(self, *args, **kwargs).arguments
        if given.get("index_name"):
            return query(self, *args, **kwargs)
        found = self.items.get(given["hash_key"], {})
        asked.items = list(found.values()) if self.has_range_key else [found]
        try:
            return query(self, *args, **kwargs)
        finally:
            del asked.items

    def items_asked_for(self: Any) -> Any:
        return asked.items if hasattr(asked, "items") else all_items(self)

    with patch.object(Table, "query", query_partition), patch.object(Table, "all_items", items_asked_for):
        yield


@contextmanager
def a_value_is_looked_for_under_every_type() -> Iterator[None]:
    """An answer's serializer asks each attribute for its value as each of DynamoDB's ten types, by several names each.

    That was a sixth of a run's time. Fixed by serializing the one type that the value has.
    """
    serialize = BaseJSONSerializer._serialize_type_structure

    def serialize_its_type(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.name != "AttributeValue" or not isinstance(value, dict) or len(value) != 1:
            serialize(self, serialized, value, shape, key)
            return
        [(kind, held)] = value.items()
        typed: dict[str, Any] = {}
        self._serialize(typed, held, shape.members[kind], kind)
        self._default_serialize(serialized, typed, shape, key)

    with patch.object(BaseJSONSerializer, "_serialize_type_structure", serialize_its_type):
        yield


@contextmanager
def node_types_are_listed_for_every_node() -> Iterator[None]:
    """An update's expression is gone through ten times, which asks of every node anew what types of nodes it looks for.

    moto calls that a cached accessor. Fixed by going through it with what is looked for at hand: that does not change.
    """
    nodes: dict[type, bool] = {}
    looked_for: dict[tuple[type, type], bool] = {}

    def traverse(self: Any, node: Any, child_id: int = -1) -> Any:
        kind = type(node)
        if kind not in nodes:
            nodes[kind] = issubclass(kind, Node)
        if not nodes[kind]:
            return node
        parent, pair = node.parent, (type(self), kind)
        for place, child in enumerate(node.children or ()):
            self.pre_processing_of_child(node, place)
            traverse(self, child, place)
        if pair not in looked_for:
            looked_for[pair] = issubclass(kind, self.nodes_to_be_processed())
        if looked_for[pair]:
            node = self.process(node)
            node.parent = parent
            if parent:
                parent.children[child_id] = node
        return node

    with patch.object(DepthFirstTraverser, "traverse_node_recursively", traverse):
        yield


@contextmanager
def an_update_is_parsed_at_every_use() -> Iterator[None]:
    """An update's expression is parsed twice for every update, though it is the same for all of a kind.

    Fixed by remembering what came out, of which the validator takes a copy of its own.
    """
    with patch.object(UpdateExpressionParser, "make", _parse_update):
        yield


PATCHES: Final = (
    an_item_is_seen_while_it_is_written,
    a_query_sorts_the_whole_table,
    a_value_is_looked_for_under_every_type,
    node_types_are_listed_for_every_node,
    an_update_is_parsed_at_every_use,
)
