"""A step done twice at once: wherever the second comes between the requests of the first, nothing is made twice.

The second is another execution, or the same one: Step Functions invokes a function again when it loses the connection.
`make test` tries the two in turn, place by place, `make faults` both in each.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from shaken_stir.engine.functions import FunctionFailed
from simulator.messages import Request, Response
from simulator.reviews import UNDER_REVIEW
from tests.steps.conftest import Start, Tell
from tests.steps.examples import thorough
from tests.steps.patience import patient
from tests.steps.steps import BUSY, LIST, Steps
from tests.world import NAMED, PRODUCT, PROFILE, account, phone_number, product

NUMBERS = [phone_number(1, 0), phone_number(1, 1)]
OF = {"subaccount_sid": account(1)}
TURNS = range(1, 20)
EXECUTIONS = ["first", "second"]


def state_of(sid: str, status: str = "draft") -> dict[str, Any]:
    return {"sid": sid, "status": status, "created": False, "connection_sid": None, "verdict_by": "none"}


def find_or_create(_: Steps) -> dict[str, Any]:
    return {"business_profile_sid": PROFILE, "trust_product": NAMED["trust_product"] | {"sid": None}}


def connect(_: Steps) -> dict[str, Any]:
    return {"business_profile_sid": PROFILE, "trust_product_sid": PRODUCT, "connection_sid": None}


def submit(_: Steps) -> dict[str, Any]:
    return {"trust_product": state_of(PRODUCT)}


def list_numbers(_: Steps) -> dict[str, Any]:
    return {**OF, **LIST, "business_profile_sid": PROFILE, "trust_product_sid": PRODUCT}


def assign_to_profile(steps: Steps) -> dict[str, Any]:
    steps.invoke("list_phone_numbers", **list_numbers(steps))
    return {**OF, "business_profile_sid": PROFILE, "phone_numbers": NUMBERS}


def assign_to_product(steps: Steps) -> dict[str, Any]:
    steps.invoke("assign_to_business_profile", **assign_to_profile(steps))
    return {**OF, "trust_product_sid": PRODUCT, "phone_numbers": NUMBERS}


DRAFT = {"products": [product(status="draft", business_profile=PROFILE)]}
STEPS: dict[str, tuple[Callable[[Steps], dict[str, Any]], dict[str, Any]]] = {
    "find_or_create_trust_product": (find_or_create, {}),
    "connect_business_profile": (connect, {"products": [product(status="draft")]}),
    "submit_trust_product": (submit, DRAFT),
    "list_phone_numbers": (list_numbers, DRAFT),
    "assign_to_business_profile": (assign_to_profile, DRAFT),
    "assign_to_trust_product": (assign_to_product, DRAFT),
}


def attempt(steps: Steps, function: str, event: dict[str, Any], execution: str, ends: list[str]) -> None:
    """Do a step, and note how it ended."""
    try:
        steps.invoke(function, execution=execution, **event)
        ends.append("done")
    except FunctionFailed as failed:
        ends.append(failed.error["errorType"])


def products(steps: Steps) -> int:
    return len(list(steps.simulator.state.trust_products))


def connections(steps: Steps) -> int:
    return len(list(steps.simulator.state.trust_products[PRODUCT].entities))


def reviews(steps: Steps) -> int:
    return sum(it.status in UNDER_REVIEW for it in steps.simulator.state.trust_products)


MADE = dict.fromkeys(STEPS, products) | {"connect_business_profile": connections, "submit_trust_product": reviews}
"""How many there are of what the step makes; assignments are counted by number."""


def between(steps: Steps, turn: int, do: Callable[[], None]) -> Callable[[], bool]:
    """Have this done when Twilio has answered so many requests from now on; gives what says whether it was."""
    seen: list[Request] = []

    def interpose(request: Request) -> Response | None:
        seen.append(request)
        if len(seen) != turn:
            return None
        answer = steps.simulator.answer(request)
        do()
        return answer

    steps.simulator.interpose(interpose)
    return lambda: len(seen) > turn  # the last request's answer is the end of the step


@pytest.mark.parametrize("execution", EXECUTIONS)
@pytest.mark.parametrize("function", STEPS)
def test_one_of_them_is_told_to_wait_or_finds_what_the_other_has_made(
    start: Start, told: Tell, function: str, execution: str
) -> None:
    prepare, fleet = STEPS[function]
    for turn in TURNS if thorough() else TURNS[EXECUTIONS.index(execution) :: len(EXECUTIONS)]:
        steps = start(**fleet, CALLBACK_URL="", FUNCTION_SECONDS="3")
        event = prepare(steps)
        ends: list[str] = []
        was_between = between(steps, turn, partial(attempt, steps, function, event, execution, ends))
        attempt(steps, function, event, "first", ends)
        if not was_between():
            assert turn > 1
            told(places=turn - 1)
            return

        assert len(ends) == 2
        assert set(ends) <= {"done", *BUSY}
        patient(steps).invoke(function, **event)
        assert MADE[function](steps) == 1
        for assigned in steps.assignments():
            assert len(assigned) == len(set(assigned))
    pytest.fail("The step sends more requests: add to TURNS.")
