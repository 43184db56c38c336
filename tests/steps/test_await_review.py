"""A run stores its token, then looks: it waits only for a verdict that is not in, and only if nobody else does."""

from collections.abc import Iterator
from typing import Any

import pytest

from onboarding.table.reviews import Waiter, add_waiter, read_waiters
from tests.steps.conftest import Client, Start
from tests.steps.machine import running, woken
from tests.steps.steps import Steps
from tests.world import PRODUCT, PROFILE, product

OTHER = "arn:aws:states:us-east-1:123456789012:execution:machine:other"
FIRST = OTHER.replace("other", "first")


@pytest.fixture
def woken_by(client: Client) -> Iterator[list[tuple[str, str]]]:  # noqa: ARG001 - AWS is moto's
    with woken() as told:
        yield told


def event(sid: str = PRODUCT) -> dict[str, Any]:
    return {"execution_arn": FIRST, "trust_product_sid": sid, "task_token": "a-token", "poll_seconds": 60}


def waiters(steps: Steps) -> list[str]:
    return [it.execution for it in read_waiters(steps.table, PRODUCT)]


@pytest.mark.parametrize("status", ["twilio-approved", "twilio-rejected"])
def test_a_verdict_that_came_before_the_token_was_stored_is_seen_by_the_read(
    start: Start, woken_by: list[tuple[str, str]], status: str
) -> None:
    steps = start(products=[product(status=status, business_profile=PROFILE)])

    steps.invoke("await_review", **event())

    assert woken_by == [("a-token", "poll")]
    assert waiters(steps) == []


def test_the_token_is_stored_before_the_status_is_read(start: Start, woken_by: list[tuple[str, str]]) -> None:
    steps = start(products=[product(status="in-review", business_profile=PROFILE)])
    stored: list[list[str]] = []
    steps.simulator.interpose(lambda _: stored.append(waiters(steps)))

    steps.invoke("await_review", **event())

    assert stored == [["first"]]
    assert (woken_by, waiters(steps)) == ([], ["first"])


def test_a_product_that_is_gone_is_left_to_the_check(start: Start, woken_by: list[tuple[str, str]]) -> None:
    start().invoke("await_review", **event())

    assert woken_by == [("a-token", "poll")]


@pytest.mark.parametrize("ended", [False, True], ids=["still runs", "was stopped"])
def test_only_an_execution_that_still_runs_keeps_others_from_waiting(
    start: Start, woken_by: list[tuple[str, str]], *, ended: bool
) -> None:
    steps = start(products=[product(status="in-review", business_profile=PROFILE)])
    add_waiter(steps.table, PRODUCT, Waiter(1, "other", OTHER, "its-token"), 60)

    with running(*([] if ended else [OTHER])):
        if ended:
            steps.invoke("await_review", **event())
        else:
            error, sentence = steps.failure("await_review", **event())
            assert error == "ReviewAwaitedElsewhere"
            assert sentence.startswith(f"The Trust Product {PRODUCT} is in-review; the execution other awaits")

    assert waiters(steps) == (["other", "first"] if ended else ["other"])
    assert woken_by == []
