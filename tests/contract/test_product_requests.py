"""What the product asks of Twilio is what Twilio's OpenAPI offers."""

import pytest

from tests.contract.scenarios import LOOK_UP, SCENARIOS, Traffic, client_calls
from tests.contract.twilio_openapi import Contract

pytestmark = pytest.mark.allow_hosts(["127.0.0.1", "localhost"])

USED = {
    "CreateCustomerProfileChannelEndpointAssignment",
    "CreateTrustProduct",
    "CreateTrustProductChannelEndpointAssignment",
    "CreateTrustProductEntityAssignment",
    "CreateTrustProductEvaluation",
    "DeleteCustomerProfileChannelEndpointAssignment",
    "DeleteTrustProductChannelEndpointAssignment",
    "FetchAccount",
    "FetchCustomerProfile",
    "FetchEndUser",
    "FetchIncomingPhoneNumber",
    "FetchTrustProduct",
    "FetchTrustProductEntityAssignment",
    "ListAccount",
    "ListCustomerProfile",
    "ListCustomerProfileChannelEndpointAssignment",
    "ListCustomerProfileEntityAssignment",
    "ListIncomingPhoneNumber",
    "ListTrustProduct",
    "ListTrustProductChannelEndpointAssignment",
    "ListTrustProductEntityAssignment",
    "ListTrustProductEvaluation",
    "UpdateTrustProduct",
}
"""Every operation of Twilio that the product depends on."""


@pytest.mark.parametrize("scenario", [scenario.__name__ for scenario in SCENARIOS])
def test_every_request_is_one_that_twilio_describes(
    contract: Contract, product_traffic: dict[str, Traffic], scenario: str
) -> None:
    assert contract.request_violations(product_traffic[scenario].exchanges) == []


@pytest.mark.parametrize("scenario", [scenario.__name__ for scenario in SCENARIOS])
def test_every_answer_it_got_is_one_that_twilio_could_give(
    contract: Contract, product_traffic: dict[str, Traffic], scenario: str
) -> None:
    assert contract.answer_violations(product_traffic[scenario].exchanges) == []


def test_the_scenarios_use_every_call_of_the_client(product_traffic: dict[str, Traffic]) -> None:
    used = {call for traffic in product_traffic.values() for call in traffic.calls}
    assert used == client_calls().keys()


def test_the_product_depends_on_these_operations_of_twilio_and_no_others(
    contract: Contract, product_traffic: dict[str, Traffic]
) -> None:
    exchanges = [exchange for traffic in product_traffic.values() for exchange in traffic.exchanges]
    assert contract.succeeded(exchanges) == USED


def test_pages_are_followed_to_the_last(contract: Contract, product_traffic: dict[str, Traffic]) -> None:
    first = product_traffic["first_run_and_later_ones"].exchanges
    pages = {
        int(exchange.query.get("Page", ["0"])[0])
        for exchange in first
        if contract.operation(exchange) is contract.operations["ListIncomingPhoneNumber"]
    }
    assert pages == {0, 1, 2}


def test_a_look_up_names_several_numbers(contract: Contract, product_traffic: dict[str, Traffic]) -> None:
    for operation in ("ListCustomerProfileChannelEndpointAssignment", "ListTrustProductChannelEndpointAssignment"):
        look_ups = [
            exchange.query["ChannelEndpointSids"][0].split(",")
            for exchange in product_traffic["first_run_and_later_ones"].exchanges
            if contract.operation(exchange) is contract.operations[operation]
            and "ChannelEndpointSids" in exchange.query
        ]
        assert max(map(len, look_ups)) == LOOK_UP > 1
