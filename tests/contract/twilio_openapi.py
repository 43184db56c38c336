"""Twilio's OpenAPI, read strictly: what it names must be there, and what it does not name must not.

Twilio's files leave some of their schemas open (`links`, an evaluation's `results`, a policy's `requirements`);
there Twilio's own examples, which the files carry, say what belongs.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest
from openapi_core.templating.paths.exceptions import PathError
from openapi_core.templating.paths.finders import APICallPathFinder
from openapi_core.validation.schemas import factories

from tests.contract.exchanges import Answer, Exchange

METHODS = ("get", "post", "delete")
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Operation:
    """One of Twilio's operations, named as Twilio does: `CreateTrustProduct`."""

    name: str
    method: str
    path: str
    query: frozenset[str]
    form: frozenset[str]
    examples: Mapping[str, list[Any]]
    """The answers that Twilio shows, by HTTP status."""

    @property
    def route(self) -> str:
        return route(self.method, self.path)


class Contract:
    """The operations of all documents, and what a request or an answer does against them."""

    def __init__(self, documents: Iterable[dict[str, Any]]) -> None:
        self._hosts: dict[str, OpenAPI] = {}
        self.operations: dict[str, Operation] = {}
        self._asked: dict[tuple[str, str], Operation | None] = {}
        for document in documents:
            _close(document)
            self._hosts[urlsplit(document["servers"][0]["url"]).netloc] = OpenAPI.from_dict(document, CONFIG)
            for path, method, described in _described(document):
                operation = Operation(
                    name=described["operationId"],
                    method=method.upper(),
                    path=path,
                    query=frozenset(it["name"] for it in described.get("parameters", []) if it["in"] == "query"),
                    form=frozenset(_form(described).get("properties", {})),
                    examples={status: list(_examples(answer)) for status, answer in described["responses"].items()},
                )
                self.operations[operation.name] = operation

    def operation(self, exchange: Exchange) -> Operation | None:
        """The operation that a request asks for, None when Twilio has no such operation."""
        asked = str(exchange.request.method).lower(), str(exchange.request.url).partition("?")[0]
        if asked not in self._asked:
            self._asked[asked] = self._find(exchange.host, *asked)
        return self._asked[asked]

    def _find(self, host: str, method: str, url: str) -> Operation | None:
        api = self._hosts.get(host)
        if api is None:
            return None
        try:
            found = APICallPathFinder(api.spec).find(method, url)
        except PathError:
            return None
        return self.operations[(found.operation / "operationId").read_str()]

    def succeeded(self, exchanges: Iterable[Exchange]) -> set[str]:
        """The operations, by name, that were carried out."""
        operations = (self.operation(exchange) for exchange in exchanges if exchange.succeeded)
        return {operation.name for operation in operations if operation}

    def request_violations(self, exchanges: Iterable[Exchange]) -> list[str]:
        """What is wrong with the requests: a sentence each."""
        return [
            f"{_name(exchange)}: {problem}" for exchange in exchanges for problem in self._problems_of_request(exchange)
        ]

    def answer_violations(self, exchanges: Iterable[Exchange]) -> list[str]:
        """What is wrong with the answers: a sentence each."""
        return [
            f"{_name(exchange)} -> {exchange.answer.status_code}: {problem}"
            for exchange in exchanges
            for problem in (
                self._problems_of_answer(exchange) if exchange.succeeded else _problems_of_error(exchange.answer)
            )
        ]

    def _problems_of_request(self, exchange: Exchange) -> Iterator[str]:
        operation = self.operation(exchange)
        if operation is None:
            yield "Twilio has no such operation"
            return
        for error in self._hosts[exchange.host].request_validator.iter_errors(RequestsOpenAPIRequest(exchange.request)):
            yield from _reasons(error)
        yield from _undocumented("query", exchange.query, operation.query)
        yield from _undocumented("form", exchange.form, operation.form)

    def _problems_of_answer(self, exchange: Exchange) -> Iterator[str]:
        if self.operation(exchange) is None:
            yield "Twilio has no such operation"
            return
        validator = self._hosts[exchange.host].response_validator
        for error in validator.iter_errors(RequestsOpenAPIRequest(exchange.request), exchange.answer):
            yield from _reasons(error)
        if exchange.answer.status_code == 204 and exchange.answer.data:
            yield "an answer without content has content"


def route(method: str, path: str) -> str:
    """A method and a path by which operations compare, whatever their path's parameters are called."""
    return f"{method} {re.sub(r'[{<][^}>]+[}>]', '{}', path)}"


def _name(exchange: Exchange) -> str:
    return f"{exchange.request.method} {exchange.request.url}"


def _reasons(error: Exception) -> Iterator[str]:
    cause = error.__cause__ or error
    place = getattr(error, "name", "")
    details = getattr(cause, "schema_errors", None)
    for reason in [f"{it.json_path}: {it.message}" for it in details] if details else [str(cause)]:
        yield f"{place} {reason}".lstrip()


def _undocumented(where: str, sent: Mapping[str, list[str]], documented: frozenset[str]) -> Iterator[str]:
    """OpenAPI lets anything pass that it does not name; none of these operations takes a parameter twice."""
    for name, values in sent.items():
        if name not in documented:
            yield f"unknown {where} parameter {name}"
        if len(values) > 1:
            yield f"{where} parameter {name} is sent {len(values)} times"


