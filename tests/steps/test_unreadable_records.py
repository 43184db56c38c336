"""Records of Twilio's that cannot be read: work is left undone and named, and nothing rests on their absence."""

from typing import Any

import pytest

from onboarding.phone_numbers import Stage
from simulator.messages import Request, Response
from tests.steps.conftest import Start
from tests.steps.steps import Steps
from tests.steps.whole_fleet import APPROVED
from tests.steps.whole_run import run
from tests.world import NAMED, PRODUCT, PROFILE, account, phone_number, small_pages, subaccount

NUMBER = phone_number(1, 0)
PROFILE_WITH_NUMBERS = {"sid": PROFILE, "primary": True, "numbers": [NUMBER, phone_number(1, 1)]}
ON_BOTH: dict[str, Any] = {
    "subaccounts": [subaccount(1), subaccount(2)],
    "profiles": [PROFILE_WITH_NUMBERS],
    "products": [APPROVED | {"numbers": [NUMBER, phone_number(1, 1)]}],
}


def without(steps: Steps, path: str, sid: str, /, **fields: Any) -> None:
    """Let the record of this SID have other fields in the answers to GETs of this path."""
    simulator = steps.simulator
    answering = False

    def change(request: Request) -> Response | None:
        nonlocal answering
        if answering or request.method != "GET" or not request.path.endswith(path):
            return None
        answering = True
        answer = simulator.answer(request)
        answering = False
        body = answer.body or {}
        for records in body.values():
            for record in records if isinstance(records, list) else []:
                if record.get("sid") == sid:
                    record.update(fields)
        return answer

    simulator.interpose(change)


def test_the_numbers_that_can_be_read_are_signed_and_the_other_one_is_named(start: Start) -> None:
    steps = start(subaccounts=[subaccount(1)], products=[APPROVED])
    without(steps, "IncomingPhoneNumbers.json", NUMBER, sid="PN1")

    done = run(steps, {}, "first")

    assert done.error == "SubaccountsFailed"
    assert "1 record of Twilio's could not be read and was left out (incoming_phone_numbers[0]: sid is malformed)" in (
        done.failed or ""
    )
    assert steps.assignments() == ([phone_number(1, 1)], [phone_number(1, 1)])
    steps.simulator.interpose(lambda _: None)
    assert run(steps, {}, "second").error is None
    assert len(steps.assignments()[1]) == 2


@pytest.mark.parametrize("page_size", [500, 1])
def test_a_known_number_that_cannot_be_read_is_neither_released_nor_an_orphan(
    start: Start, monkeypatch: pytest.MonkeyPatch, page_size: int
) -> None:
    small_pages(monkeypatch, page_size)
    steps = start(**ON_BOTH)
    assert run(steps, {}, "before").error is None
    without(steps, "IncomingPhoneNumbers.json", NUMBER, sid=None)
    gone = steps.simulator.controls.plan_fault(operation=f"GET *{NUMBER}.json", status=404, code=20404, times=0)

    for execution in ("first", "second", "third"):
        done = run(steps, {"release_orphans": True}, execution)
        assert done.error == "SubaccountsFailed"

    assert gone.happened == 0
    assert steps.stages()[NUMBER] == Stage.ON_TRUST_PRODUCT
    assert all(NUMBER in bundle for bundle in steps.assignments())


def test_an_account_that_cannot_be_read_is_left_out_and_its_numbers_are_no_orphans(start: Start) -> None:
    steps = start(**ON_BOTH)
    assert run(steps, {}, "before").error is None
    without(steps, "Accounts.json", account(1), status=None)

    for execution in ("first", "second", "third"):
        done = run(steps, {"release_orphans": True}, execution)
        assert done.error == "SubaccountsFailed"
        assert f"{account(1)}: The account was left out" in (done.failed or "")
        assert "status is malformed" in (done.failed or "")

    assert all(NUMBER in bundle for bundle in steps.assignments())


def test_an_account_that_is_missing_from_the_list_keeps_its_numbers(start: Start) -> None:
    steps = start(**ON_BOTH)
    without(steps, "Accounts.json", account(1), sid=steps.simulator.account_sid)

    for execution in ("first", "second", "third"):
        run(steps, {"release_orphans": True}, execution)

    assert all(NUMBER in bundle for bundle in steps.assignments())


def test_an_account_without_a_sid_leaves_the_list_unread(start: Start) -> None:
    steps = start(subaccounts=[subaccount(1), subaccount(2)], products=[APPROVED])
    without(steps, "Accounts.json", account(1), sid=None)

    assert run(steps, {}, "first").error == "TwilioUnavailable"


@pytest.mark.parametrize(
    ("path", "field"),
    [("/TrustProducts", "policy_sid"), ("/TrustProducts", "status"), ("/CustomerProfiles", "status")],
)
def test_nothing_is_created_while_a_product_or_profile_cannot_be_read(start: Start, path: str, field: str) -> None:
    steps = start(subaccounts=[subaccount(1)], products=[APPROVED])
    without(steps, path, PRODUCT if path == "/TrustProducts" else PROFILE, **{field: None})

    done = run(steps, NAMED, "first")

    assert done.error == "TwilioUnavailable"
    assert f"results[0]: {field} is malformed" in (done.failed or "")
    assert not [call for call in done.calls if call.startswith("POST")]


def test_no_number_is_assigned_while_an_assignment_cannot_be_read(start: Start) -> None:
    steps = start(**ON_BOTH)
    [first, *_] = next(iter(steps.simulator.state.trust_products)).endpoints
    without(steps, "/ChannelEndpointAssignments", first.sid, channel_endpoint_sid=None)

    done = run(steps, {}, "first")

    assert done.error == "TwilioUnavailable"
    assert not [call for call in done.calls if call.startswith("POST")]


@pytest.mark.parametrize("which", [1, 2, 3])
def test_one_404_while_the_product_is_awaited_is_no_deletion(start: Start, which: int) -> None:
    steps = start(subaccounts=[subaccount(1)])
    lost = steps.simulator.controls.plan_fault(
        operation="GET /v1/TrustProducts/{Sid}", status=404, code=20404, after=which - 1
    )

    assert run(steps, NAMED, "first").error is None
    assert lost.happened == 1
