import threading
from types import SimpleNamespace

import pytest

from simulator import reviews
from simulator.fleet import Fleet, Product, ReviewPlan, Subaccount
from simulator.policies import PRIMARY_BUSINESS_PROFILE, SHAKEN_STIR, STARTER_PROFILE
from simulator.sids import numbered_sid
from tests.unit.simulator.simulated import FRANCHISE, NUMBERS, PROFILE, REFUSED, SUBACCOUNT, TrustHub, fleet

PROFILE_PATH = f"/v1/CustomerProfiles/{PROFILE}"
EXISTING = numbered_sid("BU", 7)
EXISTING_PATH = f"/v1/TrustProducts/{EXISTING}"


def hub_with_product(status: str, *, errors: list[int] | None = None) -> TrustHub:
    product = Product.model_validate(
        {"sid": EXISTING, "status": status, "business_profile": PROFILE, "errors": errors or []}
    )
    return TrustHub(fleet(products=[product]))


class TestNumbers:
    def test_a_product_accepts_a_number_that_is_on_its_profile(self, trust_hub: TrustHub) -> None:
        status, assignment = trust_hub.assign(trust_hub.new_product(), NUMBERS[0])
        assert status == 201
        assert assignment["channel_endpoint_sid"] == NUMBERS[0]

    def test_a_product_refuses_a_number_that_is_not_on_its_profile(self, trust_hub: TrustHub) -> None:
        status, error = trust_hub.assign(trust_hub.new_product(), NUMBERS[1])
        assert (status, error["code"]) == (400, 22205)
        assert "is not assigned to all the required supporting" in error["message"]

    def test_a_product_without_a_profile_refuses_every_number(self, trust_hub: TrustHub) -> None:
        assert trust_hub.assign(trust_hub.new_product(connected=False), NUMBERS[0])[0] == 400

    def test_a_second_assignment_makes_a_duplicate(self, trust_hub: TrustHub) -> None:
        assert trust_hub.assign(PROFILE_PATH, NUMBERS[0])[0] == 201
        assert len(trust_hub.state.customer_profiles[PROFILE].endpoints.by_number[NUMBERS[0]]) == 2

    def test_a_number_of_no_account_is_refused(self, trust_hub: TrustHub) -> None:
        status, error = trust_hub.assign(PROFILE_PATH, numbered_sid("PN", 12345))
        assert (status, error["code"]) == (400, 22205)

    def test_a_number_of_a_closed_account_exists_no_more(self) -> None:
        closed = Subaccount.model_validate({"sid": SUBACCOUNT, "status": "closed", "numbers": [{"sid": NUMBERS[0]}]})
        hub = TrustHub(Fleet(subaccounts=[closed]))
        path = f"/2010-04-01/Accounts/{SUBACCOUNT}/IncomingPhoneNumbers"
        assert hub.get(f"{path}.json")[1]["incoming_phone_numbers"] == []
        assert hub.get(f"{path}/{NUMBERS[0]}.json")[0] == 404

    def test_a_refused_number_gets_the_error_of_the_fleet(self, trust_hub: TrustHub) -> None:
        status, error = trust_hub.assign(PROFILE_PATH, REFUSED)
        assert (status, error["code"], error["message"]) == (400, 22205, "No longer yours")

    def test_only_phone_numbers_are_endpoints(self, trust_hub: TrustHub) -> None:
        form = {"ChannelEndpointType": "fax", "ChannelEndpointSid": NUMBERS[0]}
        assert trust_hub.post(f"{PROFILE_PATH}/ChannelEndpointAssignments", **form)[0] == 400

    def test_an_approved_product_takes_new_numbers(self) -> None:
        assert hub_with_product("twilio-approved").assign(EXISTING_PATH, NUMBERS[0])[0] == 201

    def test_a_number_leaves_the_product_before_the_profile(self, trust_hub: TrustHub) -> None:
        product = trust_hub.new_product()
        on_product = trust_hub.assign(product, NUMBERS[0])[1]["sid"]
        profile_assignments = f"{PROFILE_PATH}/ChannelEndpointAssignments"
        on_profile = trust_hub.get(profile_assignments)[1]["results"][0]["sid"]
        assert trust_hub.delete(f"{profile_assignments}/{on_profile}")[0] == 400
        assert trust_hub.delete(f"{product}/ChannelEndpointAssignments/{on_product}") == (204, None)
        assert trust_hub.delete(f"{profile_assignments}/{on_profile}") == (204, None)
        assert trust_hub.delete(f"{profile_assignments}/{on_profile}")[0] == 404

    def test_assignments_are_found_by_one_number_or_several(self, trust_hub: TrustHub) -> None:
        for number in (NUMBERS[3], NUMBERS[2]):
            trust_hub.assign(PROFILE_PATH, number)
        path = f"{PROFILE_PATH}/ChannelEndpointAssignments"
        one = trust_hub.get(path, ChannelEndpointSid=NUMBERS[2])[1]["results"]
        two = trust_hub.get(path, ChannelEndpointSids=f"{NUMBERS[2]},{NUMBERS[3]},{NUMBERS[4]}")[1]["results"]
        assert [a["channel_endpoint_sid"] for a in one] == [NUMBERS[2]]
        assert [a["channel_endpoint_sid"] for a in two] == [NUMBERS[3], NUMBERS[2]]


