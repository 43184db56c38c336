"""What of an exchange with Twilio is shown to others: what is listed, and of all else only its form."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaken_stir.live import redaction
from shaken_stir.live.exchanges import Exchange
from shaken_stir.live.redaction import Redaction
from shaken_stir.live.transcript import redacted
from simulator.fleet import Fleet
from simulator.messages import Request
from simulator.policies import SHAKEN_STIR
from simulator.simulator import Simulator
from tests.world import PRODUCT, PROFILE, a_fleet, account, phone_number, product

LISTED = (
    redaction.CONTAINERS
    | redaction.WORDS
    | redaction.NUMBERS
    | redaction.TIMES
    | redaction.ADDRESSES
    | redaction.SENTENCES
    | redaction.OF_REQUIREMENTS
    | {*redaction.EVALUATED, "more_info"}
)
SECRETS: list[Callable[[int], str]] = [
    lambda number: f"Mark{number} Secretson & Sons",
    lambda number: f"mark{number}@secretson.example",
    lambda number: f"https://mark{number}.secretson.example/hook?secretson=1",
    lambda number: f"https://secretson:mark{number}@api.twilio.com/v1/TrustProducts",
    lambda number: f"//secretson.example/Mark{number}",
    lambda number: f"{number:04}secretson".encode().hex(),
    lambda number: f"AC{number:04}5ec4e7500000000000000000000000",
]
MARK = re.compile(r"secretson|mark\d|5ec4e75|736563726574736f6e", re.IGNORECASE)
TEXT = "Sam Secretson"


def bodies() -> dict[str, Any]:
    """What the simulator answers, each kind once."""
    simulator = Simulator(Fleet.model_validate(a_fleet(products=[product(business_profile=PROFILE)])))
    token = base64.b64encode(f"{simulator.account_sid}:{simulator.auth_token}".encode()).decode()

    def answered(method: str, path: str, **form: str) -> Any:
        return simulator.answer(Request(method, path, form=form, authorization=f"Basic {token}")).body

    profile, trust_product = f"/v1/CustomerProfiles/{PROFILE}", f"/v1/TrustProducts/{PRODUCT}"
    number = {"ChannelEndpointType": "phone-number", "ChannelEndpointSid": phone_number(1, 0)}
    return {
        "accounts": answered("GET", "/2010-04-01/Accounts.json"),
        "an account": answered("GET", f"/2010-04-01/Accounts/{account(1)}.json"),
        "numbers": answered("GET", f"/2010-04-01/Accounts/{account(1)}/IncomingPhoneNumbers.json"),
        "profiles": answered("GET", "/v1/CustomerProfiles"),
        "a product": answered("GET", trust_product),
        "an evaluation": answered("POST", f"{trust_product}/Evaluations", PolicySid=SHAKEN_STIR),
        "an assigned number": answered("POST", f"{profile}/ChannelEndpointAssignments", **number),
        "assigned numbers": answered("GET", f"{profile}/ChannelEndpointAssignments"),
        "entities": answered("GET", f"{trust_product}/EntityAssignments"),
        "a refusal": answered("GET", f"/v1/TrustProducts/BU{'f' * 32}"),
    }


BODIES = bodies()


def told(body: Any, **exchange: Any) -> Any:
    """The body as a transcript has it."""
    return line(Exchange("GET", exchange.pop("url", f"{redaction.API}/"), {}, 0, 200, {}, as_sent(body)))["body"]


def line(exchange: Exchange, used: Redaction | None = None) -> dict[str, Any]:
    return redacted(exchange, used or Redaction())


def as_sent(body: Any) -> bytes:
    return json.dumps(body).encode()


def in_sentence(text: str) -> str:
    message: str = told({"message": text})["message"]
    return message


def planted(value: Any, secret: Callable[[int], str], key: str = "") -> Any:
    """A copy with a secret in the place of each text but sentences', and more in fields that nobody knows yet."""
    match value:
        case dict():
            copy = {name: planted(inner, secret, name) for name, inner in value.items()}
            new = {"type": secret(1), "code": 15125550100, "results": [secret(2)], "url": secret(3)}
            return {**copy, "new": secret(4), "attributes": new, secret(5): secret(6), "many": [[secret(7)], new]}
        case list():
            return [planted(inner, secret, key) for inner in value]
        case str() if key not in redaction.SENTENCES | redaction.OF_REQUIREMENTS:
            return secret(len(key))
        case _:
            return value


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret(0))
@pytest.mark.parametrize("kind", BODIES)
def test_no_planted_secret_is_told(kind: str, secret: Callable[[int], str]) -> None:
    parameters = {name: secret(8) for name in [*sorted(redaction.PARAMETERS), "NewSids", "new", secret(9)]}
    url = f"{redaction.TRUST_HUB}/v1/{secret(10).partition('?')[0]}/AC{'0' * 32}/Mark1 secretson?{secret(11)}=1"
    headers = dict.fromkeys((*redaction.HEADERS, "Set-Cookie", "Authorization"), secret(12))
    sent = as_sent(planted(BODIES[kind], secret))
    assert MARK.search(sent.decode())

    told = json.dumps(line(Exchange("POST", url, parameters, 0, 200, headers, sent)))

    assert MARK.findall(told) == []
    assert "5550100" not in told


