"""Twilio's callback: taken in only if Twilio signed it, and a hint at most."""

import json
import time
from base64 import b64encode
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from onboarding.table import reviews
from onboarding.table.reviews import Waiter, add_waiter, read_waiters
from tests.steps.conftest import Client, Start
from tests.steps.machine import woken
from tests.steps.steps import Steps
from tests.world import PRODUCT, sign

DOMAIN = "hook.example"
URL = f"https://{DOMAIN}/status-callback?trust_product_sid={PRODUCT}"
LOGGED_BYTES = 730
"""What a refused request writes to the log at most; docs/faq.md computes with it."""
BODY = {"Status": "in-review", "FailureReason": ""}


@pytest.fixture(autouse=True)
def woken_by(client: Client) -> Iterator[list[tuple[str, str]]]:  # noqa: ARG001 - AWS is moto's
    with woken() as told:
        yield told


def call(
    steps: Steps, signature: str | None = None, body: dict[str, str] = BODY, sid: str = PRODUCT, *, base64: bool = True
) -> int:
    """Have API Gateway hand on a callback; gives the status that is answered."""
    form = urlencode(body)
    event: dict[str, Any] = {
        "version": "2.0",
        "rawPath": "/status-callback",
        "rawQueryString": urlencode({"trust_product_sid": sid}),
        "headers": {"X-Twilio-Signature": signature} if signature else {},
        "requestContext": {"domainName": DOMAIN, "requestId": "request"},
        "body": b64encode(form.encode()).decode() if base64 else form,
        "isBase64Encoded": base64,
    }
    answer: dict[str, Any] = steps.invoke("status_callback", **event)
    status: int = answer["statusCode"]
    return status


def kept(steps: Steps) -> list[Any]:
    return [it["parameters"] for it in steps.table.query(f"TRUST_PRODUCT#{PRODUCT}", "CALLBACK#")]


@pytest.mark.parametrize("signature", ["missing", "wrong", "of another URL"])
def test_an_unsigned_callback_is_refused_and_wakes_nobody(
    start: Start, signature: str, woken_by: list[tuple[str, str]]
) -> None:
    steps = start()
    add_waiter(steps.table, PRODUCT, Waiter(1, "first", "arn", "a-token"), 60)
    of_another_url = sign(steps.simulator.auth_token, f"{URL}0", BODY)
    forged = {"missing": None, "wrong": "bm90IGEgc2lnbmF0dXJl", "of another URL": of_another_url}

    assert call(steps, forged[signature]) == 403
    assert (woken_by, kept(steps)) == ([], [])


@pytest.mark.parametrize("base64", [True, False])
def test_a_signed_callback_is_kept_and_wakes_everyone_who_waits(
    start: Start, woken_by: list[tuple[str, str]], *, base64: bool
) -> None:
    steps = start()
    for execution in ("first", "second"):
        add_waiter(steps.table, PRODUCT, Waiter(1, execution, "arn", f"token of {execution}"), 60)

    assert call(steps, sign(steps.simulator.auth_token, URL, BODY), base64=base64) == 204

    assert sorted(woken_by) == [("token of first", "callback"), ("token of second", "callback")]
    assert [it.execution for it in read_waiters(steps.table, PRODUCT)] == ["first", "second"]
    assert kept(steps) == [BODY]


def test_a_callback_that_is_signed_with_a_shared_key_is_refused(start: Start) -> None:
    """Twilio names the algorithm in `X-Twilio-Webhooks-Signature-Settings`, which is not read."""
    steps = start()
    by = RequestValidator("the shared key")

    assert call(steps, by.compute_signature(URL, BODY, algorithm="HMAC_SHA256")) == 403
    with_the_token = RequestValidator(steps.simulator.auth_token)
    assert call(steps, with_the_token.compute_signature(URL, BODY, algorithm="HMAC_SHA256")) == 403


def test_a_captured_callback_wakes_once_and_is_recorded_once(start: Start, woken_by: list[tuple[str, str]]) -> None:
    steps = start()
    add_waiter(steps.table, PRODUCT, Waiter(1, "first", "arn", "a-token"), 60)
    signature = sign(steps.simulator.auth_token, URL, BODY)

    assert {call(steps, signature) for _ in range(60)} == {204}

    assert woken_by == [("a-token", "callback")]
    assert kept(steps) == [BODY]


def test_a_second_rejection_with_the_same_words_wakes_its_run(
    start: Start, woken_by: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = start(POLL_SECONDS="3600")
    rejection = {"Status": "twilio-rejected", "FailureReason": "The website could not be reached."}
    signature = sign(steps.simulator.auth_token, URL, rejection)
    add_waiter(steps.table, PRODUCT, Waiter(1, "first", "arn", "token of the first review"), 60)
    assert call(steps, signature, rejection) == 204

    later = time.time() + 3 * 86_400
    monkeypatch.setattr(reviews, "time", SimpleNamespace(time=lambda: later))
    add_waiter(steps.table, PRODUCT, Waiter(1, "first", "arn", "token of the second review"), 60)
    assert call(steps, signature, rejection) == 204

    assert woken_by == [("token of the first review", "callback"), ("token of the second review", "callback")]
    assert kept(steps) == [rejection]


def test_a_refused_request_leaves_a_short_line_in_the_log(
    start: Start, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    steps = start()
    capsys.readouterr()

    assert call(steps, "bm90IGEgc2lnbmF0dXJl", sid="BU" + "x" * 9_000) == 403

    [line] = [it for it in caplog.records if it.message.startswith("refused a callback")]
    assert line.__dict__["path"] == "/status-callback"
    assert len(line.__dict__["query"]) == 200
    written = capsys.readouterr().out
    assert '"RefusedSignatures"' in written
    assert len(written.encode()) < LOGGED_BYTES, len(written.encode())


def test_a_callback_nobody_waits_for_is_taken_in(start: Start) -> None:
    steps = start()
    signature = sign(steps.simulator.auth_token, URL, BODY)

    assert [call(steps, signature) for _ in range(2)] == [204, 204]


def test_a_signed_callback_without_a_trust_product_is_malformed(start: Start) -> None:
    steps = start()
    signature = sign(steps.simulator.auth_token, URL.replace(PRODUCT, "nonsense"), BODY)

    assert call(steps, signature, sid="nonsense") == 400


def test_a_body_that_is_too_large_is_not_looked_at(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    large = {"Status": "x" * 20_000}
    steps = start()

    assert call(steps, sign(steps.simulator.auth_token, URL, large), large) == 413
    assert '"TooLargeCallbacks"' in capsys.readouterr().out


def test_the_secondary_token_is_accepted_while_the_primary_one_is_rotated(start: Start, client: Client) -> None:
    secret = {"account_sid": "AC" + "1" * 32, "auth_token": "new", "secondary_auth_token": "old"}
    rotated = client("secretsmanager").create_secret(Name="rotated", SecretString=json.dumps(secret))
    steps = start(TWILIO_SECRET_ARN=rotated["ARN"])

    assert [call(steps, sign(token, URL, BODY)) for token in ("new", "old", "older")] == [204, 204, 403]


def test_a_deployment_s_own_address_is_the_one_that_twilio_signs(start: Start) -> None:
    steps = start(PUBLIC_BASE_URL="https://own.example/")
    own = URL.replace(DOMAIN, "own.example")

    assert [call(steps, sign(steps.simulator.auth_token, url, BODY)) for url in (own, URL)] == [204, 403]
