from typing import Any

import pytest

from simulator.fleet import Fleet, Subaccount
from simulator.policies import SHAKEN_STIR
from simulator.sids import numbered_sid
from tests.unit.simulator.simulated import NUMBERS, PARENT, PROFILE, SUBACCOUNT, TrustHub

ASSIGNMENTS = f"/v1/CustomerProfiles/{PROFILE}/ChannelEndpointAssignments"
NUMBERS_PATH = f"/2010-04-01/Accounts/{SUBACCOUNT}/IncomingPhoneNumbers.json"


def query_of(url: str) -> dict[str, str]:
    return dict(part.split("=") for part in url.partition("?")[2].split("&"))


@pytest.mark.parametrize(
    "credentials", [f"{PARENT.sid}:wrong", f"{SUBACCOUNT}:{PARENT.auth_token}", "", ":", "SK1:secret"]
)
def test_only_the_parent_s_credentials_are_accepted(trust_hub: TrustHub, credentials: str) -> None:
    status, error = trust_hub.ask("GET", "/v1/TrustProducts", credentials=credentials)
    assert status == 401
    assert error == {
        "code": 20003,
        "message": "Authenticate",
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
    }


@pytest.mark.parametrize(
    "path",
    [
        "/v1/Nothing",
        "/v1/TrustProducts/",
        f"/v1/TrustProducts/{PROFILE}",
        "/v1/CustomerProfiles/BU12",
        f"/v1/TrustProducts/{PROFILE}/Evaluations",
        f"{ASSIGNMENTS}/{numbered_sid('RA', 1)}",
        f"/v1/CustomerProfiles/{PROFILE}/Evaluations/{numbered_sid('EL', 1)}",
        f"/v1/Policies/{numbered_sid('RN', 1)}",
        f"/2010-04-01/Accounts/{numbered_sid('AC', 77)}.json",
        f"/2010-04-01/Accounts/{SUBACCOUNT}",
        f"/2010-04-01/Accounts/{PARENT.sid}/IncomingPhoneNumbers/{NUMBERS[0]}.json",
    ],
)
def test_what_does_not_exist_is_not_found(trust_hub: TrustHub, path: str) -> None:
    status, error = trust_hub.get(path)
    assert (status, error["code"], error["message"]) == (404, 20404, f"The requested resource {path} was not found")


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/v1/TrustProducts"), ("POST", ASSIGNMENTS + "/RA1")])
def test_a_method_that_is_not_there_is_not_allowed(trust_hub: TrustHub, method: str, path: str) -> None:
    status, error = trust_hub.ask(method, path)
    assert (status, error["code"]) == (405, 20004)


@pytest.mark.parametrize(
    ("path", "form", "missing"),
    [
        ("/v1/TrustProducts", {"Email": "a@b.example", "PolicySid": SHAKEN_STIR}, "FriendlyName"),
        ("/v1/TrustProducts", {"FriendlyName": "a", "PolicySid": SHAKEN_STIR}, "Email"),
        ("/v1/CustomerProfiles", {"FriendlyName": "a", "Email": "a@b.example"}, "PolicySid"),
        (ASSIGNMENTS, {"ChannelEndpointType": "phone-number"}, "ChannelEndpointSid"),
        (ASSIGNMENTS, {"ChannelEndpointSid": NUMBERS[0]}, "ChannelEndpointType"),
        (f"/v1/CustomerProfiles/{PROFILE}/Evaluations", {}, "PolicySid"),
    ],
)
def test_a_missing_parameter_is_named(trust_hub: TrustHub, path: str, form: dict[str, str], missing: str) -> None:
    status, error = trust_hub.post(path, **form)
    assert (status, error["code"]) == (400, 20001)
    assert error["message"] == f"Missing required parameter {missing} in the post body"


