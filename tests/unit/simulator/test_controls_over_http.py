import json
import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from simulator.controls_api import control_routes
from simulator.fleet import load_fleet
from simulator.router import Routes
from simulator.routes import routes
from tests.unit.simulator.simulated import NUMBERS, PROFILE, SUBACCOUNT, TrustHub

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "simulator.md").read_text()
NOTHING = "f" * 32
JSON = "application/json"


def paths(of: Routes) -> set[str]:
    return {re.sub(r"<\w+>", "{}", path) for _, path in of}


def test_a_form_and_json_say_the_same(trust_hub: TrustHub) -> None:
    form = "drop=true&repeat=2&delay_seconds=1.5&reorder=false"
    as_json = json.dumps({"drop": True, "repeat": 2, "delay_seconds": 1.5, "reorder": False})
    plan = {"drop": True, "repeat": 2, "delay_seconds": 1.5, "reorder": False, "every_status": False}
    assert trust_hub.control("/callbacks", form) == (200, plan)
    assert trust_hub.control("/callbacks", as_json, content_type=JSON) == (200, plan)


def test_json_is_read_although_curl_calls_it_a_form(trust_hub: TrustHub) -> None:
    assert trust_hub.control("/lag", '{"seconds": 2}') == (200, {"seconds": 2})


def test_what_is_left_out_is_as_ever(trust_hub: TrustHub) -> None:
    trust_hub.control("/callbacks", "drop=true")
    assert trust_hub.control("/callbacks", content_type="")[1]["drop"] is False


@pytest.mark.parametrize("errors", ["errors=18602,18606", "errors=18602&errors=18606", '{"errors": [18602, 18606]}'])
def test_several_errors_are_given_in_any_of_three_ways(trust_hub: TrustHub, errors: str) -> None:
    path = trust_hub.new_product()
    trust_hub.post(path, Status="pending-review")
    trust_hub.control(f"/trust-products/{path.rpartition('/')[2]}/decide", "verdict=approved")
    told = trust_hub.control(f"/trust-products/{path.rpartition('/')[2]}/revoke", errors)[1]
    assert (told["status"], told["errors"]) == ("twilio-rejected", [18602, 18606])


def test_the_answer_tells_what_came_of_it(trust_hub: TrustHub) -> None:
    bought = {"phone_number": "+14165550123", "voice": False}
    status, number = trust_hub.control(f"/accounts/{SUBACCOUNT}/numbers", json.dumps(bought), content_type=JSON)
    assert (status, number) == (201, bought | {"sid": number["sid"], "account_sid": SUBACCOUNT})
    assert trust_hub.control(f"/numbers/{number['sid']}/release") == (204, None)
    suspended = {"sid": SUBACCOUNT, "status": "suspended"}
    assert trust_hub.control(f"/accounts/{SUBACCOUNT}/suspend") == (200, suspended)
    for body, ends in (("valid_until=2027-03-01T00:00:00Z", "2027-03-01T00:00:00Z"), ("", None)):
        assert trust_hub.control(f"/bundles/{PROFILE}/validity", body) == (200, {"sid": PROFILE, "valid_until": ends})


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/lag", "", "seconds: missing"),
        ("/lag", "seconds=-1", "seconds: input should be greater than or equal to 0"),
        ("/lag", "seconds=", "seconds: input should be a valid number, unable to parse string as a number"),
        ("/lag", "seconds=1&seconds=2", "seconds: input should be a valid number"),
        ("/lag", '{"seconds": NaN}', "seconds: input should be less than or equal to 31536000"),
        ("/lag", "second=1", "seconds: missing"),
        ("/lag", "seconds=1&minutes=1", "minutes: unknown parameter"),
        ("/callbacks", "repeat=101", "repeat: input should be less than or equal to 100"),
        ("/callbacks", "drop=perhaps", "drop: input should be a valid boolean, unable to interpret input"),
        ("/callbacks", '{"drop": tru', "The body is neither a form nor JSON"),
        ("/callbacks", "drop", "The body is neither a form nor JSON"),
        (f"/accounts/{SUBACCOUNT}/numbers", "phone_number=555", r"phone_number: does not match ^\+[1-9][0-9]{6,14}$"),
        (f"/accounts/{SUBACCOUNT}/numbers", "account_sid=AC1", "account_sid: unknown parameter"),
        (f"/accounts/{SUBACCOUNT}/reactivate", "", f"{SUBACCOUNT} is active: only a suspended account is reactivated"),
        (f"/numbers/{NUMBERS[0]}/move", "", "to_account_sid: missing"),
        (f"/bundles/{PROFILE}/validity", "valid_until=2027-03-01", "valid_until: input should have timezone info"),
    ],
)
def test_bad_input_is_refused_in_a_sentence_and_twilio_s_shape(
    trust_hub: TrustHub, path: str, body: str, said: str
) -> None:
    assert trust_hub.control(path, body) == (
        400,
        {"code": 20001, "message": said, "more_info": "https://www.twilio.com/docs/errors/20001", "status": 400},
    )


