from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError

from simulator.errors import ApiError
from simulator.fleet import Fleet, Product, ReviewPlan, Subaccount
from simulator.sids import numbered_sid
from tests.unit.simulator.simulated import NUMBERS, PARENT, PROFILE, SUBACCOUNT, TrustHub, fleet

ON_PROFILE = NUMBERS[0]
OTHER, SUSPENDED, CLOSED = (numbered_sid("AC", n) for n in (2, 3, 4))
PRODUCT = numbered_sid("BU", 7)
NOTHING = "f" * 32
PROFILE_PATH, PRODUCT_PATH = f"/v1/CustomerProfiles/{PROFILE}", f"/v1/TrustProducts/{PRODUCT}"


@pytest.fixture
def hub() -> TrustHub:
    """Four subaccounts, and an approved product with the profile's number."""
    product = Product(
        sid=PRODUCT, status="twilio-approved", business_profile=PROFILE, numbers=[ON_PROFILE], errors=[18602]
    )
    others = [
        Subaccount(sid=OTHER),
        Subaccount(sid=SUSPENDED, status="suspended"),
        Subaccount(sid=CLOSED, status="closed"),
    ]
    usual = fleet(products=[product])
    return TrustHub(usual.model_copy(update={"subaccounts": [*usual.subaccounts, *others]}))


def numbers_of(hub: TrustHub, account_sid: str) -> list[str]:
    body = hub.get(f"/2010-04-01/Accounts/{account_sid}/IncomingPhoneNumbers.json")[1]
    return [number["sid"] for number in body["incoming_phone_numbers"]]


def assigned(hub: TrustHub, path: str) -> list[str]:
    body = hub.get(f"{path}/ChannelEndpointAssignments")[1]
    return [assignment["channel_endpoint_sid"] for assignment in body["results"]]


def status(hub: TrustHub, account_sid: str) -> str:
    return str(hub.get(f"/2010-04-01/Accounts/{account_sid}.json")[1]["status"])


