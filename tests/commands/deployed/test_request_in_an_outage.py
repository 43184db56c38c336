"""While Twilio or AWS does not answer, `shaken-stir request` says so, and goes on when it does."""

import json
import re
import threading
from collections.abc import Callable
from socket import gaierror
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError
from moto.core.botocore_stubber import BotocoreStubber

from shaken_stir.cli.main import execute
from shaken_stir.deployed import executions
from shaken_stir.deployed.stack import sentence
from shaken_stir.project import EXAMPLE_EVENT
from tests.commands.deployed.conftest import OFTEN, Deploy
from tests.world import NEVER, subaccount
from tools.definition import DEFINITION

CLOCK = r" *\d+:\d\d:\d\d"
UNREACHED = EndpointConnectionError(endpoint_url="https://states.us-east-1.amazonaws.com/", error="no route")

pytestmark = pytest.mark.usefixtures("_look_often")


@pytest.fixture
def unanswered(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """Let AWS not answer an operation so often."""
    answer = BotocoreStubber.__call__

    def fail(operation: str, times: int) -> None:
        left = threading.Semaphore(times)

        def answer_or_fail(stubber: Any, event_name: str, request: Any, **more: Any) -> Any:
            if event_name.endswith(f".{operation}") and left.acquire(blocking=False):
                raise UNREACHED
            return answer(stubber, event_name, request, **more)

        monkeypatch.setattr(BotocoreStubber, "__call__", answer_or_fail)

    return fail


def request(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, list[str], str]:
    capsys.readouterr()
    code = execute(["request", "--event", str(EXAMPLE_EVENT), *options])
    told = capsys.readouterr()
    return code, [line for line in told.out.splitlines() if line and not line.startswith("{")], told.err


def test_a_state_that_fails_and_is_tried_again_is_told_with_the_reason(
    deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    # As often as one attempt of the state asks.
    deploy(subaccounts=[subaccount(1, 1)], faults=[{"operation": "GET /v1/CustomerProfiles", "times": 4}])

    code, lines, _ = request(capsys, "--wait")

    told = [line for line in lines if "failed" in line]
    assert code == 0
    assert len(told) == 1
    assert re.fullmatch(
        rf"{CLOCK}  Find Business Profile failed: Twilio failed at GET /v1/CustomerProfiles with HTTP 503; "
        r"Step Functions tries it again within 120 s, unless that was the last time",
        told[0],
    )


def test_that_aws_does_not_answer_is_told_and_it_is_asked_again(
    deploy: Deploy, capsys: pytest.CaptureFixture[str], unanswered: Callable[[str, int], None]
) -> None:
    deploy(review={"seconds": NEVER, "verdict": "approved"})
    unanswered("GetExecutionHistory", 3)

    code, lines, _ = request(capsys)

    assert code == 0
    told = [line.strip() for line in lines if "asked again" in line]
    assert told
    assert told[0].startswith("AWS cannot be reached (")
    assert told[0].endswith(f"; asked again every {OFTEN} s, and the execution goes on")
    states = [line for line in lines if "Read Request" in line]
    assert len(states) == 1


def test_it_is_given_up_when_aws_does_not_answer_for_long(
    deploy: Deploy,
    capsys: pytest.CaptureFixture[str],
    unanswered: Callable[[str, int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(executions, "MOST_UNANSWERED", 1)
    deploy(review={"seconds": NEVER, "verdict": "approved"})
    unanswered("DescribeExecution", 1000)

    code, lines, errors = request(capsys)

    assert code == 2
    assert sum("asked again" in line for line in lines) == 1
    assert "AWS cannot be reached (" in errors
    assert "the execution goes on. Follow it again: " in errors


def test_a_host_that_is_not_found_in_dns_is_told_as_such() -> None:
    url = "https://states.eu-nowhere-1.amazonaws.com/"

    assert sentence(EndpointConnectionError(endpoint_url=url, error=gaierror(-2, "not known"))) == (
        "states.eu-nowhere-1.amazonaws.com was not found in DNS; see that the region is right, and that this machine "
        "has a network and a resolver."
    )
    assert sentence(ConnectTimeoutError(endpoint_url=url)).startswith("AWS cannot be reached (Connect timeout")


def retriers(states: dict[str, Any]) -> list[dict[str, Any]]:
    found = [retrier for state in states.values() for retrier in state.get("Retry", [])]
    inner = [state["ItemProcessor"]["States"] for state in states.values() if "ItemProcessor" in state]
    return found + [retrier for within in inner for retrier in retriers(within)]


def test_what_is_said_of_retries_is_what_the_state_machine_does() -> None:
    declared = retriers(json.loads(DEFINITION.read_text(encoding="utf-8"))["States"])

    longest = max(
        min(it.get("MaxDelaySeconds", 10**9), it["IntervalSeconds"] * it["BackoffRate"] ** (it["MaxAttempts"] - 1))
        for it in declared
    )
    assert executions.retried_errors() >= {"TwilioUnavailable", "SubaccountBusy", "Lambda.Unknown", "Runtime.ExitError"}
    assert not executions.retried_errors() & {"States.Timeout", "States.ItemReaderFailed", "TrustProductRejected"}
    assert longest == executions.LONGEST_RETRY_SECONDS