def test_json_that_is_no_object_is_refused(trust_hub: TrustHub) -> None:
    assert (
        trust_hub.control("/callbacks", "[true]", content_type=JSON)[1]["message"]
        == "The body is JSON, but not an object"
    )


def test_a_verdict_is_one_of_two(trust_hub: TrustHub) -> None:
    status, error = trust_hub.control(f"/trust-products/BU{NOTHING}/decide", "verdict=maybe")
    assert (status, error["message"]) == (400, "verdict: input should be 'approved' or 'rejected'")


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        (f"/numbers/PN{NOTHING}/release", "", f"There is no phone number PN{NOTHING}"),
        (f"/numbers/{NUMBERS[0]}/move", f"to_account_sid=AC{NOTHING}", f"There is no account AC{NOTHING}"),
        (f"/trust-products/{PROFILE}/revoke", "", f"There is no Trust Product {PROFILE}"),
        (f"/bundles/{PROFILE}/numbers/{NUMBERS[1]}/drop", "", f"{NUMBERS[1]} is not assigned to {PROFILE}"),
        (f"/bundles/BU{NOTHING}/validity", "", f"There is no profile or product BU{NOTHING}"),
        ("/nothing", "", "The requested resource /_simulator/nothing was not found"),
        ("", "", "The requested resource /_simulator was not found"),
        ("//lag", "seconds=1", "The requested resource /_simulator//lag was not found"),
    ],
)
def test_what_does_not_exist_is_not_found(trust_hub: TrustHub, path: str, body: str, said: str) -> None:
    status, error = trust_hub.control(path, body)
    assert (status, error["code"], error["status"], error["message"]) == (404, 20404, 404, said)


def test_parameters_in_the_query_are_not_overlooked(trust_hub: TrustHub) -> None:
    status, error = trust_hub.ask("POST", "/_simulator/callbacks", query={"drop": "true"})
    assert (status, error["message"]) == (400, "The parameters of a control are in the body, not in the query")


def test_a_control_is_posted(trust_hub: TrustHub) -> None:
    status, error = trust_hub.control("/lag", method="GET")
    assert (status, error["code"]) == (405, 20004)


def test_controls_are_not_counted_as_calls(trust_hub: TrustHub) -> None:
    trust_hub.control("/lag", "seconds=1")
    trust_hub.control("/nothing")
    assert trust_hub.app.calls() == {}


def test_no_path_of_twilio_s_is_a_control(trust_hub: TrustHub) -> None:
    twilio_s, controls = routes(trust_hub.state, trust_hub.reviews), control_routes(trust_hub.state, trust_hub.controls)
    assert not [path for path in paths(twilio_s) if path.startswith("/_")]
    assert all(path.startswith("/_simulator/") for path in paths(controls))
    for path in ("/v1/_simulator/lag", "//_simulator/lag", "/_simulatorlag", "/2010-04-01/../_simulator/lag"):
        assert trust_hub.ask("POST", path, form={"seconds": "1"})[0] == 404
        assert trust_hub.ask("POST", path, credentials="")[0] == 401


class TestPageOfTheDocumentation:
    def curls(self) -> list[tuple[str, str]]:
        """The path and the body of each line that begins with curl."""
        lines = [shlex.split(line) for line in PAGE.splitlines() if line.startswith("curl ")]
        given = [(line, [value for option, value in pairwise(line) if option == "-d"]) for line in lines]
        assert all(bodies or "-X POST" in " ".join(line) for line, bodies in given)
        return [(line[-1].removeprefix("http://127.0.0.1:8010/_simulator"), "&".join(bodies)) for line, bodies in given]

    def test_every_line_works_with_the_fleet_that_is_served(self) -> None:
        hub = TrustHub(load_fleet(ROOT / "simulator" / "fleets" / "serve.json"))
        profile, product = next(iter(hub.state.customer_profiles)), next(iter(hub.state.trust_products))
        hub.assign(f"/v1/CustomerProfiles/{profile.sid}", "PN10300000000000000000000000000000")
        product.status = "in-review"
        answers: list[tuple[int, Any]] = [hub.control(path, body) for path, body in self.curls()]
        assert [answer for answer in answers if answer[0] >= 300] == []

    def test_every_control_has_a_line(self, trust_hub: TrustHub) -> None:
        shown = {"/_simulator" + re.sub(r"[A-Z]{2}[0-9a-f]{32}", "{}", path) for path, _ in self.curls()}
        assert shown == paths(control_routes(trust_hub.state, trust_hub.controls))

    def test_every_parameter_of_callbacks_is_explained(self, trust_hub: TrustHub) -> None:
        assert all(f"| `{name}` |" in PAGE for name in trust_hub.control("/callbacks")[1])
