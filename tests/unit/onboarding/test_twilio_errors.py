"""How Twilio's answers become our errors, and which requests are repeated."""

import json
import logging
import traceback
from socket import gaierror
from typing import Any

import pytest
import requests
from urllib3 import HTTPConnectionPool, HTTPResponse
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NameResolutionError, ReadTimeoutError

from onboarding.errors import (
    CredentialsRefused,
    OnboardingError,
    TwilioRefused,
    TwilioThrottled,
    TwilioUnavailable,
)
from onboarding.trust_products import explain_rejection
from onboarding.twilio.http import CarefulRetry, TwilioHttpClient


class Answering(requests.adapters.BaseAdapter):
    """The network's edge: answers every request alike, or fails."""

    def __init__(
        self,
        status: int = 200,
        body: Any = "",
        failure: Exception | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__()
        self._status, self._body, self._failure, self._headers = status, body, failure, headers or {}
        self.requests: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        self.requests.append(request)
        if self._failure:
            raise self._failure
        answer = requests.Response()
        answer.status_code, answer.request, answer.url = self._status, request, str(request.url)
        answer.raw = HTTPResponse()
        answer.reason = "Reason"
        answer.headers.update(self._headers)
        answer._content = (self._body if isinstance(self._body, str) else json.dumps(self._body)).encode()
        return answer

    def close(self) -> None:
        pass


def client(adapter: Answering, base_url: str | None = None) -> TwilioHttpClient:
    made = TwilioHttpClient(1, base_url)
    made._session.mount("https://", adapter)
    made._session.mount("http://", adapter)
    return made


@pytest.mark.parametrize(
    ("status", "body", "kind", "told"),
    [
        (401, {"code": 20003, "message": "Authenticate"}, CredentialsRefused, "check the account SID and Auth Token"),
        (429, {"code": 20429, "message": "Too Many"}, TwilioThrottled, "send the request again later"),
        (503, "<html>", TwilioUnavailable, "Twilio failed at GET /v1/TrustProducts with HTTP 503"),
        (
            400,
            {"code": 22205, "message": "Bad object.", "more_info": "https://www.twilio.com/docs/errors/22205"},
            TwilioRefused,
            (
                "Twilio refused GET /v1/TrustProducts with 'Bad object' (code 22205, HTTP 400); "
                "see https://www.twilio.com/docs/errors/22205; correct what it names, then send the request again "
                "(docs/errors.md#twilio-refused)."
            ),
        ),
        (403, "<html>", TwilioRefused, "Twilio refused GET /v1/TrustProducts with 'Reason' (HTTP 403); "),
    ],
)
def test_an_answer_becomes_the_error_of_its_kind(status: int, body: Any, kind: type[Exception], told: str) -> None:
    with pytest.raises(kind) as raised:
        client(Answering(status, body)).request("GET", "https://trusthub.twilio.com/v1/TrustProducts")

    assert told in str(raised.value)


SECRET = "0123456789abcdef"
BUNDLES = "https://trusthub.twilio.com/v1/TrustProducts"


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, f"<html>{SECRET}</html>"),
        (200, f'{{"auth_token": "{SECRET}'),
        (200, [SECRET]),
        (200, f'"{SECRET}"'),
        (200, "null"),
        (200, ""),
        (200, "[" * 100_000),
        (201, "<html>"),
        (203, {"accounts": [{"auth_token": SECRET}]}),
        (206, {"accounts": [{"auth_token": SECRET}]}),
        (302, SECRET),
        (304, ""),
        (404, f"<html>{SECRET}</html>"),
        (404, {"message": SECRET}),
        (404, {"code": 404, "message": SECRET}),
    ],
)
def test_an_answer_that_is_not_twilios_is_an_outage_without_its_body(
    method: str, status: int, body: Any, caplog: pytest.LogCaptureFixture
) -> None:
    answering = Answering(status, body, headers={"Location": "https://portal.example/"})

    with caplog.at_level(logging.DEBUG), pytest.raises(TwilioUnavailable) as raised:
        client(answering).request(method, BUNDLES)

    assert str(raised.value) == (
        f"What answered {method} /v1/TrustProducts is not Twilio's API (HTTP {status}); is there a proxy or a portal "
        "between? Send the request again when there is none (docs/errors.md#twilio-unavailable)."
    )
    assert raised.value.unreadable
    assert SECRET not in caplog.text
    assert SECRET not in "".join(traceback.format_exception(raised.value))
    assert len(answering.requests) == 1