@pytest.mark.parametrize("kind", BODIES)
def test_an_answer_keeps_its_form(kind: str) -> None:
    def form(value: Any) -> Any:
        match value:
            case dict():
                return {key: form(inner) for key, inner in value.items()}
            case list():
                return [form(inner) for inner in value]
            case str():
                return "empty" if not value else "text"
            case _:
                return value if isinstance(value, bool | None) else type(value).__name__

    assert form(told(BODIES[kind])) == form(BODIES[kind])


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(sorted(LISTED)), inner),
    max_leaves=25,
)


@given(anything)
def test_whatever_twilio_answers_can_be_told(body: Any) -> None:
    assert json.dumps(told(body))


@given(st.lists(st.text(min_size=1).filter(lambda key: key not in LISTED), min_size=1, max_size=4))
def test_of_a_field_that_is_not_listed_no_text_is_told(keys: list[str]) -> None:
    body: Any = TEXT
    for key in keys:
        body = {key: body, "status": "active"}

    assert TEXT not in json.dumps(told(body))


@pytest.mark.parametrize("key", sorted(LISTED - redaction.SENTENCES))
@pytest.mark.parametrize("inside", ["attributes", "new_field"])
def test_in_an_object_that_is_not_known_even_listed_fields_are_not_told(inside: str, key: str) -> None:
    assert told({inside: {key: "single"}}) == {inside: {key: "redacted 0001"}}


@pytest.mark.parametrize(
    ("kind", "stays"),
    [
        ("an account", {"status": "active", "type": "Full"}),
        ("a product", {"status": "twilio-approved", "policy_sid": SHAKEN_STIR}),
        ("an assigned number", {"channel_endpoint_type": "phone-number"}),
        ("an evaluation", {"status": "compliant"}),
        ("a refusal", {"code": 20404, "status": 404, "more_info": "https://www.twilio.com/docs/errors/20404"}),
    ],
)
def test_what_decides_a_run_stays(kind: str, stays: dict[str, object]) -> None:
    times = {key: value for key, value in BODIES[kind].items() if key.startswith("date_")}

    assert stays | times == {key: told(BODIES[kind])[key] for key in (*stays, *times)}


@pytest.mark.parametrize("numbers", [{"code": 20404, "page": 1}, {"errors": [{"code": 18601}]}])
def test_codes_and_pages_stay(numbers: dict[str, Any]) -> None:
    assert told(numbers) == numbers


@pytest.mark.parametrize(
    "numbers", [{"code": 15125550100}, {"status": -15125550100}, {"employees": 12}, {"balance": 1.5}]
)
def test_of_another_number_nothing_is_told(numbers: dict[str, Any]) -> None:
    assert told(numbers) == dict.fromkeys(numbers, 0)


def test_an_evaluation_s_own_words_stay() -> None:
    failed = {
        "friendly_name": "Business Name",
        "object_field": "business_name",
        "failure_reason": "The Business Name is missing.",
        "error_code": 22215,
    }
    result = {
        **failed,
        "object_type": "business",
        "requirement_name": "business_info",
        "valid": [],
        "invalid": [failed],
    }

    assert told({"friendly_name": "Acme", "results": [result]}) == {
        "friendly_name": "redacted 0001",
        "results": [result],
    }


def test_what_a_product_is_called_is_not_told_where_an_evaluation_s_words_would_be() -> None:
    assert told({"results": [{"friendly_name": "Acme"}]}) == {"results": [{"friendly_name": "redacted 0001"}]}


def test_the_same_account_is_the_same_everywhere_and_keeps_its_kind() -> None:
    used = Redaction()
    url = f"{redaction.API}/2010-04-01/Accounts/{account(7)}/IncomingPhoneNumbers/{phone_number(1, 1)}.json"
    body = {"account_sid": account(7), "sid": phone_number(1, 1), "message": f"{account(7)} is busy"}
    first = line(Exchange("GET", url, {"ObjectSid": account(7)}, 0, 200, {}, as_sent(body)), used)
    second = line(Exchange("GET", url, {"ChannelEndpointSids": f"{phone_number(1, 2)},{phone_number(1, 1)}"}, 0), used)

    ours, number, other = f"AC{1:032}", f"PN{1:032}", f"PN{2:032}"
    assert first["url"] == f"{redaction.API}/2010-04-01/Accounts/{ours}/IncomingPhoneNumbers/{number}.json"
    assert first["form"] == {"ObjectSid": ours}
    assert first["body"] == {"account_sid": ours, "sid": number, "message": f"{ours} is busy"}
    assert (second["url"], second["form"]) == (first["url"], {"ChannelEndpointSids": f"{other},{number}"})