def _problems_of_error(answer: Answer) -> Iterator[str]:
    """Twilio's OpenAPI is silent on errors; https://www.twilio.com/docs/usage/twilios-response describes them."""
    try:
        body = json.loads(answer.data)
    except ValueError:
        body = None
    shape = {"code": int, "message": str, "more_info": str, "status": int}
    if not isinstance(body, dict) or {name: type(value) for name, value in body.items()} != shape:
        yield f"an error is {{code, message, more_info, status}}, not {body}"
        return
    if body["status"] != answer.status_code:
        yield f"its body says {body['status']}"
    if body["more_info"] != f"https://www.twilio.com/docs/errors/{body['code']}":
        yield f"more_info does not lead to error {body['code']}: {body['more_info']}"
    if answer.content_type != "application/json":
        yield f"it is {answer.content_type}, not JSON"


def _described(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def _form(operation: dict[str, Any]) -> dict[str, Any]:
    form: dict[str, Any] = operation.get("requestBody", {}).get("content", {}).get(FORM, {}).get("schema", {})
    return form


def _json(answer: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = answer.get("content", {}).get("application/json", {})
    return content


def _examples(answer: dict[str, Any]) -> Iterator[Any]:
    for example in _json(answer).get("examples", {}).values():
        yield example["value"]


def _close(document: dict[str, Any]) -> None:
    """Turn what Twilio's document means, but does not say, into rules."""
    left_open = _LeftOpen(document["components"]["schemas"])
    for _, _, operation in _described(document):
        if _form(operation).get("required"):
            operation["requestBody"]["required"] = True
        for answer in operation["responses"].values():
            left_open.collect(_json(answer).get("schema", {}), list(_examples(answer)))
    left_open.close()


BY_TYPE = "which are listed in the End User Types"
"""What a schema says whose fields depend on the type of the resource: the examples show one type of several."""


class _LeftOpen:
    """The schemas that say nothing of what is in them, with Twilio's examples of it."""

    def __init__(self, schemas: dict[str, dict[str, Any]]) -> None:
        self._schemas = schemas
        self._found: dict[int, tuple[dict[str, Any], list[Any]]] = {}

    def collect(self, schema: dict[str, Any], examples: list[Any]) -> None:
        schema = self._schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        known = [example for example in examples if example is not None]
        if "properties" in schema:
            for name, inner in schema["properties"].items():
                self.collect(inner, [example[name] for example in known if name in example])
        elif "items" in schema:
            self.collect(schema["items"], [item for example in known for item in example])
        elif schema.get("type", "object") == "object" and "enum" not in schema:
            self._found.setdefault(id(schema), (schema, []))[1].extend(examples)

    def close(self) -> None:
        for schema, examples in self._found.values():
            if BY_TYPE in schema.get("description", ""):
                schema |= {"type": "object", "additionalProperties": True}
                continue
            nullable = {"nullable": True} if schema.get("nullable") else {}
            schema.update(_shape(examples) | nullable)
            if schema.get("type") == "object" and "properties" not in schema:
                schema["additionalProperties"] = True


def _shape(examples: list[Any]) -> dict[str, Any]:
    """The schema that examples have in common; open where they say nothing."""
    known = [example for example in examples if example is not None]
    nullable = {"nullable": True} if len(known) < len(examples) else {}
    kinds = {type(example) for example in known}
    if kinds == {dict}:
        names = dict.fromkeys(name for example in known for name in example)
        properties = {name: _shape([example[name] for example in known if name in example]) for name in names}
        return {"type": "object", "properties": properties, **nullable}
    if kinds == {list}:
        return {"type": "array", "items": _shape([item for example in known for item in example]), **nullable}
    types = {str: "string", bool: "boolean", int: "integer"}
    return {"type": types[kinds.pop()], **nullable} if len(kinds) == 1 and kinds <= types.keys() else {}


def _is_time(value: Any) -> bool:
    return not isinstance(value, str) or (value.endswith("Z") and datetime.fromisoformat(value).tzinfo is not None)


def _is_rfc_2822_time(value: Any) -> bool:
    return not isinstance(value, str) or parsedate_to_datetime(value).tzinfo is not None


def _is_uri(value: Any) -> bool:
    """Twilio calls paths URIs, too, and an empty text where no URL was set."""
    if not isinstance(value, str) or not value or value.startswith("/"):
        return True
    parts = urlsplit(value)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", value)


def _is_e164(value: Any) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"\+?[0-9*]+", value) is not None


def _false_for_nonsense(check: Any) -> Any:
    def checked(value: Any) -> bool:
        try:
            return bool(check(value))
        except ValueError:
            return False

    return checked


# Otherwise each use of a schema makes classes of its own, which is most of the work.
for extended in (
    "build_enforce_properties_required_validator",
    "build_forbid_unspecified_additional_properties_validator",
):
    setattr(factories, extended, cache(getattr(factories, extended)))

CONFIG = Config(
    spec_validator_cls=None,  # type: ignore[arg-type] # whether Twilio's files are OpenAPI is Twilio's affair
    additional_properties_default_policy="forbid",
    response_properties_default_policy="required",
    extra_format_validators={
        name: _false_for_nonsense(check)
        for name, check in {
            "date-time": _is_time,
            "date-time-rfc-2822": _is_rfc_2822_time,
            "uri": _is_uri,
            "phone-number": _is_e164,
        }.items()
    },
)