class TestOneProductPerPolicy:
    def test_a_number_of_another_product_of_the_policy_is_refused_and_that_product_named(self) -> None:
        hub = hub_with_product("draft")
        assert hub.assign(EXISTING_PATH, NUMBERS[0])[0] == 201

        status, error = hub.assign(hub.new_product(), NUMBERS[0])

        assert (status, error["code"]) == (409, 20409)
        assert error["message"].endswith(f"is already mapped to a trust_product_sid: {EXISTING}")

    def test_a_product_of_another_policy_leaves_the_number_free(self) -> None:
        hub = hub_with_product("draft")
        hub.state.trust_products[EXISTING].policy_sid = STARTER_PROFILE
        assert hub.assign(EXISTING_PATH, NUMBERS[0])[0] == 201

        assert hub.assign(hub.new_product(), NUMBERS[0])[0] == 201


class TestEndUsers:
    def test_a_profile_has_an_end_user_with_the_fleet_s_business_identity(self) -> None:
        profile = {"sid": PROFILE, "business_identity": "isv_reseller_or_partner"}
        hub = TrustHub(Fleet.model_validate({"profiles": [profile]}))

        [entity] = hub.get(f"{PROFILE_PATH}/EntityAssignments")[1]["results"]
        end_user = hub.get(f"/v1/EndUsers/{entity['object_sid']}")[1]

        assert hub.get("/v1/EndUsers")[1]["results"] == [end_user]
        assert end_user["type"] == "customer_profile_business_information"
        assert end_user["attributes"]["business_identity"] == "isv_reseller_or_partner"

    def test_an_end_user_that_does_not_exist_is_not_found(self, trust_hub: TrustHub) -> None:
        assert trust_hub.get(f"/v1/EndUsers/{numbered_sid('IT', 1)}")[0] == 404


