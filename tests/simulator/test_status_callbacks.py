import socket
import time
from collections.abc import Callable

import pytest
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from simulator.fleet import Fleet
from simulator.policies import SHAKEN_STIR
from simulator.records import Callback
from simulator.simulator import Simulator
from tests.simulator.receiver import Receiver

type Start = Callable[[Fleet], Simulator]
type ClientOf = Callable[[Simulator], Client]


def fleet(verdict: str = "approved", seconds: float = 0.02) -> Fleet:
    return Fleet.model_validate({"review": {"seconds": seconds, "verdict": verdict}})


def submit(simulator: Simulator, client: Client, callback: str) -> str:
    trust_hub = client.trusthub.v1
    product = trust_hub.trust_products.create(friendly_name="Ours", email="us@example.com", policy_sid=SHAKEN_STIR)
    profile = next(iter(simulator.state.customer_profiles))
    product.trust_products_entity_assignments.create(object_sid=profile.sid)
    product.update(status="pending-review", status_callback=callback)
    return str(product.sid)


def sent(simulator: Simulator) -> Callback:
    deadline = time.monotonic() + 5
    while not simulator.state.callbacks:
        assert time.monotonic() < deadline, "no callback was sent"
        time.sleep(0.005)
    return simulator.state.callbacks[0]


@pytest.mark.parametrize(("verdict", "reason"), [("approved", ""), ("rejected", "18601")])
def test_the_verdict_is_sent_signed_to_exactly_the_given_address(
    start: Start, client_of: ClientOf, verdict: str, reason: str
) -> None:
    simulator = start(fleet(verdict))
    with Receiver() as receiver:
        url = f"{receiver.url}/status%20callback?trust_product_sid=BU1&empty="
        product = submit(simulator, client_of(simulator), url)
        received = receiver.received.get(timeout=5)
        assert sent(simulator).response_status == 204
    assert received.target == "/status%20callback?trust_product_sid=BU1&empty="
    assert received.form == {
        "AccountSid": simulator.account_sid,
        "BundleSid": product,
        "Status": f"twilio-{verdict}",
        "FailureReason": reason,
    }
    validator = RequestValidator(simulator.auth_token)
    assert validator.validate(url, received.form, received.signature)
    assert not validator.validate(f"{url}1", received.form, received.signature)


def test_the_api_knows_the_verdict_before_the_callback_arrives(start: Start, client_of: ClientOf) -> None:
    simulator = start(fleet())
    client = client_of(simulator)
    with Receiver(seconds=0.2) as receiver:
        product = submit(simulator, client, receiver.url)
        receiver.received.get(timeout=5)
        assert client.trusthub.v1.trust_products(product).fetch().status == "twilio-approved"
        assert simulator.state.callbacks == []


def test_a_receiver_that_fails_changes_nothing(start: Start, client_of: ClientOf) -> None:
    simulator = start(fleet())
    with Receiver(status=500) as receiver:
        product = submit(simulator, client_of(simulator), receiver.url)
        assert sent(simulator).response_status == 500
    assert simulator.state.trust_products[product].status == "twilio-approved"


def test_a_callback_that_cannot_be_delivered_is_remembered(start: Start, client_of: ClientOf) -> None:
    simulator = start(fleet())
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    submit(simulator, client_of(simulator), url)
    callback = sent(simulator)
    assert (callback.url, callback.response_status) == (url, None)
    assert callback.error is not None
    assert callback.error.startswith("ConnectionRefusedError")


def test_stopping_ends_a_review_that_runs(start: Start, client_of: ClientOf) -> None:
    simulator = start(fleet(seconds=3600))
    product = submit(simulator, client_of(simulator), "http://127.0.0.1:9/")
    simulator.stop()
    assert simulator.state.trust_products[product].status == "pending-review"


def test_stopping_cuts_a_callback_that_is_under_way(start: Start, client_of: ClientOf) -> None:
    simulator = start(fleet())
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        submit(simulator, client_of(simulator), f"http://127.0.0.1:{deaf.getsockname()[1]}/")
        connection, _ = deaf.accept()
        began = time.monotonic()
        simulator.stop()
        connection.close()
    assert time.monotonic() - began < 5, "it waited for the callback's own timeout"
    assert simulator.state.callbacks[0].error is not None


def test_the_time_scale_shortens_the_review(client_of: ClientOf) -> None:
    with Simulator(fleet(seconds=3600), time_scale=0.00001) as simulator, Receiver() as receiver:
        submit(simulator, client_of(simulator), receiver.url)
        assert receiver.received.get(timeout=5).form["Status"] == "twilio-approved"
