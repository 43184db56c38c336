"""How Twilio's resources are read: what is required, and every other field whatever its shape."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from onboarding.errors import InvalidRequest, TwilioUnavailable
from onboarding.twilio.answers import BundleAnswer, EvaluationAnswer, PhoneNumberAnswer
from onboarding.twilio.http import TwilioHttpClient
from onboarding.twilio.trust_hub import SHAKEN_STIR_POLICY_SID, TrustHub, of_account
from tests.world import PRODUCT, PROFILE, account, phone_number

PARENT, NUMBER = account(1), phone_number(1, 1)
BUNDLE = {"sid": PRODUCT, "status": "draft", "policy_sid": SHAKEN_STIR_POLICY_SID}
EVALUATION = {"sid": "EL" + "0" * 32}
ASSIGNMENT = {"sid": "RA" + "0" * 32, "channel_endpoint_sid": NUMBER}
ENTITY = {"sid": "BV" + "0" * 32, "object_sid": PROFILE}
ACCOUNT = {"sid": account(2), "status": "active"}
V1, V2010 = "https://trusthub.twilio.com", "https://api.twilio.com"

type Ask = Callable[[TrustHub], Any]


class Twilio:
    """Twilio's network edge: answers each request with the bodies in their order, the last one for ever."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *bodies: Any, status: int = 200) -> None:
        self.bodies, self.status = list(bodies), status
        self.asked: list[str] = []
        self.hub = of_account(PARENT, "token")
        monkeypatch.setattr(self.hub._hub._client.http_client._session, "request", self.answer)

    def answer(self, method: str, url: str, **_: Any) -> Any:
        self.asked.append(f"{method} {url}")
        body = self.bodies[min(len(self.asked), len(self.bodies)) - 1]
        return answered(self.status, body)


def answered(status: int, body: Any) -> Any:
    answer = requests.Response()
    answer.status_code = status
    answer._content = json.dumps(body).encode()
    return answer


def page(*records: Any, key: str = "results", next_url: Any = None) -> dict[str, Any]:
    if key == "results":
        return {"results": list(records), "meta": {"key": "results", "next_page_url": next_url}}
    return {key: list(records), "next_page_uri": next_url}


READS: dict[str, tuple[Ask, dict[str, Any]]] = {
    "a profile": (lambda hub: hub.business_profile(PRODUCT), BUNDLE),
    "a product": (lambda hub: hub.trust_product(PRODUCT), BUNDLE),
    "a product created": (lambda hub: hub.create_trust_product("a", "b"), BUNDLE),
    "a product submitted": (lambda hub: hub.submit(PRODUCT, None), BUNDLE),
    "a connection created": (lambda hub: hub.connect(PRODUCT, PROFILE), ENTITY),
    "an evaluation": (lambda hub: hub.evaluate(PRODUCT), EVALUATION),
    "an account": (lambda hub: hub.account(account(2)), ACCOUNT),
    "a number": (lambda hub: hub.phone_number(PARENT, NUMBER), {"sid": NUMBER}),
    "an assignment created": (lambda hub: hub.on_trust_product(PRODUCT).create(NUMBER), ASSIGNMENT),
}
LISTS: dict[str, tuple[Ask, dict[str, Any], str]] = {
    "profiles": (lambda hub: hub.business_profiles(), BUNDLE, "results"),
    "products": (lambda hub: hub.trust_products(), BUNDLE, "results"),
    "connections": (lambda hub: hub.connection(PRODUCT, PROFILE), ENTITY, "results"),
    "assignments": (lambda hub: list(hub.on_trust_product(PRODUCT).stream()), ASSIGNMENT, "results"),
    "a look-up": (lambda hub: hub.on_trust_product(PRODUCT).find_all([NUMBER]), ASSIGNMENT, "results"),
    "subaccounts": (lambda hub: hub.subaccounts(), ACCOUNT, "accounts"),
    "numbers of an account": (
        lambda hub: list(hub.phone_number_sids(PARENT)),
        {"sid": NUMBER},
        "incoming_phone_numbers",
    ),
}
REQUIRED = [(name, field) for name, (_, record) in READS.items() for field in record]
REQUIRED_IN_LISTS = [(name, field) for name, (_, record, _) in LISTS.items() for field in record]
WRONG: list[Any] = [..., None, "", 7, [], {}]
ANOTHER = "XX" + "0" * 32


WRONG_FIELDS = [
    (name, field, wrong) for name, field in REQUIRED for wrong in [*WRONG, *([] if field == "status" else [ANOTHER])]
]