class TestEvaluation:
    def evaluation_of(self, hub: TrustHub, product: str) -> tuple[str, list[int | None]]:
        body = hub.made(f"{product}/Evaluations", PolicySid=SHAKEN_STIR)
        assert hub.get(f"{product}/Evaluations")[1]["results"][-1] == body
        return body["status"], [result["error_code"] for result in body["results"]]

    def test_a_product_with_an_approved_primary_profile_is_compliant(self, trust_hub: TrustHub) -> None:
        assert self.evaluation_of(trust_hub, trust_hub.new_product()) == ("compliant", [None])

    def test_a_product_without_a_profile_is_noncompliant(self, trust_hub: TrustHub) -> None:
        assert self.evaluation_of(trust_hub, trust_hub.new_product(connected=False)) == ("noncompliant", [22214])

    def test_a_product_with_an_approved_secondary_profile_is_compliant(self, trust_hub: TrustHub) -> None:
        product = trust_hub.new_product(connected=False)
        trust_hub.made(f"{product}/EntityAssignments", ObjectSid=FRANCHISE)
        assert self.evaluation_of(trust_hub, product) == ("compliant", [None])

    def test_a_starter_profile_does_not_support_a_product(self, trust_hub: TrustHub) -> None:
        trust_hub.state.customer_profiles[FRANCHISE].policy_sid = STARTER_PROFILE
        product = trust_hub.new_product(connected=False)
        trust_hub.made(f"{product}/EntityAssignments", ObjectSid=FRANCHISE)
        assert self.evaluation_of(trust_hub, product) == ("noncompliant", [22214])

    def test_a_profile_that_is_not_approved_does_not_count(self) -> None:
        hub = TrustHub(fleet(profile_status="draft"))
        assert self.evaluation_of(hub, hub.new_product()) == ("noncompliant", [22215])

    def test_the_policy_must_be_the_product_s(self, trust_hub: TrustHub) -> None:
        product = trust_hub.new_product()
        assert trust_hub.post(f"{product}/Evaluations", PolicySid=PRIMARY_BUSINESS_PROFILE)[0] == 400

    def test_a_new_profile_needs_its_business_and_its_address(self, trust_hub: TrustHub) -> None:
        form = {"FriendlyName": "New", "Email": "us@example.com", "PolicySid": PRIMARY_BUSINESS_PROFILE}
        profile = f"/v1/CustomerProfiles/{trust_hub.made('/v1/CustomerProfiles', **form)['sid']}"
        assert trust_hub.post(profile, Status="pending-review")[0] == 400
        for prefix in ("IT", "RD"):
            trust_hub.made(f"{profile}/EntityAssignments", ObjectSid=numbered_sid(prefix, 1))
        assert trust_hub.post(profile, Status="pending-review")[1]["status"] == "pending-review"


class TestConnection:
    def test_connected_profiles_are_found_by_their_type(self, trust_hub: TrustHub) -> None:
        path = f"{trust_hub.new_product()}/EntityAssignments"
        kind = "primary_customer_profile_type_business"
        assert [e["object_sid"] for e in trust_hub.get(path, ObjectType=kind)[1]["results"]] == [PROFILE]
        assert trust_hub.get(path, ObjectType="other")[1]["results"] == []

    def test_a_connection_can_be_fetched_and_removed(self, trust_hub: TrustHub) -> None:
        path = f"{trust_hub.new_product()}/EntityAssignments"
        one = f"{path}/{trust_hub.get(path)[1]['results'][0]['sid']}"
        assert trust_hub.get(one)[1]["object_sid"] == PROFILE
        assert trust_hub.delete(one)[0] == 204
        assert trust_hub.get(one)[0] == 404

    @pytest.mark.parametrize(
        ("object_sid", "code"),
        [(numbered_sid("BU", 555), 22205), (NUMBERS[0], 22206), (EXISTING, 22206), ("BU12", 20001)],
    )
    def test_what_cannot_support_a_product_is_refused(self, object_sid: str, code: int) -> None:
        status, error = hub_with_product("draft").post(f"{EXISTING_PATH}/EntityAssignments", ObjectSid=object_sid)
        assert (status, error["code"]) == (400, code)


