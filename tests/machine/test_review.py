"""How the verdict on the Trust Product reaches a run, however its callback fares."""

import json
import socket
from urllib.parse import urlencode

import pytest
import requests

from onboarding.table.reviews import read_waiters
from tests.machine.conftest import Start
from tests.simulator.receiver import Receiver
from tests.world import (
    NAMED,
    NEVER,
    PRODUCT,
    PROFILE,
    all_signed_once,
    assignments,
    decide_once_awaited,
    posts,
    product,
    sign,
    wait_until,
    waiting,
)


def test_a_rejection_ends_the_run_with_twilio_s_codes_and_what_to_correct(start: Start) -> None:
    local = start(review={"seconds": NEVER})

    report = local.run(NAMED, decide_once_awaited(local, "rejected", [18601, 18606]))

    assert (report.status, report.error) == ("FAILED", "TrustProductRejected")
    assert report.cause
    assert report.trust_product
    assert report.cause == (
        f"Twilio rejected the Trust Product {report.trust_product.sid} (18601: the business name or website does not "
        "match public records: correct it in the Business Profile; 18606: a representative's e-mail is not of the "
        "business's domain: use one that is). Correct it in the Console, then send the request again with "
        '"resubmit": true (docs/errors.md#trust-product-rejected).'
    )
    assert (report.trust_product.status, report.trust_product.verdict_by) == ("twilio-rejected", "callback")
    _, on_product = assignments(local)
    assert len(on_product) == 4


def test_a_rejected_product_is_submitted_again_only_when_asked(start: Start) -> None:
    rejected = product(status="twilio-rejected", business_profile=PROFILE, errors=[18602])
    local = start(products=[rejected], review={"seconds": NEVER})

    refused = local.run({})
    assert (refused.status, refused.error) == ("FAILED", "TrustProductRejected")
    assert posts(refused.twilio_calls) == 0

    again = local.run({"resubmit": True}, decide_once_awaited(local))
    assert again.status == "SUCCEEDED"
    assert again.twilio_calls["POST /v1/TrustProducts/{Sid}"] == 1
    assert again.trust_product
    assert again.trust_product.verdict_by == "callback"


def test_a_callback_before_the_token_is_stored_is_seen_by_the_read(start: Start) -> None:
    local = start(review={"seconds": 0, "verdict": "approved"})

    report = local.run(NAMED)

    assert report.status == "SUCCEEDED"
    assert report.trust_product
    assert report.trust_product.verdict_by == "poll"
    assert report.seconds < 3600 * 0.01  # it did not wait for the poll


def test_a_lost_callback_costs_only_the_time_until_the_poll(start: Start) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        local = start(parameters={"PublicBaseUrl": url, "PollSeconds": "60"})

        report = local.run(NAMED)

    assert report.status == "SUCCEEDED"
    assert report.trust_product
    assert report.trust_product.verdict_by == "poll"
    assert all(callback.error for callback in local.simulator.state.callbacks)


@pytest.mark.parametrize("status", [429, 503], ids=["too many requests", "no concurrency left"])
def test_a_callback_that_is_turned_away_costs_only_the_time_until_the_poll(status: int, start: Start) -> None:
    with Receiver(status=status) as gateway:
        local = start(parameters={"PublicBaseUrl": gateway.url, "PollSeconds": "60"})

        report = local.run(NAMED)

    assert report.status == "SUCCEEDED"
    assert report.trust_product
    assert report.trust_product.verdict_by == "poll"
    assert {callback.response_status for callback in local.simulator.state.callbacks} == {status}
    all_signed_once(local)


def test_a_review_that_takes_too_long_ends_the_run_and_says_so(start: Start) -> None:
    local = start(
        review={"seconds": 10_000_000},
        parameters={"PollSeconds": "60", "ReviewTimeoutDays": "1"},
        time_scale=0.00001,
    )

    report = local.run(NAMED)

    assert (report.status, report.error) == ("FAILED", "ReviewTimedOut")
    assert report.cause
    assert "gave no verdict" in report.cause