class TestNumbers:
    @pytest.mark.parametrize("account", [PARENT.sid, SUBACCOUNT])
    def test_a_bought_number_is_listed_last_and_can_be_assigned(self, hub: TrustHub, account: str) -> None:
        number = hub.controls.buy(account)
        assert numbers_of(hub, account)[-1] == number
        assert hub.assign(PROFILE_PATH, number)[0] == 201

    def test_a_bought_number_is_the_one_that_was_named(self, hub: TrustHub) -> None:
        number = hub.controls.buy(OTHER, phone_number="+14165550123", voice=False)
        body = hub.get(f"/2010-04-01/Accounts/{OTHER}/IncomingPhoneNumbers/{number}.json")[1]
        assert (body["phone_number"], body["capabilities"]["voice"]) == ("+14165550123", False)

    def test_a_number_that_none_named_is_fictional(self, hub: TrustHub) -> None:
        bought = hub.state.numbers[hub.controls.buy(OTHER)]
        assert (bought.phone_number[5:10], bought.voice) == ("55501", True)

    @pytest.mark.parametrize("account", [SUSPENDED, CLOSED])
    def test_only_active_accounts_buy(self, hub: TrustHub, account: str) -> None:
        with pytest.raises(ApiError, match="only an active account buys numbers"):
            hub.controls.buy(account)

    def test_a_released_number_is_gone_and_leaves_its_assignments(self, hub: TrustHub) -> None:
        hub.controls.release(ON_PROFILE)
        assert ON_PROFILE not in numbers_of(hub, SUBACCOUNT)
        assert hub.get(f"/2010-04-01/Accounts/{SUBACCOUNT}/IncomingPhoneNumbers/{ON_PROFILE}.json")[0] == 404
        assert assigned(hub, PROFILE_PATH) == assigned(hub, PRODUCT_PATH) == [ON_PROFILE]

    def test_orphans_are_removed_like_any_assignment(self, hub: TrustHub) -> None:
        hub.controls.release(ON_PROFILE)
        for path in (PRODUCT_PATH, PROFILE_PATH):
            [orphan] = hub.get(f"{path}/ChannelEndpointAssignments")[1]["results"]
            assert hub.delete(f"{path}/ChannelEndpointAssignments/{orphan['sid']}") == (204, None)

    @pytest.mark.parametrize("target", [OTHER, SUSPENDED, PARENT.sid])
    def test_a_moved_number_is_in_one_account_and_keeps_no_assignment(self, hub: TrustHub, target: str) -> None:
        hub.controls.move(ON_PROFILE, target)
        assert ON_PROFILE not in numbers_of(hub, SUBACCOUNT)
        assert numbers_of(hub, target) == [ON_PROFILE]
        assert (
            hub.get(f"/2010-04-01/Accounts/{target}/IncomingPhoneNumbers/{ON_PROFILE}.json")[1]["account_sid"] == target
        )
        assert assigned(hub, PROFILE_PATH) == assigned(hub, PRODUCT_PATH) == []

    def test_a_number_moves_there_and_back(self, hub: TrustHub) -> None:
        hub.controls.move(ON_PROFILE, OTHER)
        hub.controls.move(ON_PROFILE, SUBACCOUNT)
        assert numbers_of(hub, SUBACCOUNT)[-1] == ON_PROFILE

    def test_a_number_that_cannot_move_keeps_all_it_has(self, hub: TrustHub) -> None:
        for target, why in ((SUBACCOUNT, "is in .* already"), (CLOSED, "is closed"), (f"AC{NOTHING}", "no account")):
            with pytest.raises(ApiError, match=why):
                hub.controls.move(ON_PROFILE, target)
        assert assigned(hub, PRODUCT_PATH) == [ON_PROFILE]

    def test_a_dropped_assignment_is_gone_however_often_it_was_made(self, hub: TrustHub) -> None:
        hub.assign(PROFILE_PATH, ON_PROFILE)
        hub.controls.drop_assignment(PROFILE, ON_PROFILE)
        assert (assigned(hub, PROFILE_PATH), assigned(hub, PRODUCT_PATH)) == ([], [ON_PROFILE])
        with pytest.raises(ApiError, match=rf"^{ON_PROFILE} is not assigned to {PROFILE}$"):
            hub.controls.drop_assignment(PROFILE, ON_PROFILE)


class TestAccounts:
    def test_a_suspended_account_keeps_its_numbers_and_can_come_back(self, hub: TrustHub) -> None:
        hub.controls.suspend(SUBACCOUNT)
        assert (status(hub, SUBACCOUNT), len(numbers_of(hub, SUBACCOUNT))) == ("suspended", 6)
        hub.controls.reactivate(SUBACCOUNT)
        assert status(hub, SUBACCOUNT) == "active"

    def test_closing_an_account_releases_its_numbers(self, hub: TrustHub) -> None:
        hub.controls.close(SUBACCOUNT)
        assert (status(hub, SUBACCOUNT), numbers_of(hub, SUBACCOUNT)) == ("closed", [])
        assert hub.state.numbers == {}
        assert assigned(hub, PRODUCT_PATH) == [ON_PROFILE]

    @pytest.mark.parametrize(
        ("account", "control"),
        [
            (SUSPENDED, "suspend"),
            (CLOSED, "suspend"),
            (SUBACCOUNT, "reactivate"),
            (CLOSED, "reactivate"),
            (CLOSED, "close"),
            (PARENT.sid, "suspend"),
            (PARENT.sid, "close"),
        ],
    )
    def test_a_status_that_does_not_follow_is_refused(self, hub: TrustHub, account: str, control: str) -> None:
        before = status(hub, account)
        with pytest.raises(ApiError, match=rf"^{account} is ") as caught:
            getattr(hub.controls, control)(account)
        assert (caught.value.status, status(hub, account)) == (400, before)


