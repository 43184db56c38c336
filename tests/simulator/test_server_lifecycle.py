import base64
import http.client
import json
import select
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from simulator.fleet import Fleet, load_fleet
from simulator.simulator import PortInUse, Simulator

type Start = Callable[[Fleet], Simulator]


def headers_of(simulator: Simulator) -> dict[str, str]:
    credentials = f"{simulator.account_sid}:{simulator.auth_token}".encode()
    return {
        "Authorization": f"Basic {base64.b64encode(credentials).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
    }


def connect(simulator: Simulator) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(simulator.url.removeprefix("http://"), timeout=5)


def test_a_port_in_use_is_named_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        simulator = Simulator(Fleet(), port=port)
        with pytest.raises(PortInUse, match=rf"^port {port} on 127\.0\.0\.1 is already in use$"):
            simulator.start()
        simulator.stop()


def test_two_simulators_run_side_by_side(start: Start) -> None:
    one, other = start(Fleet()), start(Fleet())
    assert one.url != other.url
    connection = connect(one)
    connection.request("GET", "/v1/Policies", headers=headers_of(one))
    assert connection.getresponse().status == 200
    connection.close()
    assert (one.calls, other.calls) == ({"GET /v1/Policies": 1}, {})


def test_a_port_is_free_again_after_stop() -> None:
    with Simulator(Fleet()) as first:
        port = int(first.url.rpartition(":")[2])
    with Simulator(Fleet(), port=port) as second:
        assert second.url == first.url


def test_stopping_closes_open_connections_and_leaves_no_thread() -> None:
    before = threading.active_count()
    simulator = Simulator(Fleet())
    simulator.start()
    connection = connect(simulator)
    connection.request("GET", "/v1/Policies", headers=headers_of(simulator))
    connection.getresponse().read()
    simulator.stop()
    simulator.stop()
    assert threading.active_count() == before
    assert connection.sock.recv(1) == b""
    connection.close()


def test_one_connection_serves_many_requests_whatever_their_answers(start: Start) -> None:
    simulator = start(Fleet())
    connection = connect(simulator)
    statuses, sockets = [], set()
    for method, path, body in [
        ("GET", "/v1/Policies", None),
        ("POST", "/v1/TrustProducts", "FriendlyName=a"),
        ("PUT", "/v1/TrustProducts", "x" * 1000),
        ("DELETE", "/v1/Nothing", None),
        ("GET", "/2010-04-01/Accounts.json", None),
    ]:
        connection.request(method, path, body, headers_of(simulator))
        response = connection.getresponse()
        assert json.loads(response.read())
        statuses.append(response.status)
        sockets.add(connection.sock)
    connection.close()
    assert statuses == [200, 400, 405, 404, 200]
    assert len(sockets) == 1


def test_an_unauthorized_answer_asks_for_basic_credentials(start: Start) -> None:
    connection = connect(start(Fleet()))
    connection.request("GET", "/v1/Policies")
    response = connection.getresponse()
    assert (response.status, response.getheader("WWW-Authenticate")) == (401, 'Basic realm="Twilio API"')
    connection.close()


def test_a_body_without_a_length_is_refused(start: Start) -> None:
    simulator = start(Fleet())
    connection = connect(simulator)
    connection.request("POST", "/v1/TrustProducts", iter([b"FriendlyName=a"]), headers_of(simulator))
    assert connection.getresponse().status == 411
    connection.close()


def test_an_answer_that_comes_before_the_body_is_read_by_a_client_that_goes_on_sending(start: Start) -> None:
    simulator = start(Fleet())
    connection = connect(simulator)
    connection.putrequest("POST", "/v1/TrustProducts")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    answered, _, _ = select.select([connection.sock], [], [], 5)
    assert answered
    # More than the buffers of both ends hold.
    connection.send(b"800000\r\n" + bytes(0x800000) + b"\r\n0\r\n\r\n")
    assert connection.getresponse().status == 411
    connection.close()


def test_links_lead_back_to_the_host_that_was_asked(start: Start) -> None:
    simulator = start(Fleet())
    connection = connect(simulator)
    connection.request(
        "GET", "/v1/Policies?PageSize=1", headers=headers_of(simulator) | {"Host": "host.docker.internal:81"}
    )
    meta = json.loads(connection.getresponse().read())["meta"]
    connection.close()
    assert meta["next_page_url"].startswith("http://host.docker.internal:81/v1/Policies?PageSize=1&Page=1&PageToken=")


def test_many_connections_at_once_lose_nothing(start: Start) -> None:
    simulator = start(load_fleet("1x50"))
    profile = next(iter(simulator.state.customer_profiles))

    def assign(number: str) -> None:
        connection = connect(simulator)
        form = urlencode({"ChannelEndpointType": "phone-number", "ChannelEndpointSid": number})
        for _ in range(4):
            path = f"/v1/CustomerProfiles/{profile.sid}/ChannelEndpointAssignments"
            connection.request("POST", path, form, headers_of(simulator))
            assert connection.getresponse().read()
        connection.close()

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(assign, simulator.state.numbers))
    assert sum(simulator.calls.values()) == len(profile.endpoints) == 200
    assert {len(assignments) for assignments in profile.endpoints.by_number.values()} == {4}


def test_latency_makes_every_request_take_longer(start: Start) -> None:
    simulator = start(Fleet(latency=0.1))
    connection = connect(simulator)
    began = time.monotonic()
    connection.request("GET", "/v1/Policies", headers=headers_of(simulator))
    connection.getresponse().read()
    connection.close()
    assert time.monotonic() - began >= 0.1
