"""Twilio accepts two assignments of one number, and its lists lag: still nothing is ever made twice."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from onboarding.twilio import http as twilio_http
from shaken_stir.engine.functions import Functions
from shaken_stir.simulated.place import SimulatedPlace
from simulator.app import App
from simulator.messages import Request, Response
from tests.machine.conftest import Start
from tests.world import (
    NAMED,
    PRODUCT,
    PROFILE,
    assignments,
    error,
    phone_number,
    product,
    subaccount,
)

SCALE = 0.05
LAG = 8
"""Almost as many seconds as the template says that lists may lag, before the time scale."""

type Answer = Callable[[App, Request], Response]
type Around = Callable[[Callable[[Answer, App, Request], Response]], None]


@pytest.fixture
def around(monkeypatch: pytest.MonkeyPatch) -> Around:
    """Wrap Twilio's answers."""
    answer = App.answer

    def wrap(wrapper: Callable[[Answer, App, Request], Response]) -> None:
        monkeypatch.setattr(App, "answer", lambda app, request: wrapper(answer, app, request))

    return wrap


def is_assignment(request: Request) -> bool:
    return request.method == "POST" and request.path.endswith("/ChannelEndpointAssignments")


def each_once(local: SimulatedPlace, subaccounts: int, numbers: int) -> None:
    on_profile, on_product = assignments(local)
    expected = [phone_number(s, n) for s in range(1, subaccounts + 1) for n in range(numbers)]
    assert sorted(on_profile) == expected
    assert sorted(on_product) == expected
    [product] = local.simulator.state.trust_products
    assert len(list(product.entities)) == 1


@pytest.mark.parametrize("lost", ["the first", "each"])
def test_a_post_that_is_carried_out_but_answered_with_an_error(start: Start, around: Around, lost: str) -> None:
    seen: set[tuple[str, str]] = set()

    def answer_lost(answer: Answer, app: App, request: Request) -> Response:
        response = answer(app, request)
        if not is_assignment(request):
            return response
        key = (request.path, request.form["ChannelEndpointSid"] if lost == "each" else "")
        if key in seen:
            return response
        seen.add(key)
        return error(500, 20500, "Internal Server Error")

    around(answer_lost)
    local = start(SCALE, lag=LAG, review={"seconds": 5}, subaccounts=[subaccount(1, numbers=4)])

    assert local.run(NAMED).status == "SUCCEEDED"
    each_once(local, 1, 4)


@pytest.mark.parametrize("path", ["/v1/TrustProducts", "/EntityAssignments", "/ChannelEndpointAssignments"])
def test_a_post_whose_answer_comes_after_the_read_timeout(
    start: Start, around: Around, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    late = threading.Event()

    def answer_late(answer: Answer, app: App, request: Request) -> Response:
        response = answer(app, request)
        if request.method == "POST" and request.path.endswith(path) and not late.is_set():
            late.set()
            time.sleep(1)
        return response

    around(answer_late)
    local = start(SCALE, lag=LAG, review={"seconds": 5}, subaccounts=[subaccount(1)])
    monkeypatch.setattr(twilio_http, "READ_TIMEOUT_SECONDS", 0.7)

    assert local.run(NAMED).status == "SUCCEEDED"
    assert late.is_set()
    each_once(local, 1, 2)


def test_a_throttle_after_an_unanswered_post_does_not_make_one_forget_it(start: Start, around: Around) -> None:
    lock, seen = threading.Lock(), list[str]()

    def fail_then_throttle(answer: Answer, app: App, request: Request) -> Response:
        if not is_assignment(request):
            return answer(app, request)
        with lock:
            seen.append(request.form["ChannelEndpointSid"])
            turn = len(seen)
        if turn == 1:
            answer(app, request)
            return error(500, 20500, "Internal Server Error")
        return error(429, 20429, "Too Many Requests") if turn < 12 else answer(app, request)

    around(fail_then_throttle)
    local = start(SCALE, lag=LAG, review={"seconds": 5}, subaccounts=[subaccount(1, numbers=3)])

    assert local.run(NAMED).status == "SUCCEEDED"
    each_once(local, 1, 3)


@pytest.mark.parametrize("still", ["looks", "posts"])
def test_a_function_that_is_invoked_again_while_it_still(
    start: Start, around: Around, monkeypatch: pytest.MonkeyPatch, still: str
) -> None:
    """Step Functions does that when it loses the connection to Lambda."""
    twice: list[threading.Thread] = []
    invoke = Functions.invoke

    def slow(answer: Answer, app: App, request: Request) -> Response:
        response = answer(app, request)
        if request.path.endswith("/ChannelEndpointAssignments") and (request.method == "POST") == (still == "posts"):
            time.sleep(0.1 if still == "posts" else 0.5)
        return response

    def invoked_twice(functions: Functions, name: str, event: str) -> object:
        if "AssignToBusinessProfile" in name and not twice:
            twice.append(threading.Thread(target=invoke, args=(functions, name, event)))
            twice[0].start()
            time.sleep(0.3)
        return invoke(functions, name, event)

    around(slow)
    local = start(SCALE, lag=LAG, review={"seconds": 5}, subaccounts=[subaccount(1, numbers=40)])
    monkeypatch.setattr(Functions, "invoke", invoked_twice)

    assert local.run(NAMED).status == "SUCCEEDED"
    assert twice
    each_once(local, 1, 40)


def test_two_executions_at_once(start: Start) -> None:
    local = start(
        SCALE, lag=LAG, review={"seconds": 5}, subaccounts=[subaccount(number, numbers=5) for number in range(1, 5)]
    )
    local.run({"subaccounts": ["AC1"]})  # warms the engine's clients up

    with ThreadPoolExecutor(2) as pool:
        arns = list(pool.map(lambda _: local.engine.start_execution(NAMED), range(2)))
    ends = [local.engine.wait(arn, timeout=60) for arn in arns]

    assert [end["status"] for end in ends] == ["SUCCEEDED", "SUCCEEDED"]
    each_once(local, 4, 5)


def test_two_executions_that_submit_the_same_draft(start: Start, around: Around) -> None:
    both = threading.Barrier(2)

    def together(answer: Answer, app: App, request: Request) -> Response:
        if (request.method, request.path) == ("POST", f"/v1/TrustProducts/{PRODUCT}"):
            both.wait(10)
        return answer(app, request)

    around(together)
    local = start(SCALE, lag=LAG, review={"seconds": 5}, products=[product(status="draft", business_profile=PROFILE)])
    local.run({"subaccounts": ["AC1"]})

    arns = [local.engine.start_execution({}) for _ in range(2)]
    ends = [local.engine.wait(arn, timeout=60) for arn in arns]

    assert [end["status"] for end in ends] == ["SUCCEEDED", "SUCCEEDED"]
    each_once(local, 2, 2)