class TestValidity:
    @pytest.mark.parametrize(("path", "sid"), [(PROFILE_PATH, PROFILE), (PRODUCT_PATH, PRODUCT)])
    def test_the_end_that_was_set_is_shown_in_utc_until_none_is(self, hub: TrustHub, path: str, sid: str) -> None:
        before = hub.get(path)[1]
        hub.controls.set_validity(sid, datetime.fromisoformat("2027-03-01T01:00:00+02:00"))
        assert hub.get(path)[1] == before | {"valid_until": "2027-02-28T23:00:00Z"}
        hub.controls.set_validity(sid)
        assert hub.get(path)[1] == before | {"valid_until": None}

    def test_a_fleet_may_begin_with_an_end(self) -> None:
        hub = TrustHub(
            Fleet.model_validate(
                {
                    "profiles": [{"sid": PROFILE, "valid_until": "2027-03-01T00:00:00Z"}],
                    "products": [{"sid": PRODUCT, "valid_until": "2027-04-01T00:00:00Z"}],
                }
            )
        )
        ends = [hub.get(path)[1]["valid_until"] for path in (PROFILE_PATH, PRODUCT_PATH)]
        assert ends == ["2027-03-01T00:00:00Z", "2027-04-01T00:00:00Z"]


class TestTrustProducts:
    def submitted(self, hub: TrustHub) -> str:
        path = hub.new_product()
        assert hub.post(path, Status="pending-review")[0] == 200
        return path.rpartition("/")[2]

    @pytest.mark.parametrize(
        ("errors", "told"), [(None, [{"code": 18601}]), ([18602, 18603], [{"code": 18602}, {"code": 18603}])]
    )
    def test_a_revoked_product_is_rejected_with_reasons(
        self, hub: TrustHub, errors: list[int] | None, told: list[dict[str, int]]
    ) -> None:
        hub.controls.revoke(PRODUCT, errors)
        body = hub.get(PRODUCT_PATH)[1]
        assert (body["status"], body["errors"]) == ("twilio-rejected", told)
        assert assigned(hub, PRODUCT_PATH) == [ON_PROFILE]

    def test_only_an_approved_product_is_revoked(self, trust_hub: TrustHub) -> None:
        product = self.submitted(trust_hub)
        with pytest.raises(ApiError, match=rf"^{product} is pending-review: "):
            trust_hub.controls.revoke(product)

    @pytest.mark.parametrize(
        ("verdict", "errors", "told"),
        [
            ("approved", None, None),
            ("rejected", None, [{"code": 18601}]),
            ("rejected", [18606], [{"code": 18606}]),
        ],
    )
    def test_a_review_ends_when_it_is_decided(
        self, trust_hub: TrustHub, verdict: str, errors: list[int] | None, told: list[dict[str, int]] | None
    ) -> None:
        product = self.submitted(trust_hub)
        trust_hub.controls.decide(product, verdict, errors)  # type: ignore[arg-type] # each of both
        body = trust_hub.get(f"/v1/TrustProducts/{product}")[1]
        assert (body["status"], body["errors"]) == (f"twilio-{verdict}", told)

    def test_what_was_decided_is_not_decided_again_by_the_plan(self, trust_hub: TrustHub) -> None:
        product = self.submitted(trust_hub)
        [review] = trust_hub.reviews._threads
        trust_hub.controls.decide(product, "rejected")
        review.join(5)
        assert not review.is_alive()
        assert trust_hub.state.trust_products[product].status == "twilio-rejected"

    def test_a_product_that_was_decided_can_be_submitted_again(self, trust_hub: TrustHub) -> None:
        product = self.submitted(trust_hub)
        trust_hub.controls.decide(product, "rejected")
        assert trust_hub.post(f"/v1/TrustProducts/{product}", Status="pending-review")[0] == 200
        trust_hub.controls.decide(product, "approved")
        assert trust_hub.get(f"/v1/TrustProducts/{product}")[1]["errors"] is None

    def test_without_a_review_there_is_nothing_to_decide(self, hub: TrustHub) -> None:
        with pytest.raises(ApiError, match="there is no review to end"):
            hub.controls.decide(PRODUCT, "approved")

    @pytest.mark.parametrize("why", [{"errors": [18601]}, {"failure_reason": "No website"}])
    def test_an_approval_has_no_errors(self, trust_hub: TrustHub, why: dict[str, Any]) -> None:
        product = self.submitted(trust_hub)
        with pytest.raises(ApiError, match="An approval has neither errors nor a failure_reason"):
            trust_hub.controls.decide(product, "approved", **why)

    def test_a_reason_is_of_one_rejection_only(self, trust_hub: TrustHub) -> None:
        sid = self.submitted(trust_hub)
        product = trust_hub.state.trust_products[sid]
        trust_hub.controls.decide(sid, "rejected", [], "No website")
        assert product.failure_reason == "No website"
        trust_hub.post(f"/v1/TrustProducts/{sid}", Status="pending-review")
        assert product.failure_reason == ""
        trust_hub.controls.decide(sid, "rejected", [], "No address")
        trust_hub.controls.set_status(sid, "provisionally-approved")
        assert (product.status, product.errors, product.failure_reason) == ("provisionally-approved", [], "")

    def test_a_rejection_may_show_in_an_evaluation(self) -> None:
        trust_hub = TrustHub(fleet(review=ReviewPlan(seconds=3600, errors=[], evaluation="No website")))
        sid = self.submitted(trust_hub)
        trust_hub.controls.decide(sid, "rejected")
        newest = trust_hub.get(f"/v1/TrustProducts/{sid}/Evaluations")[1]["results"][-1]
        assert newest["status"] == "noncompliant"
        assert [result["failure_reason"] for result in newest["results"]] == ["No website"]


