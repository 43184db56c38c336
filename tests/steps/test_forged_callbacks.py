"""Requests to the webhook as anybody may send them: it takes in what Twilio has signed, and nothing else."""

import base64
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.sids import numbered_sid
from tests.steps.conftest import Client, Start, Tell
from tests.steps.examples import examples
from tests.steps.machine import woken
from tests.steps.steps import Steps

DOMAIN, PATH = "hook.example", "/status-callback"
TOKENS = {"auth_token": "primary", "secondary_auth_token": "secondary"}
TOO_LARGE = 16_385
STATUSES = {HTTPStatus.NO_CONTENT, HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}

type Parameters = list[tuple[str, str]]


@dataclass(frozen=True)
class Callback:
    """A request as it reaches API Gateway; Twilio's own say what product they are about."""

    query: str
    parameters: Parameters
    signature: str | None
    method: str = "POST"
    header: str = "x-twilio-signature"
    quoting: Any = quote_plus
    in_base64: bool = True

    @property
    def body(self) -> bytes:
        return urlencode(self.parameters, quote_via=self.quoting).encode()

    @property
    def event(self) -> dict[str, Any]:
        """The event of an HTTP API, payload format 2.0."""
        return {
            "version": "2.0",
            "rawPath": PATH,
            "rawQueryString": self.query,
            "headers": {} if self.signature is None else {self.header: self.signature},
            "requestContext": {"domainName": DOMAIN, "requestId": "request", "http": {"method": self.method}},
            "body": base64.b64encode(self.body).decode() if self.in_base64 else self.body.decode(),
            "isBase64Encoded": self.in_base64,
        }


def signature_of(token: str, query: str, parameters: Parameters) -> str:
    """What Twilio documents, in our own words: the URL, then each name with each value, sorted, none twice."""
    signed = f"https://{DOMAIN}{PATH}" + (f"?{query}" if query else "")
    signed += "".join(name + value for name, value in sorted(set(parameters)))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode()


def is_twilio_s(request: Callback) -> bool:
    signatures = {signature_of(token, request.query, request.parameters) for token in TOKENS.values()}
    return request.signature in signatures


def expected(request: Callback, product: str) -> HTTPStatus:
    """The one answer that is right."""
    if len(request.body) >= TOO_LARGE:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    if not is_twilio_s(request):
        return HTTPStatus.FORBIDDEN
    return HTTPStatus.NO_CONTENT if request.query == f"trust_product_sid={product}" else HTTPStatus.BAD_REQUEST


text = st.text(st.characters(codec="utf-8"), max_size=12)
names = st.sampled_from(["Status", "FailureReason", "BundleSid", "", "ä"]) | text
blank_or_not = st.sampled_from(["", "in-review", "a b+c&d=e%", "é"]) | text
some_parameters = st.lists(st.tuples(names, blank_or_not), max_size=6)
doubled = some_parameters.map(lambda parameters: parameters + [(name, value + "2") for name, value in parameters])
large = st.integers(TOO_LARGE - 40, TOO_LARGE + 40).map(lambda size: [("Status", "x" * size)])
forms = some_parameters | doubled | large
methods = st.sampled_from(["POST", "GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
products = st.integers(1, 2_000).map(lambda number: numbered_sid("BU", number))
queries = st.sampled_from(["", "trust_product_sid=", "trust_product_sid=BU1", "bodySHA256=00", "a=b&a=c"])


@st.composite
def signed_by_twilio(draw: st.DrawFn) -> tuple[Callback, str]:
    product, parameters = draw(products), draw(forms)
    query = draw(st.just(f"trust_product_sid={product}") | queries)
    request = Callback(
        query,
        parameters,
        signature_of(draw(st.sampled_from(list(TOKENS.values()))), query, parameters),
        draw(methods),
        draw(st.sampled_from(["x-twilio-signature", "X-Twilio-Signature"])),
        draw(st.sampled_from([quote_plus, quote])),
        draw(st.booleans()),
    )
    return request, product


@st.composite
def altered(draw: st.DrawFn) -> tuple[Callback, str]:
    """One that Twilio has signed, with a parameter added, doubled, left out, renamed or blank, or another product."""
    request, product = draw(signed_by_twilio())
    parameters = list(request.parameters)
    match draw(st.sampled_from(["added", "before", "left out", "renamed", "blank", "query"])):
        case "added":
            parameters.append((draw(names), draw(blank_or_not)))
        case "before":
            parameters = [(name, value + "0") for name, value in parameters] + parameters
        case "left out":
            parameters = parameters[1:]
        case "renamed":
            parameters = [(f"{name}0", value) for name, value in parameters]
        case "blank":
            parameters = [(name, "") for name, _ in parameters]
        case "query":
            return replace(
                request, query=f"{request.query}{draw(st.sampled_from(['&', '0', '=', '%20', '&x=y']))}"
            ), product
    return replace(request, parameters=parameters), product


@st.composite
def forged(draw: st.DrawFn) -> tuple[Callback, str]:
    """One whose signature is none, of another token, or anything."""
    request, product = draw(signed_by_twilio())
    of_another_token = signature_of(draw(text), request.query, request.parameters)
    signature = str(request.signature)
    made_up = st.sampled_from(["", " ", "=", signature[:-1], f"{signature} ", signature.lower(), f"{signature},"])
    return replace(request, signature=draw(st.none() | st.just(of_another_token) | made_up | text)), product


KINDS = {"signed by Twilio": signed_by_twilio(), "altered on the way": altered(), "forged": forged()}
MANY = {"signed by Twilio": 1_000, "altered on the way": 4_500, "forged": 4_500}


@pytest.fixture(autouse=True)
def woken_by(client: Client) -> Iterator[list[tuple[str, str]]]:  # noqa: ARG001 - AWS is moto's
    with woken() as told:
        yield told


def answered(steps: Steps, request: Callback) -> int:
    answer: dict[str, Any] = steps.invoke("status_callback", **request.event)
    return int(answer["statusCode"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_webhook_takes_in_what_twilio_has_signed_and_nothing_else(
    start: Start, client: Client, told: Tell, kind: str
) -> None:
    parent = {"account_sid": numbered_sid("AC", 1), **TOKENS}
    secret = client("secretsmanager").create_secret(
        Name=f"webhook {kind}".replace(" ", "-"), SecretString=json.dumps(parent)
    )
    steps = start(TWILIO_SECRET_ARN=secret["ARN"])
    tried = 0

    @examples(50, MANY[kind])
    @given(KINDS[kind])
    def each(request_and_product: tuple[Callback, str]) -> None:
        nonlocal tried
        tried += 1
        request, product = request_and_product
        status = answered(steps, request)
        assert status in STATUSES
        assert status == expected(request, product)

    each()
    told(operation=f"requests to the webhook, {kind}", end="taken in if Twilio signed it, else refused", examples=tried)