def test_of_two_executions_only_the_first_waits_for_the_verdict(start: Start) -> None:
    local = start(review={"seconds": NEVER})
    first = local.engine.start_execution(NAMED, name="first")
    assert wait_until(lambda: waiting(local))

    second = local.run({})

    assert second.status == "SUCCEEDED"
    assert second.trust_product
    assert second.trust_product.status in {"pending-review", "in-review"}
    assert local.engine.describe_execution(first)["status"] == "RUNNING"
    local.simulator.controls.decide(second.trust_product.sid, "approved")
    assert local.engine.wait(first, timeout=60)["status"] == "SUCCEEDED"


def test_a_waiter_that_was_stopped_keeps_nobody_from_waiting(start: Start) -> None:
    local = start(review={"seconds": NEVER})
    stopped = local.engine.start_execution(NAMED)
    assert wait_until(lambda: waiting(local))
    local.engine.stop_execution(stopped)

    report = local.run({}, decide_once_awaited(local))

    assert report.trust_product
    assert report.trust_product.status == "twilio-approved"


@pytest.mark.parametrize("signature", ["missing", "wrong", "of another URL"])
def test_an_unsigned_callback_is_refused_and_wakes_nobody(start: Start, signature: str) -> None:
    local = start()
    url = f"{local.engine.public_url}/status-callback?trust_product_sid={PRODUCT}"
    body = {"Status": "twilio-approved"}
    forged = {
        "missing": {},
        "wrong": {"X-Twilio-Signature": "bm90IGEgc2lnbmF0dXJl"},
        "of another URL": {"X-Twilio-Signature": sign(local.simulator.auth_token, url + "0", body)},
    }

    answer = requests.post(url, data=body, headers=forged[signature], timeout=5)

    assert answer.status_code == 403
    assert not read_waiters(local.table, PRODUCT)


def test_a_callback_nobody_waits_for_is_taken_in(start: Start) -> None:
    local = start()
    url = f"{local.engine.public_url}/status-callback?{urlencode({'trust_product_sid': PRODUCT})}"
    body = {"Status": "in-review", "FailureReason": ""}
    signed = {"X-Twilio-Signature": sign(local.simulator.auth_token, url, body)}

    answers = [requests.post(url, data=body, headers=signed, timeout=5).status_code for _ in range(2)]

    assert answers == [204, 204]


def test_a_signed_callback_without_a_trust_product_is_malformed(start: Start) -> None:
    local = start()
    url = f"{local.engine.public_url}/status-callback?trust_product_sid=nonsense"
    signed = {"X-Twilio-Signature": sign(local.simulator.auth_token, url, {})}

    assert requests.post(url, headers=signed, timeout=5).status_code == 400


def test_a_body_that_is_too_large_is_not_looked_at(start: Start) -> None:
    local = start()
    url = f"{local.engine.public_url}/status-callback?trust_product_sid={PRODUCT}"

    assert requests.post(url, data={"Status": "x" * 20_000}, timeout=5).status_code == 413


def test_the_secondary_token_is_accepted_while_the_primary_one_is_rotated(start: Start) -> None:
    local = start()
    secret = {"account_sid": local.simulator.account_sid, "auth_token": "new", "secondary_auth_token": "old"}
    local.engine.client("secretsmanager").put_secret_value(
        SecretId=local.engine.environment["TWILIO_SECRET_ARN"], SecretString=json.dumps(secret)
    )
    url = f"{local.engine.public_url}/status-callback?trust_product_sid={PRODUCT}"
    body = {"Status": "in-review"}

    answers = [
        requests.post(url, data=body, headers={"X-Twilio-Signature": sign(token, url, body)}, timeout=5).status_code
        for token in ("new", "old", "older")
    ]

    assert answers == [204, 204, 403]
