"""What deviates from Twilio's OpenAPI is told: copies of good requests and answers, each with one thing wrong."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import pytest

from simulator.errors import NOT_FOUND, ApiError
from tests.contract.exchanges import Exchange
from tests.contract.tour import NOTHING
from tests.contract.twilio_openapi import Contract

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

NO_OPERATION = "Twilio has no such operation"


def of(contract: Contract, exchanges: list[Exchange], operation: str) -> Exchange:
    """The first success of an operation, the first with a record where it is a list."""
    return next(
        exchange
        for exchange in exchanges
        if contract.operation(exchange) is contract.operations[operation]
        and exchange.succeeded
        and b'"results": []' not in exchange.answer.data
    )


def with_form(exchange: Exchange, **changes: str | None) -> Exchange:
    """The request with other form parameters; None leaves one out."""
    form = {name: values[0] for name, values in exchange.form.items()} | changes
    return with_body(exchange, urlencode({name: value for name, value in form.items() if value is not None}))


def with_more(exchange: Exchange, form: str) -> Exchange:
    return with_body(exchange, f"{urlencode(exchange.form, doseq=True)}&{form}")


def with_body(exchange: Exchange, body: str) -> Exchange:
    return with_request(exchange, body=body)


def with_url(exchange: Exchange, old: str, new: str) -> Exchange:
    assert old in str(exchange.request.url)
    return with_request(exchange, url=str(exchange.request.url).replace(old, new, 1))


def with_request(exchange: Exchange, **changes: Any) -> Exchange:
    request = exchange.request.copy()
    for name, value in changes.items():
        setattr(request, name, value)
    return replace(exchange, request=request)


def with_answer(exchange: Exchange, **changes: Any) -> Exchange:
    return replace(exchange, answer=replace(exchange.answer, **changes))


def with_json(exchange: Exchange, change: Callable[[Any], object]) -> Exchange:
    body = json.loads(exchange.answer.data)
    change(body)
    return with_answer(exchange, data=json.dumps(body).encode())


def with_error(exchange: Exchange, **changes: Any) -> Exchange:
    error = ApiError(404, NOT_FOUND, "Not found").body() | changes
    return with_answer(exchange, status_code=404, data=json.dumps(error).encode())


@dataclass(frozen=True)
class Wrong:
    """A deviation by which a good exchange of an operation becomes a bad one, and what is said of it."""

    operation: str
    make: Callable[[Exchange], Exchange]
    told: str


WRONG_REQUESTS = {
    "a renamed form parameter": Wrong(
        "CreateTrustProduct", lambda it: with_form(it, Email=None, EMail="a@b.example"), "unknown form parameter EMail"
    ),
    "no form": Wrong("CreateTrustProduct", lambda it: with_body(it, ""), "Missing required request body"),
    "a form parameter twice": Wrong("CreateTrustProduct", lambda it: with_more(it, "Email=c"), "Email is sent 2 times"),
    "a SID of the wrong kind": Wrong(
        "CreateTrustProductEvaluation", lambda it: with_form(it, PolicySid=f"BU{NOTHING}"), "does not match '^RN"
    ),
    "an address that is none": Wrong(
        "CreateTrustProduct", lambda it: with_form(it, StatusCallback="nowhere"), "'nowhere' is not a 'uri'"
    ),
    "an unknown query parameter": Wrong(
        "ListTrustProduct", lambda it: with_url(it, "Status=", "State="), "unknown query parameter State"
    ),
    "too large a page": Wrong(
        "ListAccount", lambda it: with_url(it, "?", "?PageSize=1001&"), "1001 is greater than the maximum of 1000"
    ),
    "the other host": Wrong("ListAccount", lambda it: with_url(it, "api.", "trusthub."), NO_OPERATION),
    "an unknown host": Wrong("ListAccount", lambda it: with_url(it, "api.", "www."), NO_OPERATION),
    "no credentials": Wrong("ListAccount", lambda it: with_request(it, headers={}), "Security not found"),
}

WRONG_ANSWERS = {
    "a field left out": Wrong(
        "FetchTrustProduct",
        lambda it: with_json(it, lambda its: its.pop("valid_until")),
        "$: 'valid_until' is a required",
    ),
    "a field too many": Wrong(
        "FetchTrustProduct", lambda it: with_json(it, lambda its: its.update(state="draft")), "'state' was unexpected"
    ),
    "a status that there is not": Wrong(
        "FetchTrustProduct",
        lambda it: with_json(it, lambda its: its.update(status="new")),
        "$.status: 'new' is not one of",
    ),
    "a local time": Wrong(
        "FetchTrustProduct",
        lambda it: with_json(it, lambda its: its.update(date_created="2026-01-01T00:00:00")),
        "$.date_created: '2026-01-01T00:00:00' is not a 'date-time'",
    ),
    "an ISO 8601 time where RFC 2822 rules": Wrong(
        "FetchAccount",
        lambda it: with_json(it, lambda its: its.update(date_created="2026-01-01T00:00:00Z")),
        "$.date_created: '2026-01-01T00:00:00Z' is not a 'date-time-rfc-2822'",
    ),
    "a link left out": Wrong(
        "FetchTrustProduct",
        lambda it: with_json(it, lambda its: its["links"].pop("trust_products_evaluations")),
        "$.links: 'trust_products_evaluations' is a required property",
    ),
    "another resource's links": Wrong(
        "FetchAccount", lambda it: with_json(it, lambda its: its["subresource_uris"].update(faxes="/F")), "'faxes' was"
    ),
    "a capability left out": Wrong(
        "FetchIncomingPhoneNumber",
        lambda it: with_json(it, lambda its: its["capabilities"].pop("fax")),
        "$.capabilities: 'fax' is a required property",
    ),
    "an evaluation's result without its reason": Wrong(
        "CreateTrustProductEvaluation",
        lambda it: with_json(it, lambda its: its["results"][0].pop("failure_reason")),
        "$.results[0]: 'failure_reason' is a required property",
    ),
    "a requirement of a policy without its name": Wrong(
        "FetchPolicies",
        lambda it: with_json(it, lambda its: its["requirements"].pop("supporting_document")),
        "$.requirements: 'supporting_document' is a required property",
    ),
    "200 for what was created": Wrong(
        "CreateTrustProduct", lambda it: with_answer(it, status_code=200), "Unknown response http status"
    ),
    "no JSON": Wrong("FetchTrustProduct", lambda it: with_answer(it, data=b"<html>"), "Failed to deserialize"),
    "JSON by another name": Wrong(
        "FetchTrustProduct", lambda it: with_answer(it, content_type="text/html"), "Content for the following mimetype"
    ),
    "no content": Wrong("FetchTrustProduct", lambda it: with_answer(it, data=b""), "Missing response data"),
    "content after a removal": Wrong(
        "DeleteTrustProduct", lambda it: with_answer(it, data=b"{}"), "an answer without content has content"
    ),
    "an error without a code": Wrong(
        "FetchTrustProduct", lambda it: with_error(it, code=None), "an error is {code, message, more_info, status}"
    ),
    "an error whose code is a text": Wrong(
        "FetchTrustProduct", lambda it: with_error(it, code="20404"), "an error is {code, message, more_info, status}"
    ),
    "an error of another status": Wrong(
        "FetchTrustProduct", lambda it: with_error(it, status=400), "its body says 400"
    ),
    "an error that leads elsewhere": Wrong(
        "FetchTrustProduct", lambda it: with_error(it, more_info=""), "more_info does not lead to error 20404"
    ),
}


@pytest.mark.parametrize("deviation", WRONG_REQUESTS)
def test_a_wrong_request_is_told(contract: Contract, toured: list[Exchange], deviation: str) -> None:
    wrong = WRONG_REQUESTS[deviation]
    good = of(contract, toured, wrong.operation)
    assert contract.request_violations([good]) == []
    assert wrong.told in "\n".join(contract.request_violations([wrong.make(good)]))


@pytest.mark.parametrize("deviation", WRONG_ANSWERS)
def test_a_wrong_answer_is_told(contract: Contract, toured: list[Exchange], deviation: str) -> None:
    wrong = WRONG_ANSWERS[deviation]
    good = of(contract, toured, wrong.operation)
    assert contract.answer_violations([good]) == []
    assert wrong.told in "\n".join(contract.answer_violations([wrong.make(good)]))


def test_twilio_s_own_examples_pass(contract: Contract, toured: list[Exchange]) -> None:
    """So the checks are no stricter than Twilio is."""
    examples = [
        with_answer(of(contract, toured, name), status_code=int(status), data=json.dumps(body).encode())
        for name in contract.succeeded(toured)
        for status, bodies in contract.operations[name].examples.items()
        for body in bodies
    ]
    assert len(examples) > 40
    told = contract.answer_violations(examples)
    # Twilio's schema wants a SID or null where its example has an empty text.
    assert [it for it in told if "_application_sid: ''" not in it] == []
