"""What Lambda's own runtime writes to CloudWatch Logs, X-Ray and the state machine when a function fails."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from shaken_stir.project import load_event
from shaken_stir.simulated.serve import EVENTS
from tests.lambda_runtime.runtime_api import Ended, invoke

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Lambda's runtime has a wheel for Linux only")

NUMBER = "+14155550123"
ACCOUNT = "AC" + "1" * 32
SETTINGS: dict[str, str] = load_event(EVENTS / "local.env.json")["Parameters"]
SECRET = {"SecretString": json.dumps({"account_sid": ACCOUNT, "auth_token": "token"})}


def read_request(request: Any) -> dict[str, Any]:
    return {"execution": "run", "input": request, "started_at": "2026-11-22T12:00:00Z"}


def callback(**changes: Any) -> dict[str, Any]:
    return {
        "rawPath": "/status-callback",
        "rawQueryString": "To=%2B14155550123&From=4155550123",
        "headers": {"X-Twilio-Signature": "forged"},
        "requestContext": {"domainName": "api.example", "requestId": "request"},
        "body": "To=%2B1+415+555+0123&From=+14155550123",
        "isBase64Encoded": False,
        **changes,
    }


def of_the_number(text: str) -> str:
    """What is told of the number beyond the last four digits, however it is written."""
    without_times = re.sub(r"\b\d{13}\b", "", text)
    found = re.search(r"4155|415\D{1,4}555|55501|5\D{1,2}0123", without_times)
    return found[0] if found else ""


def hold_that_nothing_leaves(ended: Ended) -> None:
    assert ended.log
    for left in (ended.log, json.dumps(ended.body, ensure_ascii=False), ended.xray):
        assert of_the_number(left) == ""


@pytest.mark.parametrize("log_format", ["Text", "JSON"])
def test_a_number_in_a_request_is_told_by_its_last_four_digits(tmp_path: Path, log_format: str) -> None:
    event = read_request({"phone_numbers": [NUMBER], "subaccounts": [ACCOUNT], "+1 (415) 555-0123": 1})

    ended = invoke("read_request", event, {}, tmp_path, **SETTINGS, AWS_LAMBDA_LOG_FORMAT=log_format)

    sentence = (
        "The request was refused: phone_numbers[0]: '+…0123' is not PN and 32 hexadecimal digits; "
        "+…0123 is not known (known: business_profile_sid, trust_product, subaccounts, phone_numbers, include_parent, "
        "own_numbers, regions, resubmit, release_orphans) (docs/errors.md#invalid-request)."
    )
    assert (ended.failed, ended.body["errorType"], ended.body["errorMessage"]) == (True, "InvalidRequest", sentence)
    assert any("read_request.py" in line and "raise InvalidRequest(" in line for line in ended.body["stackTrace"])
    [exception] = json.loads(ended.xray)["exceptions"]
    assert (exception["type"], exception["message"]) == ("InvalidRequest", sentence)
    assert ended.log.count(sentence) == 2
    hold_that_nothing_leaves(ended)


def test_what_aws_says_of_a_number_is_masked_under_the_error_s_own_name(tmp_path: Path) -> None:
    event = {"execution": "run", "subaccount_sid": ACCOUNT, "friendly_name": None, "error": None}
    refusal = {
        "__type": "com.amazon.coral.validate#ValidationException",
        "message": "'(415) 555-0123', 4155550123 and %2B14155550123 are no keys",
    }

    ended = invoke("record_subaccount", event, {"Query": (400, refusal)}, tmp_path, **SETTINGS)

    assert (ended.failed, ended.body["errorType"]) == (True, "ClientError")
    assert "Query operation: '+…0123', +…0123 and +…0123 are no keys" in ended.body["errorMessage"]
    assert any("record_subaccount.py" in line for line in ended.body["stackTrace"])
    hold_that_nothing_leaves(ended)


def test_an_unexpected_error_is_told_without_its_data(tmp_path: Path) -> None:
    wrong = SETTINGS | {"MAP_CONCURRENCY": f"five of {NUMBER}"}

    ended = invoke("read_request", read_request({}), {}, tmp_path, **wrong)

    assert (ended.failed, ended.body["errorType"]) == (True, "ValidationError")
    assert ended.body["errorMessage"].startswith("Settings: MAP_CONCURRENCY: input should be a valid integer")
    hold_that_nothing_leaves(ended)


def test_a_callback_that_cannot_be_read_is_told_without_its_body_and_address(tmp_path: Path) -> None:
    event = callback()
    del event["rawPath"]

    ended = invoke("status_callback", event, {}, tmp_path, **SETTINGS)

    assert (ended.failed, ended.body["errorType"]) == (True, "ValidationError")
    assert ended.body["errorMessage"] == "HttpRequest: rawPath is missing"
    hold_that_nothing_leaves(ended)


def test_the_address_of_a_forged_callback_is_logged_masked(tmp_path: Path) -> None:
    ended = invoke("status_callback", callback(), {"GetSecretValue": (200, SECRET)}, tmp_path, **SETTINGS)

    assert (ended.failed, ended.body) == (False, {"statusCode": 403})
    assert '"path":"/status-callback","query":"To=+…0123&From=+…0123"' in ended.log
    hold_that_nothing_leaves(ended)