@pytest.mark.parametrize(("name", "field", "wrong"), WRONG_FIELDS)
def test_an_answer_without_a_required_field_is_an_outage_that_names_the_field(
    monkeypatch: pytest.MonkeyPatch, name: str, field: str, wrong: Any
) -> None:
    ask, record = READS[name]
    body = {key: value for key, value in (record | {field: wrong}).items() if value is not ...}
    twilio = Twilio(monkeypatch, body)

    with pytest.raises(TwilioUnavailable) as raised:
        ask(twilio.hub)

    assert raised.value.unreadable
    method, path = twilio.asked[0].replace(V1, "").replace(V2010, "").split()
    assert f"Twilio's answer to {method} {path} cannot be read: {field} is " in str(raised.value)


@pytest.mark.parametrize(("name", "field"), REQUIRED_IN_LISTS)
def test_a_list_in_which_absence_is_evidence_is_unread_because_of_one_record(
    monkeypatch: pytest.MonkeyPatch, name: str, field: str
) -> None:
    ask, record, key = LISTS[name]

    with pytest.raises(TwilioUnavailable, match=rf"{key}\[1\]: {field} is malformed"):
        ask(Twilio(monkeypatch, page(record, record | {field: None}, key=key)).hub)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("body", [{}, {"accounts": None}, {"results": {}}, {"incoming_phone_numbers": "x"}], ids=repr)
def test_an_answer_without_its_list_is_an_outage(monkeypatch: pytest.MonkeyPatch, name: str, body: Any) -> None:
    ask, _, key = LISTS[name]

    with pytest.raises(TwilioUnavailable, match=f"{key} is not a list"):
        ask(Twilio(monkeypatch, body).hub)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "next_url",
    [
        "https://elsewhere.example{path}?Page=1",
        "//elsewhere.example{path}?Page=1",
        "http://trusthub.twilio.com{path}?Page=1",
        "{path}/more?Page=1",
        "/v1/CustomerProfiles/" + "BU" + "9" * 32 + "?Page=1",
        "http://[",
        7,
        {},
    ],
    ids=repr,
)
def test_a_list_that_leads_elsewhere_ends_in_an_error_and_sends_no_token_there(
    monkeypatch: pytest.MonkeyPatch, name: str, next_url: Any
) -> None:
    ask, record, key = LISTS[name]
    first = Twilio(monkeypatch, page(key=key))
    ask(first.hub)
    path = first.asked[0].removeprefix("GET ").replace(V1, "").replace(V2010, "")
    leads = next_url.format(path=path) if isinstance(next_url, str) else next_url
    twilio = Twilio(monkeypatch, page(record, key=key, next_url=leads))

    with pytest.raises(TwilioUnavailable, match="its next page"):
        ask(twilio.hub)

    assert len(twilio.asked) == 1


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("query", ["Page=1&PageToken=PA9", "PageToken=PA9", "Page=0", ""])
def test_a_list_whose_next_page_was_read_already_ends_in_an_error(
    monkeypatch: pytest.MonkeyPatch, name: str, query: str
) -> None:
    ask, record, key = LISTS[name]
    first = Twilio(monkeypatch, page(key=key))
    ask(first.hub)
    path = first.asked[0].removeprefix("GET ").replace(V1, "").replace(V2010, "")
    twilio = Twilio(monkeypatch, page(record, key=key, next_url=f"{path}?{query}"))

    with pytest.raises(TwilioUnavailable, match="its next page was read before"):
        ask(twilio.hub)

    assert len(twilio.asked) <= 2


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/v1/TrustProducts",
        "http://api.twilio.com/v1/TrustProducts",
        "https://api.twilio.com:8443/v1/TrustProducts",
        "https://api.twilio.com@elsewhere.example/v1/TrustProducts",
        "https://api.twilio.com.elsewhere.example/v1/TrustProducts",
        "https://voice.twilio.com/v1/TrustProducts",
        "http://127.0.0.1:8010/v1/TrustProducts",
        "//elsewhere.example/v1/TrustProducts",
        "https://",
        "/v1/TrustProducts",
        "",
    ],
)
@pytest.mark.parametrize("base_url", [None, "https://rehearsal.example"])
def test_the_credentials_are_sent_to_no_other_host(
    monkeypatch: pytest.MonkeyPatch, base_url: str | None, url: str
) -> None:
    client = TwilioHttpClient(1, base_url)
    sent: list[str] = []
    monkeypatch.setattr(client._session, "request", lambda _, url, **__: sent.append(url))

    with pytest.raises(InvalidRequest, match=r"the Auth Token goes to https://.*trusthub\.twilio\.com only"):
        client.request("GET", url, auth=(PARENT, "token"))

    assert sent == []


