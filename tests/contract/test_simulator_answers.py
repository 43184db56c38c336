"""What the simulator answers is what Twilio's OpenAPI describes, to the field."""

from typing import Any

import pytest

from simulator.policies import SHAKEN_STIR
from simulator.reviews import Reviews
from simulator.routes import routes
from simulator.simulator import Simulator
from simulator.state import State
from tests.contract.exchanges import Exchange, recording
from tests.contract.tour import ACCOUNTS, FLEET, NOTHING, NUMBERS, Customer, existing
from tests.contract.twilio_openapi import Contract, route
from tests.world import PROFILE, account, phone_number

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

PRODUCTS = "/v1/TrustProducts"
DRAFT, *_, APPROVED = (f"{PRODUCTS}/{sid}" for sid in existing(0x200))
ENDPOINTS = f"{DRAFT}/ChannelEndpointAssignments"
NEW = {"FriendlyName": "Acme", "Email": "trust@acme.example", "PolicySid": SHAKEN_STIR}

REFUSED: dict[str, tuple[int, str, str, dict[str, Any]]] = {
    "wrong credentials": (401, "GET", ACCOUNTS, {"auth": ("AC", "wrong")}),
    "an unknown path": (404, "GET", "/v1/Nothing", {}),
    "an unknown account": (404, "GET", f"/2010-04-01/Accounts/AC{NOTHING}.json", {}),
    "an unknown number": (404, "GET", NUMBERS.replace(".json", f"/PN{NOTHING}.json"), {}),
    "an unknown policy": (404, "GET", f"/v1/Policies/RN{NOTHING}", {}),
    "an unknown end user": (404, "GET", f"/v1/EndUsers/IT{NOTHING}", {}),
    "an unknown product": (404, "GET", f"{PRODUCTS}/BU{NOTHING}", {}),
    "an unknown product's numbers": (404, "GET", f"{PRODUCTS}/BU{NOTHING}/ChannelEndpointAssignments", {}),
    "an unknown assignment": (404, "DELETE", f"{ENDPOINTS}/RA{NOTHING}", {}),
    "an unknown evaluation": (404, "GET", f"{DRAFT}/Evaluations/EL{NOTHING}", {}),
    "a method that is not served": (405, "DELETE", PRODUCTS, {}),
    "too large a page": (400, "GET", PRODUCTS, {"params": {"PageSize": 1001}}),
    "a page size that is no number": (400, "GET", ACCOUNTS, {"params": {"PageSize": "all"}}),
    "a page token from nowhere": (400, "GET", NUMBERS, {"params": {"PageToken": "nowhere"}}),
    "a product without a name": (400, "POST", PRODUCTS, {"data": {"Email": NEW["Email"]}}),
    "a product of no policy": (400, "POST", PRODUCTS, {"data": NEW | {"PolicySid": f"RN{NOTHING}"}}),
    "a callback that is no address": (400, "POST", PRODUCTS, {"data": NEW | {"StatusCallback": "nowhere"}}),
    "a status that there is not": (400, "POST", DRAFT, {"data": {"Status": "approved"}}),
    "a noncompliant product's submission": (400, "POST", DRAFT, {"data": {"Status": "pending-review"}}),
    "status and properties together": (400, "POST", DRAFT, {"data": NEW | {"Status": "pending-review"}}),
    "an approved product's removal": (400, "DELETE", APPROVED, {}),
    "an object that is none": (400, "POST", f"{DRAFT}/EntityAssignments", {"data": {"ObjectSid": f"BU{NOTHING}"}}),
    "an object of the wrong type": (400, "POST", f"{DRAFT}/EntityAssignments", {"data": {"ObjectSid": account(1)}}),
    "a number not on the profile": (
        400,
        "POST",
        ENDPOINTS,
        {"data": {"ChannelEndpointType": "phone-number", "ChannelEndpointSid": phone_number(1, 1)}},
    ),
    "a number that twilio refuses": (
        400,
        "POST",
        f"/v1/CustomerProfiles/{PROFILE}/ChannelEndpointAssignments",
        {"data": {"ChannelEndpointType": "phone-number", "ChannelEndpointSid": phone_number(4, 2)}},
    ),
    "an evaluation by another policy": (400, "POST", f"{DRAFT}/Evaluations", {"data": {"PolicySid": f"RN{NOTHING}"}}),
}


def served() -> set[str]:
    state = State(FLEET)
    return {route(method, path) for method, path in routes(state, Reviews(state, FLEET.review))}


def test_every_answer_is_one_that_twilio_could_give(contract: Contract, toured: list[Exchange]) -> None:
    assert [exchange.answer.data for exchange in toured if not exchange.succeeded] == []
    assert contract.answer_violations(toured) == []


def test_the_requests_behind_the_answers_are_twilio_s_too(contract: Contract, toured: list[Exchange]) -> None:
    assert contract.request_violations(toured) == []


def test_every_route_is_an_operation_of_twilio_s(contract: Contract) -> None:
    assert served() <= {operation.route for operation in contract.operations.values()}


def test_every_route_was_answered_with_success(contract: Contract, toured: list[Exchange]) -> None:
    assert {contract.operations[name].route for name in contract.succeeded(toured)} == served()


def test_every_parameter_of_every_route_was_sent(contract: Contract, toured: list[Exchange]) -> None:
    described, sent = set(), set()
    for name in contract.succeeded(toured):
        operation = contract.operations[name]
        described |= {(name, parameter) for parameter in operation.query | operation.form}
    for exchange in toured:
        if asked := contract.operation(exchange):
            sent |= {(asked.name, parameter) for parameter in exchange.query.keys() | exchange.form.keys()}
    assert described - sent == set()


@pytest.fixture(scope="module")
def refusals(contract: Contract) -> dict[str, Exchange]:  # noqa: ARG001 - without it all this is for nothing
    with Simulator(FLEET) as simulator, recording(simulator.url) as exchanges:
        customer = Customer()
        for _, method, path, options in REFUSED.values():
            customer.ask(method, path, **options)
        customer.session.close()
    return dict(zip(REFUSED, exchanges, strict=True))


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_has_the_shape_of_twilio_s_errors(
    contract: Contract, refusals: dict[str, Exchange], case: str
) -> None:
    assert refusals[case].answer.status_code == REFUSED[case][0]
    assert contract.answer_violations([refusals[case]]) == []