@pytest.mark.parametrize("changes", [{"PolicySid": "RN12"}, {"PolicySid": PROFILE}, {"StatusCallback": "ftp://x"}])
def test_a_product_with_a_bad_parameter_is_not_made(trust_hub: TrustHub, changes: dict[str, str]) -> None:
    form = {"FriendlyName": "a", "Email": "a@b.example", "PolicySid": SHAKEN_STIR} | changes
    assert trust_hub.post("/v1/TrustProducts", **form)[0] == 400
    assert len(trust_hub.state.trust_products) == 0


def test_calls_are_counted_by_route_whatever_the_answer(trust_hub: TrustHub) -> None:
    trust_hub.get(NUMBERS_PATH)
    trust_hub.get(NUMBERS_PATH, PageSize="0")
    trust_hub.ask("POST", ASSIGNMENTS, credentials="wrong")
    assert trust_hub.app.calls() == {
        "GET /2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers.json": 2,
        "POST /v1/CustomerProfiles/{Sid}/ChannelEndpointAssignments": 1,
    }


def test_an_error_of_the_simulator_itself_is_answered_as_one(
    trust_hub: TrustHub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delattr(trust_hub.state, "accounts")
    assert trust_hub.get("/2010-04-01/Accounts.json")[0] == 500
    assert "AttributeError" in caplog.text


class TestFilters:
    def test_accounts_are_found_by_status_and_name(self) -> None:
        subaccounts: list[Any] = [
            Subaccount(sid=numbered_sid("AC", n), friendly_name=f"Shop {n}", status="suspended" if n == 2 else "active")
            for n in (1, 2, 3)
        ]
        hub = TrustHub(Fleet(subaccounts=subaccounts))

        def names(**query: str) -> list[str]:
            return [a["friendly_name"] for a in hub.get("/2010-04-01/Accounts.json", **query)[1]["accounts"]]

        assert names() == ["Parent", "Shop 1", "Shop 2", "Shop 3"]
        assert names(Status="suspended") == ["Shop 2"]
        assert names(FriendlyName="Shop 3") == ["Shop 3"]

    @pytest.mark.parametrize(("pattern", "found"), [("+15125550100", 6), ("512", 6), ("*5550100", 6), ("999", 0)])
    def test_numbers_are_found_by_part_or_pattern(self, trust_hub: TrustHub, pattern: str, found: int) -> None:
        assert len(trust_hub.get(NUMBERS_PATH, PhoneNumber=pattern)[1]["incoming_phone_numbers"]) == found

    def test_numbers_are_found_by_name(self, trust_hub: TrustHub) -> None:
        assert len(trust_hub.get(NUMBERS_PATH, FriendlyName="(512) 555-0100")[1]["incoming_phone_numbers"]) == 6
        assert trust_hub.get(NUMBERS_PATH, FriendlyName="Else")[1]["incoming_phone_numbers"] == []

    def test_products_are_found_by_status_name_and_policy(self, trust_hub: TrustHub) -> None:
        trust_hub.new_product()

        def found(**query: str) -> int:
            return len(trust_hub.get("/v1/TrustProducts", **query)[1]["results"])

        assert found(Status="draft", FriendlyName="Ours", PolicySid=SHAKEN_STIR) == 1
        assert found(Status="twilio-approved") == 0
        assert found(FriendlyName="Theirs") == 0
        assert found(PolicySid=numbered_sid("RN", 1)) == 0


class TestPaging:
    def pages(self, hub: TrustHub, **query: str) -> list[list[str]]:
        pages = []
        while True:
            body = hub.get(NUMBERS_PATH, **query)[1]
            pages.append([n["sid"] for n in body["incoming_phone_numbers"]])
            if body["next_page_uri"] is None:
                return pages
            assert body["next_page_uri"].startswith(NUMBERS_PATH)
            query = query_of(body["next_page_uri"])

    def test_every_record_is_on_one_page(self, trust_hub: TrustHub) -> None:
        pages = self.pages(trust_hub, PageSize="4")
        assert [len(page) for page in pages] == [4, 2]
        assert len({sid for page in pages for sid in page}) == 6

    def test_a_full_last_page_has_no_next(self, trust_hub: TrustHub) -> None:
        assert [len(page) for page in self.pages(trust_hub, PageSize="3")] == [3, 3]

    def test_positions_and_links_of_a_2010_list(self, trust_hub: TrustHub) -> None:
        first = trust_hub.get(NUMBERS_PATH, PageSize="4")[1]
        assert (first["page"], first["page_size"], first["start"], first["end"]) == (0, 4, 0, 3)
        assert first["previous_page_uri"] is None
        second = trust_hub.get(NUMBERS_PATH, **query_of(first["next_page_uri"]))[1]
        assert (second["page"], second["start"], second["end"]) == (1, 4, 5)
        back = trust_hub.get(NUMBERS_PATH, **query_of(second["previous_page_uri"]))[1]
        assert back["incoming_phone_numbers"] == first["incoming_phone_numbers"]
        assert trust_hub.get(NUMBERS_PATH, **query_of(second["first_page_uri"]))[1] == first

    def test_a_page_can_be_asked_for_by_its_number(self, trust_hub: TrustHub) -> None:
        page = trust_hub.get(NUMBERS_PATH, PageSize="2", Page="2")[1]
        assert (page["start"], len(page["incoming_phone_numbers"])) == (4, 2)
        assert trust_hub.get(NUMBERS_PATH, PageSize="2", Page="9")[1]["incoming_phone_numbers"] == []

    def test_the_default_page_has_fifty(self, trust_hub: TrustHub) -> None:
        for _ in range(60):
            trust_hub.assign(f"/v1/CustomerProfiles/{PROFILE}", NUMBERS[0])
        body = trust_hub.get(ASSIGNMENTS)[1]
        assert (len(body["results"]), body["meta"]["page_size"]) == (50, 50)

    def test_changes_between_two_pages_move_no_record(self, trust_hub: TrustHub) -> None:
        for number in NUMBERS[1:]:
            trust_hub.assign(f"/v1/CustomerProfiles/{PROFILE}", number)
        first = trust_hub.get(ASSIGNMENTS, PageSize="2")[1]
        trust_hub.delete(f"{ASSIGNMENTS}/{first['results'][1]['sid']}")
        trust_hub.assign(f"/v1/CustomerProfiles/{PROFILE}", NUMBERS[0])
        second = trust_hub.get(ASSIGNMENTS, **query_of(first["meta"]["next_page_url"]))[1]
        assert [a["channel_endpoint_sid"] for a in second["results"]] == NUMBERS[2:4]

    def test_links_of_a_v1_list_keep_the_filters_and_the_client_s_host(self, trust_hub: TrustHub) -> None:
        for _ in range(3):
            trust_hub.assign(f"/v1/CustomerProfiles/{PROFILE}", NUMBERS[1])
        meta = trust_hub.get(ASSIGNMENTS, ChannelEndpointSid=NUMBERS[1], PageSize="2")[1]["meta"]
        assert meta["key"] == "results"
        assert meta["next_page_url"].startswith(f"http://simulator.test{ASSIGNMENTS}?ChannelEndpointSid={NUMBERS[1]}&")
        rest = trust_hub.get(ASSIGNMENTS, **query_of(meta["next_page_url"]))[1]
        assert (len(rest["results"]), rest["meta"]["page"], rest["meta"]["next_page_url"]) == (1, 1, None)

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ({"PageSize": "1001"}, 20007),
            ({"PageSize": "0"}, 20001),
            ({"PageSize": "many"}, 20001),
            ({"Page": "-1"}, 20001),
            ({"PageToken": "XX3"}, 20001),
            ({"PageToken": "PA"}, 20001),
        ],
    )
    def test_bad_paging_is_refused(self, trust_hub: TrustHub, query: dict[str, str], code: int) -> None:
        status, error = trust_hub.get("/v1/Policies", **query)
        assert (status, error["code"]) == (400, code)