@pytest.mark.parametrize(
    "page_query", ["https://elsewhere.example/?Page=1", "@elsewhere.example/", "//elsewhere.example"]
)
def test_a_page_never_chooses_the_host(monkeypatch: pytest.MonkeyPatch, page_query: str) -> None:
    twilio = Twilio(monkeypatch, page(key="incoming_phone_numbers"))

    twilio.hub.phone_numbers(PARENT, page_query)

    [asked] = twilio.asked
    assert asked.startswith(f"GET {V2010}/2010-04-01/Accounts/{PARENT}/IncomingPhoneNumbers.json?")


def test_two_pages_that_lead_to_each_other_end_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [page(next_url=f"/v1/CustomerProfiles?PageToken={token}") for token in "ABAB"]

    with pytest.raises(TwilioUnavailable, match="its next page was read before"):
        Twilio(monkeypatch, *pages).hub.business_profiles()


def test_a_page_of_numbers_leads_to_no_page_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"/2010-04-01/Accounts/{PARENT}/IncomingPhoneNumbers.json"
    hub = Twilio(monkeypatch, page(key="incoming_phone_numbers", next_url=f"{path}?Page=1&PageToken=PA1")).hub

    with pytest.raises(TwilioUnavailable, match="its next page was read before"):
        hub.phone_numbers(PARENT, "Page=2&PageToken=PA2")


def test_an_unreadable_number_is_left_out_of_a_page_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [{"sid": NUMBER}, {"sid": "AC" + "1" * 32}, None, {"sid": phone_number(1, 2)}]

    read = Twilio(monkeypatch, page(*records, key="incoming_phone_numbers")).hub.phone_numbers(PARENT)

    assert [it.sid for it in read.records] == [NUMBER, phone_number(1, 2)]
    assert [it.what for it in read.unreadable] == [
        "incoming_phone_numbers[1]: sid is malformed",
        "incoming_phone_numbers[2]: the record is malformed",
    ]
    assert [it.sid for it in read.unreadable] == ["AC" + "1" * 32, None]


def test_products_of_other_policies_are_left_out_whatever_the_filter_did(monkeypatch: pytest.MonkeyPatch) -> None:
    other = BUNDLE | {"sid": PROFILE, "policy_sid": "RNf3db3cd1fe25fcfd3c3ded065c8fea53"}

    assert [it.sid for it in Twilio(monkeypatch, page(other, BUNDLE)).hub.trust_products()] == [PRODUCT]


def test_a_look_up_gives_only_the_numbers_that_it_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    other = ASSIGNMENT | {"channel_endpoint_sid": phone_number(2, 2)}

    found = Twilio(monkeypatch, page(other, ASSIGNMENT)).hub.on_trust_product(PRODUCT).find_all([NUMBER])

    assert found == [(NUMBER, ASSIGNMENT["sid"])]


@pytest.mark.parametrize("name", ["TWILIO_REGION", "TWILIO_EDGE"])
def test_the_environment_does_not_choose_the_host(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "ie1")
    twilio = Twilio(monkeypatch, BUNDLE, page(key="accounts"))

    twilio.hub.trust_product(PRODUCT)
    twilio.hub.subaccounts()

    assert [it.split("?")[0] for it in twilio.asked] == [
        f"GET {V1}/v1/TrustProducts/{PRODUCT}",
        f"GET {V2010}/2010-04-01/Accounts.json",
    ]


@pytest.mark.parametrize(
    ("errors", "codes", "reasons"),
    [
        (None, (), ()),
        ([], (), ()),
        ([{"code": 18601}, {"code": 18601}], (18601,), ()),
        ([18601, "18602"], (18601, 18602), ()),
        (["The address could not be verified"], (), ("The address could not be verified",)),
        ("Not verified", (), ("Not verified",)),
        ({"code": "18601", "message": "x"}, (18601,), ("x",)),
        ([{"code": "NAME_MISMATCH", "message": "it does not match"}], (), ("NAME_MISMATCH: it does not match",)),
        ([{"error_code": 18602, "description": "EIN"}], (18602,), ("EIN",)),
        ([None, [], True, -1, 1.5, {}, {"code": {}}], (), ()),
        ([10**50, "9" * 50], (), ("9" * 50,)),
    ],
)
def test_the_errors_of_a_bundle_are_read_in_each_form(
    errors: Any, codes: tuple[int, ...], reasons: tuple[str, ...]
) -> None:
    read = BundleAnswer.model_validate(BUNDLE | {"errors": errors})

    assert (read.codes, read.reasons) == (codes, reasons)