def test_a_page_is_asked_for_by_the_token_that_the_page_before_has_named() -> None:
    used = Redaction()
    query = f"PageSize=50&Page=1&PageToken=PA{phone_number(1, 1)}"
    uri = f"/2010-04-01/Accounts/{account(7)}/IncomingPhoneNumbers.json?{query}"
    named = line(Exchange("GET", f"{redaction.API}/", {}, 0, 200, {}, as_sent({"next_page_uri": uri})), used)
    asked = line(Exchange("GET", f"{redaction.API}{uri}", {}, 0), used)

    assert asked["query"] == {"PageSize": "50", "Page": "1", "PageToken": "redacted 0001"}
    path = f"/2010-04-01/Accounts/AC{1:032}/IncomingPhoneNumbers.json"
    assert named["body"]["next_page_uri"] == f"{path}?PageSize=50&Page=1&PageToken=redacted+0001"


def test_what_answers_in_twilio_s_place_is_told_as_twilio() -> None:
    here = "http://127.0.0.1:8010"
    body = {"meta": {"url": f"{here}/v1/TrustProducts?Page=0"}, "url": f"{here}/2010-04-01/Accounts.json"}
    told = line(Exchange("GET", f"{here}/v1/TrustProducts", {}, 0, 200, {}, as_sent(body)), Redaction(here))

    assert told["url"] == f"{redaction.TRUST_HUB}/v1/TrustProducts"
    assert told["body"] == {
        "meta": {"url": f"{redaction.TRUST_HUB}/v1/TrustProducts?Page=0"},
        "url": f"{redaction.API}/2010-04-01/Accounts.json",
    }


@pytest.mark.parametrize(
    ("number", "left"),
    [("+15125550123", "+00000000023"), ("(512) 555-0123", "(000) 000-0023"), ("5125550123", "0" * 8 + "23")],
)
def test_of_a_phone_number_the_last_two_digits_stay(number: str, left: str) -> None:
    assert told({"phone_number": number})["phone_number"] == left
    assert in_sentence(f"Phone number {number} is being ported out.") == f"Phone number {left} is being ported out."


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Authenticate", "Authenticate"),
        ("Too Many Requests (20429)", "Too Many Requests (20429)"),
        ("Write to sam@secretson.example.", "Write to redacted0001@example.com"),
        ("See https://secretson.example/a.", "See https://redacted.example/0001"),
        ("See https://www.twilio.com/docs/errors/20404", "See https://www.twilio.com/docs/errors/20404"),
        ("The name 'Sam Secretson' doesn't match", "The name 'redacted 0001' doesn't match"),
        ("The name “Sam” is taken", "The name “redacted 0001” is taken"),
        ('The name "Sam" is taken', 'The name "redacted 0001" is taken'),
        ("The parameter 'FriendlyName' is invalid", "The parameter 'FriendlyName' is invalid"),
        ("The registration number is 12-3456789", "The registration number is 12-redacted 0001"),
        ("The token is 0123456789abcdef0123456789abcdef", "The token is redacted 0001"),
        (f"Already assigned to BU{'9' * 32}", f"Already assigned to BU{1:032}"),
    ],
)
def test_of_a_sentence_the_words_stay_without_what_is_the_customer_s(said: str, told: str) -> None:
    assert in_sentence(said) == told


def test_a_name_that_another_field_has_is_not_told_in_a_sentence() -> None:
    body = {"friendly_name": "Secretson Ltd", "failure_reason": "The business SECRETSON LTD is unknown."}

    assert told(body)["failure_reason"] == "The business redacted 0001 is unknown."


def test_of_an_answer_that_is_no_json_the_length_is_told() -> None:
    told = line(
        Exchange("GET", f"{redaction.API}/", {}, 0, 502, {"Content-Type": "text/html; charset=utf-8"}, b"<html>")
    )

    assert (told["status"], told["body"], told["no_json"]) == (502, None, 6)
    assert told["headers"] == {"Content-Type": "text/html"}


@pytest.mark.parametrize(
    "headers",
    [{"Retry-After": "2"}, {"Retry-After": "Tue, 24 Nov 2026 18:00:00 GMT"}, {"Twilio-Concurrent-Requests": "7"}],
)
def test_a_header_that_is_listed_stays(headers: dict[str, str]) -> None:
    assert line(Exchange("GET", f"{redaction.API}/", {}, 0, 429, headers))["headers"] == headers