class TestStatus:
    def test_submission_takes_the_callback_along(self, trust_hub: TrustHub) -> None:
        url = "https://example.com/hook?trust_product_sid=BU1"
        form = {"Status": "pending-review", "StatusCallback": url}
        status, product = trust_hub.post(trust_hub.new_product(), **form)
        assert (status, product["status"], product["status_callback"]) == (200, "pending-review", url)
        trust_hub.reviews.stop()

    def test_a_noncompliant_product_cannot_be_submitted(self, trust_hub: TrustHub) -> None:
        status, error = trust_hub.post(trust_hub.new_product(connected=False), Status="pending-review")
        assert (status, error["code"]) == (400, 22203)
        assert "is noncompliant: A Primary Customer Profile Bundle is missing." in error["message"]

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("draft", "twilio-approved"),
            ("draft", "in-review"),
            ("pending-review", "draft"),
            ("pending-review", "pending-review"),
            ("in-review", "draft"),
            ("twilio-approved", "draft"),
            ("twilio-approved", "pending-review"),
            ("twilio-rejected", "draft"),
            ("draft", "sent"),
        ],
    )
    def test_a_status_that_only_twilio_sets_or_that_leads_back_is_refused(self, before: str, after: str) -> None:
        hub = hub_with_product(before)
        status, error = hub.post(EXISTING_PATH, Status=after)
        assert (status, error["code"]) == (400, 22203)
        assert hub.get(EXISTING_PATH)[1]["status"] == before

    def test_a_rejected_product_can_be_submitted_again(self) -> None:
        hub = hub_with_product("twilio-rejected", errors=[18601])
        assert hub.get(EXISTING_PATH)[1]["errors"] == [{"code": 18601}]
        status, product = hub.post(EXISTING_PATH, Status="pending-review")
        assert (status, product["status"], product["errors"]) == (200, "pending-review", None)
        hub.reviews.stop()

    def test_status_and_properties_cannot_be_updated_together(self, trust_hub: TrustHub) -> None:
        form = {"Status": "pending-review", "FriendlyName": "New"}
        status, error = trust_hub.post(trust_hub.new_product(), **form)
        assert (status, error["code"]) == (400, 22204)

    @pytest.mark.parametrize("status", ["pending-review", "in-review", "twilio-approved"])
    def test_a_submitted_product_cannot_be_changed_or_deleted(self, status: str) -> None:
        hub = hub_with_product(status)
        assert hub.post(EXISTING_PATH, FriendlyName="New")[0] == 400
        assert hub.post(f"{EXISTING_PATH}/EntityAssignments", ObjectSid=FRANCHISE)[0] == 400
        assert hub.delete(EXISTING_PATH)[0] == 400
        assert hub.post(EXISTING_PATH, StatusCallback="https://example.com/new")[0] == 200

    def test_a_draft_can_be_changed_and_deleted(self, trust_hub: TrustHub) -> None:
        path = trust_hub.new_product()
        assert trust_hub.post(path, FriendlyName="New", Email="new@example.com")[1]["friendly_name"] == "New"
        assert trust_hub.delete(path) == (204, None)
        assert trust_hub.get(path)[0] == 404


class TestReview:
    @pytest.mark.parametrize(("verdict", "errors"), [("approved", None), ("rejected", [{"code": 18601}])])
    def test_a_submitted_product_goes_through_review_to_its_verdict(
        self, verdict: str, errors: list[dict[str, int]] | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        half_of_it = threading.Semaphore(0)

        class Awaited(threading.Event):
            def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002 - passes when the test says so
                half_of_it.acquire()
                return self.is_set()

        monkeypatch.setattr(reviews, "threading", SimpleNamespace(**vars(threading) | {"Event": Awaited}))
        hub = TrustHub(fleet(review=ReviewPlan.model_validate({"seconds": 1, "verdict": verdict})))
        product = hub.new_product()
        assert hub.post(product, Status="pending-review")[1]["status"] == "pending-review"
        half_of_it.release()
        hub.wait_for(product, "in-review")
        half_of_it.release()
        assert hub.wait_for(product, f"twilio-{verdict}")["errors"] == errors
        assert hub.state.callbacks == []

    def test_a_product_that_is_in_review_already_gets_its_verdict(self) -> None:
        product = Product.model_validate({"sid": EXISTING, "status": "in-review", "business_profile": PROFILE})
        hub = TrustHub(fleet(products=[product], review=ReviewPlan(seconds=0)))
        hub.reviews.resume()
        hub.wait_for(EXISTING_PATH, "twilio-approved")