def test_a_redirect_to_a_malformed_address_is_an_outage() -> None:
    with pytest.raises(TwilioUnavailable):
        client(Answering(302, "", headers={"Location": "http://["})).request("GET", BUNDLES)


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_json_object_is_twilios_answer_and_is_not_shown_when_printed(status: int) -> None:
    answer = client(Answering(status, {"sid": SECRET})).request("GET", BUNDLES)

    assert answer.body == {"sid": SECRET}
    assert SECRET not in repr(answer)


def test_http_204_is_an_answer_without_a_body() -> None:
    assert client(Answering(204, "")).request("DELETE", BUNDLES).body == {}


@pytest.mark.parametrize(
    ("status", "kind"), [(400, TwilioRefused), (401, CredentialsRefused), (403, TwilioRefused), (429, TwilioThrottled)]
)
@pytest.mark.parametrize("body", ["<html>", "", "null", [], [None], [7], {"code": None}, {"code": []}, {"message": {}}])
def test_an_error_keeps_the_meaning_of_its_status_whatever_its_body(
    status: int, kind: type[Exception], body: Any
) -> None:
    with pytest.raises(kind) as raised:
        client(Answering(status, body)).request("POST", BUNDLES)

    assert "'Reason'" in str(raised.value)


@pytest.mark.parametrize(
    ("body", "reason", "code", "more_info"),
    [
        (
            {"type": "https://t.example/1", "title": "Conflict", "detail": "It is on BU1", "code": 20409},
            "It is on BU1",
            20409,
            "https://t.example/1",
        ),
        ({"type": "about:blank", "title": "Conflict", "code": "20409"}, "Conflict", 20409, None),
        ([{"code": 70001, "message": "First"}, {"code": 70002}], "First", 70001, None),
        (["Not now"], "Not now", None, None),
        ({"message": "\ud800 Not now", "code": True}, "? Not now", None, None),
        ({"message": "a" * 5000, "code": 10**40}, "a" * 1000, None, None),
    ],
)
def test_a_refusal_is_read_in_each_form_that_it_may_have(
    body: Any, reason: str, code: int | None, more_info: str | None
) -> None:
    with pytest.raises(TwilioRefused) as raised:
        client(Answering(409, body)).request("POST", BUNDLES)

    assert (raised.value.reason, raised.value.code, raised.value.more_info) == (reason, code, more_info)


def test_only_twilios_own_code_says_that_something_does_not_exist() -> None:
    with pytest.raises(TwilioRefused):
        client(Answering(404, {"code": 20404, "message": "Not found"})).request("GET", BUNDLES)


@pytest.mark.parametrize(
    ("status", "body"), [(200, ""), (400, {}), (401, {}), (404, {"code": 20404}), (404, ""), (429, {}), (503, "")]
)
def test_every_error_names_the_request_id_that_twilios_support_asks_for(status: int, body: Any) -> None:
    answering = Answering(status, body, headers={"twilio-request-id": "RQ123"})

    with pytest.raises(OnboardingError) as raised:
        client(answering).request("GET", BUNDLES)

    assert "Twilio-Request-Id RQ123" in str(raised.value)


def test_a_request_id_that_is_none_is_left_out() -> None:
    answering = Answering(503, "", headers={"Twilio-Request-Id": "<script>"})

    with pytest.raises(TwilioUnavailable) as raised:
        client(answering).request("GET", BUNDLES)

    assert "Request-Id" not in str(raised.value)


@pytest.mark.parametrize(("said", "pause"), [("1", 1), ("3600", 2), ("1.5", None), ("soon", None)])
def test_a_pause_that_twilio_asks_for_is_short_and_one_that_cannot_be_read_is_none(
    said: str, pause: float | None
) -> None:
    throttled = HTTPResponse(status=429, headers={"Retry-After": said})

    assert CarefulRetry().get_retry_after(throttled) == pause


