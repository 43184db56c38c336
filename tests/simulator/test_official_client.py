from collections.abc import Callable

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from simulator.fleet import Fleet, load_fleet
from simulator.policies import SHAKEN_STIR
from simulator.simulator import Simulator

type Start = Callable[[Fleet], Simulator]
type ClientOf = Callable[[Simulator], Client]


def test_an_onboarding_with_twilio_s_own_library(start: Start, client_of: ClientOf) -> None:
    simulator = start(load_fleet("2x3"))
    client = client_of(simulator)
    trust_hub = client.trusthub.v1
    profile = trust_hub.customer_profiles.list(status="twilio-approved")[0]
    assert profile.account_sid == simulator.account_sid

    product = trust_hub.trust_products.create(friendly_name="Ours", email="us@example.com", policy_sid=SHAKEN_STIR)
    product.trust_products_entity_assignments.create(object_sid=profile.sid)
    assert product.trust_products_evaluations.create(policy_sid=SHAKEN_STIR).status == "compliant"
    assert product.update(status="pending-review").status == "pending-review"

    for account in client.api.v2010.accounts.list(status="active"):
        for number in client.api.v2010.accounts(account.sid).incoming_phone_numbers.list():
            assert number.capabilities["voice"]
            for assignments in (
                trust_hub.customer_profiles(profile.sid).customer_profiles_channel_endpoint_assignment,
                trust_hub.trust_products(product.sid).trust_products_channel_endpoint_assignment,
            ):
                assignments.create(channel_endpoint_type="phone-number", channel_endpoint_sid=number.sid)

    assigned = simulator.state.trust_products[product.sid].endpoints.by_number
    assert {sid: len(assignments) for sid, assignments in assigned.items()} == dict.fromkeys(simulator.state.numbers, 1)
    assert simulator.calls["POST /v1/TrustProducts/{Sid}/ChannelEndpointAssignments"] == 6
    assert simulator.calls["GET /2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers.json"] == 3


def test_the_library_follows_both_kinds_of_pages(start: Start, client_of: ClientOf) -> None:
    simulator = start(load_fleet("1x25"))
    client = client_of(simulator)
    account = client.api.v2010.accounts.list()[1]
    numbers = client.api.v2010.accounts(account.sid).incoming_phone_numbers.list(page_size=10)
    assert len({number.sid for number in numbers}) == 25
    profile = client.trusthub.v1.customer_profiles.list()[0]
    assignments = client.trusthub.v1.customer_profiles(profile.sid).customer_profiles_channel_endpoint_assignment
    for number in numbers:
        assignments.create(channel_endpoint_type="phone-number", channel_endpoint_sid=number.sid)
    assert [a.channel_endpoint_sid for a in assignments.list(page_size=10)] == [number.sid for number in numbers]
    assert simulator.calls["GET /v1/CustomerProfiles/{Sid}/ChannelEndpointAssignments"] == 3


def test_the_library_raises_what_the_simulator_refuses(start: Start, client_of: ClientOf) -> None:
    client = client_of(start(Fleet()))
    with pytest.raises(TwilioRestException) as caught:
        client.trusthub.v1.trust_products("BU" + "9" * 32).fetch()
    assert (caught.value.status, caught.value.code) == (404, 20404)


def test_wrong_credentials_are_refused(start: Start, client_of: ClientOf) -> None:
    simulator = start(Fleet())
    client = client_of(simulator)
    client.password = "wrong"
    client.auth = (client.username, "wrong")
    with pytest.raises(TwilioRestException) as caught:
        client.trusthub.v1.trust_products.create(friendly_name="a", email="b", policy_sid=SHAKEN_STIR)
    assert (caught.value.status, caught.value.code) == (401, 20003)
    assert len(simulator.state.trust_products) == 0


def test_what_was_deleted_is_gone(start: Start, client_of: ClientOf) -> None:
    simulator = start(Fleet())
    trust_hub = client_of(simulator).trusthub.v1
    product = trust_hub.trust_products.create(friendly_name="Ours", email="us@example.com", policy_sid=SHAKEN_STIR)
    assert product.delete()
    assert trust_hub.trust_products.list() == []
