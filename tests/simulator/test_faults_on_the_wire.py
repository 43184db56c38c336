"""What a client gets of a request that goes wrong: bytes and connections, not the simulator's records."""

from collections.abc import Callable

import pytest
import requests

from simulator.fleet import Fleet
from simulator.simulator import Simulator

type Start = Callable[[Fleet], Simulator]

PRODUCTS = "/v1/TrustProducts"


def get(simulator: Simulator, path: str = PRODUCTS, timeout: float = 10) -> requests.Response:
    return requests.get(f"{simulator.url}{path}", auth=(simulator.account_sid, simulator.auth_token), timeout=timeout)


def test_a_reset_connection_has_no_answer_and_the_next_one_does(start: Start) -> None:
    simulator = start(Fleet())
    simulator.controls.plan_fault(kind="reset")

    with pytest.raises(requests.ConnectionError, match="reset"):
        get(simulator)
    assert get(simulator).status_code == 200


def test_half_of_a_truncated_answer_arrives(start: Start) -> None:
    simulator = start(Fleet())
    whole = len(get(simulator).content)
    simulator.controls.plan_fault(kind="truncated")

    with pytest.raises(requests.exceptions.ChunkedEncodingError, match=rf"{whole // 2} bytes read"):
        get(simulator)
    assert len(get(simulator).content) == whole


def test_a_late_answer_comes_after_the_client_has_given_up(start: Start) -> None:
    simulator = start(Fleet())
    simulator.controls.plan_fault(kind="late", seconds=0.5)

    with pytest.raises(requests.ReadTimeout):
        get(simulator, timeout=0.1)
    assert get(simulator).status_code == 200


def test_an_error_may_say_when_to_come_back(start: Start) -> None:
    simulator = start(Fleet())
    simulator.controls.plan_fault(status=429, retry_after=2)

    answer = get(simulator)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    assert answer.json()["code"] == 20429


def test_an_error_may_be_a_page_of_a_proxy(start: Start) -> None:
    simulator = start(Fleet())
    simulator.controls.plan_fault(html="<h1>Bad gateway</h1>", status=502)

    answer = get(simulator)

    assert (answer.status_code, answer.text) == (502, "<h1>Bad gateway</h1>")
    assert answer.headers["Content-Type"] == "text/html"