@pytest.mark.parametrize("failure", [requests.ConnectTimeout(), requests.ReadTimeout(), requests.ConnectionError()])
def test_no_answer_is_unavailable_and_the_next_step_is_told(failure: Exception) -> None:
    with pytest.raises(TwilioUnavailable) as raised:
        client(Answering(failure=failure)).request("POST", "https://trusthub.twilio.com/v1/TrustProducts")

    assert type(failure).__name__ in str(raised.value)
    assert "send the request again later" in str(raised.value)


def test_a_base_url_stands_for_both_hosts() -> None:
    adapter = Answering(body={})
    simulated = client(adapter, "http://127.0.0.1:1/")

    simulated.request("GET", "https://trusthub.twilio.com/v1/TrustProducts")
    simulated.request("GET", "https://api.twilio.com/2010-04-01/Accounts.json")

    assert [request.url for request in adapter.requests] == [
        "http://127.0.0.1:1/v1/TrustProducts",
        "http://127.0.0.1:1/2010-04-01/Accounts.json",
    ]


@pytest.mark.parametrize(
    ("method", "status", "repeated"),
    [("GET", 429, True), ("POST", 429, True), ("GET", 503, True), ("POST", 503, False), ("GET", 400, False)],
)
def test_only_what_had_no_effect_is_repeated(method: str, status: int, repeated: bool) -> None:  # noqa: FBT001
    assert CarefulRetry(total=1, allowed_methods=["GET"]).is_retry(method, status) is repeated


def test_a_rejection_is_explained_code_by_code() -> None:
    told = explain_rejection("BU1", [18603, 99999])

    assert "18603: the business address could not be verified" in told
    assert "99999: see https://www.twilio.com/docs/errors" in told
    assert '"resubmit": true' in told


def test_a_rejection_without_a_code_points_to_the_console() -> None:
    assert "look into the Console's Trust Hub" in explain_rejection("BU1", [])


def test_a_host_that_is_not_found_in_dns_is_told_as_such() -> None:
    unresolved = NameResolutionError("api.twilio.com", HTTPConnection("api.twilio.com"), gaierror(-2, "not known"))
    failure = requests.ConnectionError(MaxRetryError(HTTPConnectionPool("api.twilio.com"), "/", unresolved))

    with pytest.raises(TwilioUnavailable) as raised:
        client(Answering(failure=failure)).request("GET", "https://api.twilio.com/2010-04-01/Accounts.json")

    assert str(raised.value) == (
        "api.twilio.com was not found in DNS for GET /2010-04-01/Accounts.json; see that this machine has a network "
        "and a resolver, and send the request again later (docs/errors.md#twilio-unavailable)."
    )


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (ReadTimeoutError(HTTPConnectionPool("api.twilio.com"), "/", "slow"), "(ReadTimeoutError)"),
        (ConnectTimeoutError(), "(ConnectTimeoutError)"),
        (
            NameResolutionError("h", HTTPConnection("h"), gaierror()),
            "api.twilio.com was not found in DNS for GET /v1/X",
        ),
    ],
)
def test_a_request_that_is_sent_again_without_an_answer_is_told_to_who_listens(
    failure: Exception, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    retry = CarefulRetry(total=3, read=1, allowed_methods=["GET"])

    with caplog.at_level(logging.INFO, "onboarding.twilio.http"):
        retry.increment(
            "GET", "/v1/X?ChannelEndpointSids=PN1", error=failure, _pool=HTTPConnectionPool("api.twilio.com")
        )

    [record] = caplog.records
    assert told in record.getMessage()
    assert "PN1" not in record.getMessage()


def test_what_is_not_sent_again_or_was_answered_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    pool = HTTPConnectionPool("api.twilio.com")

    with caplog.at_level(logging.INFO, "onboarding.twilio.http"):
        CarefulRetry(total=3).increment("GET", "/", HTTPResponse(status=429), _pool=pool)
        with pytest.raises(MaxRetryError):
            CarefulRetry(total=0).increment("GET", "/", error=ConnectTimeoutError(), _pool=pool)

    assert caplog.records == []
