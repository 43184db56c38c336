"""An invocation that finds no room is turned away as Lambda does it, whoever has sent it."""

from collections.abc import Callable

import pytest
import requests

from shaken_stir.engine.concurrency import InvocationThrottled
from shaken_stir.engine.engine import Engine


@pytest.fixture
def full(deploy: Callable[..., Engine]) -> Engine:
    """An engine that has room for no invocation at all."""
    return deploy(account_concurrency=0)


def test_a_task_fails_with_the_name_that_step_functions_has_for_it(full: Engine) -> None:
    ended = full.wait(full.start_execution({"items": {}, "concurrency": 1}), timeout=10)

    assert (ended["status"], ended["error"]) == ("FAILED", "Lambda.TooManyRequestsException")
    assert ended["cause"].startswith("Rate Exceeded. (Service: ")
    assert (full.throttles, full.invocations) == ({"write_manifest": 1}, {})


def test_a_request_to_the_webhook_is_answered_with_503(full: Engine) -> None:
    response = requests.post(f"{full.public_url}/answer", timeout=5)

    assert (response.status_code, response.json()) == (503, {"message": "Service Unavailable"})


def test_whoever_invokes_a_function_is_told(full: Engine) -> None:
    with pytest.raises(InvocationThrottled):
        full.invoke("echo", {})
