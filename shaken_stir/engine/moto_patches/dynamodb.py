"""The bugs of moto's DynamoDB."""

# ruff: noqa: SLF001 - what moto does wrong it does in private

import functools
import inspect
import json
import pickle
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

from botocore.awsrequest import AWSPreparedRequest
from botocore.endpoint import Endpoint
from botocore.useragent import UserAgentString
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models.table import Table
from moto.dynamodb.parsing import validators
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Expression, Node, UpdateExpressionFunction
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.dynamodb.responses import DynamoHandler

from shaken_stir.engine.intrinsics import ACCOUNT, REGION

_parse_update: Final = functools.lru_cache(maxsize=1024)(UpdateExpressionParser.make)
_as_bytes: Final = functools.lru_cache(maxsize=1024)(pickle.dumps)
_is_kind: Final[Callable[[type, Any], bool]] = functools.cache(issubclass)


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

    That was a sixth of a run's time. Fixed by giving an item as it is kept, which is as DynamoDB writes it.
    """
    serialize = BaseJSONSerializer._serialize_type_map

    def serialize_as_it_is(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.value.name == "AttributeValue":
            self._default_serialize(serialized, value, shape, key)
        else:
            serialize(self, serialized, value, shape, key)

    def write(self: Any, body: Any) -> str:
        return json.dumps(body, default=self._base64)

    with (
        patch.object(BaseJSONSerializer, "_serialize_type_map", serialize_as_it_is),
        patch.object(BaseJSONSerializer, "_serialize_body", write),
    ):
        yield


@contextmanager
def node_types_are_listed_for_every_node() -> Iterator[None]:
    """An update's expression is gone through ten times, which asks of every node anew what types of nodes it looks for.

    moto calls that a cached accessor. Fixed by going through it with what is looked for at hand: that does not change.
    """
    looked_for: dict[tuple[type, type], bool] = {}

    def traverse(self: Any, node: Any, child_id: int = -1) -> Any:
        kind = type(node)
        if not _is_kind(kind, Node):
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

    with (
        patch.object(DepthFirstTraverser, "traverse_node_recursively", traverse),
        patch.object(Node, "find_clauses", _find_clauses),
    ):
        yield


def _find_clauses(self: Any, kinds: Any) -> list[Any]:
    found: list[Any] = []
    for child in self.children or ():
        if type(child) in kinds:
            found.append(child)
        elif _is_kind(type(child), (Expression, UpdateExpressionFunction)):
            found += _find_clauses(child, kinds)
    return found


@contextmanager
def an_update_is_parsed_at_every_use() -> Iterator[None]:
    """An update's expression is parsed twice for every update, though it is the same for all of a kind.

    Fixed by remembering what came out, of which the validator takes a copy of its own: from bytes, since a deep copy
    takes longer than all that it is for.
    """
    with (
        patch.object(UpdateExpressionParser, "make", _parse_update),
        patch.object(validators, "deepcopy", lambda parsed: pickle.loads(_as_bytes(parsed))),  # noqa: S301 - our own
    ):
        yield


@contextmanager
def a_request_is_signed_and_taken_apart_like_any() -> Iterator[None]:
    """A request is signed, looked for among the addresses of AWS, and read as a form, as a query, and then as JSON.

    That is most of what a read takes, and the name of the software that asks, put together twice, is some of it. Fixed
    by handing its JSON to moto's handler, unsigned and unnamed: who asks, and where, is known here. What botocore makes
    of the answer, and which errors it tries again, is as it was. No value is binary.
    """
    create, process = Endpoint.create_request, BotocoreStubber.process_request

    def create_unsigned(self: Any, params: Any, operation_model: Any = None) -> Any:
        if not _is_of_table(params["url"]):
            return create(self, params, operation_model)
        return AWSPreparedRequest(
            params["method"], params["url"], params["headers"], params["body"], stream_output=False
        )

    def process_directly(self: Any, request: Any) -> Any:
        if not _is_of_table(request.url):
            return process(self, request)
        handler: Any = DynamoHandler()
        handler.headers, handler.params, handler.body = request.headers, json.loads(request.body), ""
        handler.current_account, handler.region = ACCOUNT, REGION
        handler.querystring, handler.response_headers = {}, {}
        return handler.call_action()

    with (
        patch.object(Endpoint, "create_request", create_unsigned),
        patch.object(BotocoreStubber, "process_request", process_directly),
        patch.object(UserAgentString, "to_string", lambda _: "local"),
    ):
        yield


def _is_of_table(url: str) -> bool:
    return url.startswith(f"https://dynamodb.{REGION}.")


PATCHES: Final = (
    an_item_is_seen_while_it_is_written,
    a_query_sorts_the_whole_table,
    a_value_is_looked_for_under_every_type,
    node_types_are_listed_for_every_node,
    an_update_is_parsed_at_every_use,
    a_request_is_signed_and_taken_apart_like_any,
)