PASSED = {"friendly_name": "Name", "passed": True}
FIELD = {"friendly_name": "E-mail", "object_field": "email", "passed": False, "failure_reason": "It is invalid."}


@pytest.mark.parametrize(
    ("results", "failures"),
    [
        (None, ("its status is noncompliant",)),
        ([], ("its status is noncompliant",)),
        ([None, 7, "x"], ("its status is noncompliant",)),
        ([{"friendly_name": "Profile", "passed": False, "invalid": [FIELD]}], ("E-mail: It is invalid.",)),
        ([{"friendly_name": "Profile", "passed": False, "fields": [FIELD]}], ("E-mail: It is invalid.",)),
        (
            [{"passed": False, "invalid": None, "fields": [FIELD | {"passed": True}, FIELD]}],
            ("E-mail: It is invalid.",),
        ),
        ([{"friendly_name": "Profile", "passed": False, "invalid": None}], ("Profile: it does not pass",)),
        ([{"friendly_name": "Profile", "passed": False, "failure_reason": "No"}], ("Profile: No",)),
        ([{"friendly_name": "Profile", "passed": "true"}, {"passed": True}], ("its status is noncompliant",)),
        ({"friendly_name": "Profile", "passed": False, "fields": FIELD}, ("E-mail: It is invalid.",)),
        ([{"passed": False, "fields": [{"object_field": "ein", "error_code": 22217}]}], ("ein: error code 22217",)),
        ([{"passed": False}], ("a requirement: it does not pass",)),
    ],
)
def test_the_results_of_an_evaluation_are_read_in_each_form(results: Any, failures: tuple[str, ...]) -> None:
    noncompliant = EVALUATION | {"status": "noncompliant", "results": results}

    assert EvaluationAnswer.model_validate(noncompliant).failures == failures
    assert EvaluationAnswer.model_validate(noncompliant | {"status": "compliant"}).failures == ()


@pytest.mark.parametrize(
    ("capabilities", "voice"),
    [
        (None, False),
        ([], False),
        (["sms", "voice"], True),
        ({"voice": True}, True),
        ({"voice": "true"}, True),
        ({"voice": "false"}, False),
        ({"voice": 1}, False),
        ({"voice": None}, False),
        ({}, False),
        ("voice", True),
        (7, False),
    ],
)
def test_the_capabilities_of_a_number_are_read_in_each_form(capabilities: Any, voice: bool) -> None:  # noqa: FBT001
    assert PhoneNumberAnswer.model_validate({"sid": NUMBER, "capabilities": capabilities}).capabilities is voice


def test_what_has_no_name_is_named_by_its_sid(monkeypatch: pytest.MonkeyPatch) -> None:
    product = Twilio(monkeypatch, BUNDLE | {"friendly_name": None}).hub.trust_product(PRODUCT)
    found = Twilio(monkeypatch, ACCOUNT | {"friendly_name": None}).hub.account(account(2))

    assert product
    assert product.friendly_name == PRODUCT
    assert found
    assert found.friendly_name == account(2)


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
OPTIONAL = [
    "friendly_name",
    "valid_until",
    "errors",
    "results",
    "date_created",
    "capabilities",
    "phone_number",
    "owner_account_sid",
    "email",
    "links",
]
KEYS = ["code", "error_code", "description", "message", "passed", "failure_reason", "invalid", "fields", "voice"]
any_shape = (
    any_json
    | st.lists(st.dictionaries(st.sampled_from(KEYS), any_json))
    | st.dictionaries(st.sampled_from(KEYS), any_json)
)


@pytest.mark.parametrize("name", READS)
@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(fields=st.dictionaries(st.sampled_from(OPTIONAL), any_shape))
def test_an_optional_field_of_any_shape_is_read(name: str, fields: dict[str, Any]) -> None:
    ask, record = READS[name]

    with pytest.MonkeyPatch.context() as monkeypatch:
        assert ask(Twilio(monkeypatch, record | fields).hub)


def test_no_redirect_is_followed_whoever_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    client = TwilioHttpClient(1, None)
    followed: list[bool] = []

    def send(*_: Any, allow_redirects: bool, **__: Any) -> Any:
        followed.append(allow_redirects)
        return answered(302, {})

    monkeypatch.setattr(client._session, "request", send)

    with pytest.raises(TwilioUnavailable):
        client.request("GET", f"{V1}/v1/TrustProducts", auth=(PARENT, "token"), allow_redirects=True)

    assert followed == [False]