@pytest.mark.parametrize(
    "use",
    [
        lambda hub: hub.controls.buy(f"AC{NOTHING}"),
        lambda hub: hub.controls.release(f"PN{NOTHING}"),
        lambda hub: hub.controls.move(f"PN{NOTHING}", OTHER),
        lambda hub: hub.controls.drop_assignment(f"BU{NOTHING}", ON_PROFILE),
        lambda hub: hub.controls.revoke(PROFILE),
        lambda hub: hub.controls.decide(f"BU{NOTHING}", "approved"),
        lambda hub: hub.controls.close(f"AC{NOTHING}"),
    ],
)
def test_what_does_not_exist_is_said_to_be_not_there(hub: TrustHub, use: Callable[[TrustHub], None]) -> None:
    with pytest.raises(ApiError, match=r"^There is no ") as caught:
        use(hub)
    assert (caught.value.status, caught.value.code) == (404, 20404)


@pytest.mark.parametrize(
    "use",
    [
        lambda hub: hub.controls.buy(OTHER, phone_number="555-0100"),
        lambda hub: hub.controls.callbacks(repeat=-1),
        lambda hub: hub.controls.callbacks(delay_seconds=float("inf")),
        lambda hub: hub.controls.lag(-1),
        lambda hub: hub.controls.lag(float("nan")),
    ],
)
def test_arguments_that_are_none_are_refused(hub: TrustHub, use: Callable[[TrustHub], None]) -> None:
    with pytest.raises(ValidationError):
        use(hub)


def test_many_threads_at_once_lose_no_number(hub: TrustHub) -> None:
    def buy_and_move(_: int) -> str:
        number = hub.controls.buy(SUBACCOUNT)
        hub.controls.move(number, OTHER)
        return number

    with ThreadPoolExecutor(8) as pool:
        moved = list(pool.map(buy_and_move, range(40)))
    assert sorted(numbers_of(hub, OTHER)) == sorted(moved)
