"""Which of a subaccount's numbers need work: eligibility, refusals, regions, and numbers that leave or come back."""

from typing import Any

import pytest

from onboarding.table.numbers import read_all_numbers
from simulator.messages import Response
from tests.steps.conftest import Start
from tests.steps.steps import BUNDLES, LIST, Steps
from tests.steps.whole_fleet import APPROVED, go_through
from tests.world import account, phone_number, posts, subaccount, told

NUMBER = "GET /2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers/{Sid}.json"
REFUSE = {"code": 22205, "message": "This number belongs to another account"}


def counted(steps: Steps, number: int) -> dict[str, int]:
    stages = list(steps.stages(number).values())
    return {stage: stages.count(stage) for stage in stages}


def test_numbers_that_cannot_be_signed_are_told_apart(start: Start) -> None:
    numbers = [
        {"sid": phone_number(1, 0), "phone_number": "+15125550100"},
        {"sid": phone_number(1, 1), "phone_number": "+15125550101", "voice": False},
        {"sid": phone_number(1, 2), "phone_number": "+14165550102"},
        {"sid": phone_number(1, 3), "phone_number": "+18885550103"},
        {"sid": phone_number(1, 4), "phone_number": "+15125550104", "refuse": REFUSE},
    ]
    steps = start(products=[APPROVED], subaccounts=[{**subaccount(1), "numbers": numbers}])

    steps.onboard()

    known = {it.phone_number_sid: (it.stage.value, it.reason) for it in read_all_numbers(steps.table, account(1))}
    assert known == {
        phone_number(1, 0): ("on_trust_product", None),
        phone_number(1, 1): ("ineligible", "it has no voice capability"),
        phone_number(1, 2): ("ineligible", "its region is CA, not US"),
        phone_number(1, 3): ("on_trust_product", None),
        phone_number(1, 4): ("refused", "This number belongs to another account"),
    }


def test_a_refused_number_is_left_alone_until_a_request_names_it(start: Start) -> None:
    refused = {"sid": phone_number(1, 0), "refuse": REFUSE}
    steps = start(products=[APPROVED], subaccounts=[{**subaccount(1), "numbers": [refused]}])
    steps.onboard()
    assert posts(steps.simulator.calls) == 1

    steps.onboard(execution="second")
    assert posts(steps.simulator.calls) == 1

    steps.onboard(execution="third", phone_numbers=[phone_number(1, 0)])
    assert posts(steps.simulator.calls) == 2


def test_a_region_that_is_asked_for_makes_its_numbers_eligible(start: Start) -> None:
    canadian = {"sid": phone_number(1, 0), "phone_number": "+14165550102"}
    steps = start(products=[APPROVED], subaccounts=[{**subaccount(1), "numbers": [canadian]}])
    steps.onboard()
    assert counted(steps, 1) == {"ineligible": 1}

    steps.onboard(execution="second", regions=["US", "CA"])
    assert counted(steps, 1) == {"on_trust_product": 1}
    steps.onboard(execution="third")
    assert counted(steps, 1) == {"on_trust_product": 1}  # it is on the product, whoever asks


def test_a_released_number_is_looked_for_once_and_no_longer_counted_as_signed(start: Start) -> None:
    steps = start(products=[APPROVED])
    steps.onboard()
    steps.simulator.controls.release(phone_number(1, 0))

    for execution in ("second", "third"):
        steps.onboard(execution=execution)
        assert steps.stages() == {phone_number(1, 0): "released", phone_number(1, 1): "on_trust_product"}

    assert steps.simulator.calls[NUMBER] == 1


def test_a_number_that_moves_up_a_page_while_they_are_read_is_not_released(start: Start) -> None:
    """It is on none of the pages that were read; Twilio is asked for it before that is believed."""
    steps = start(products=[APPROVED])
    steps.onboard()
    no_numbers: dict[str, Any] = {"incoming_phone_numbers": [], "next_page_uri": None}
    steps.simulator.interpose(
        lambda asked: Response(200, no_numbers) if asked.path.endswith("/IncomingPhoneNumbers.json") else None
    )

    steps.onboard(execution="second")

    assert steps.simulator.calls[NUMBER] == 2
    assert set(steps.stages().values()) == {"on_trust_product"}


def test_a_moved_number_is_followed_and_may_come_back(start: Start) -> None:
    steps = start(products=[APPROVED])
    go_through(steps)

    steps.simulator.controls.move(phone_number(1, 0), account(2))
    go_through(steps, "second")
    assert counted(steps, 1) == {"on_trust_product": 1, "released": 1}
    assert counted(steps, 2) == {"on_trust_product": 3}

    steps.simulator.controls.move(phone_number(1, 0), account(1))
    go_through(steps, "third")
    assert counted(steps, 1) == {"on_trust_product": 2}
    assert counted(steps, 2) == {"on_trust_product": 2, "released": 1}


@pytest.mark.parametrize(("moved", "to"), [(phone_number(1, 0), 9), (phone_number(9, 0), 1)])
def test_a_number_that_moves_between_the_parent_and_a_subaccount_is_signed_once(
    start: Start, moved: str, to: int
) -> None:
    parent = {"sid": account(9), "numbers": [{"sid": phone_number(9, 0)}]}
    steps = start(products=[APPROVED], parent=parent, subaccounts=[subaccount(1)])
    go_through(steps, include_parent=True)
    steps.simulator.controls.move(moved, account(to))

    go_through(steps, "second", include_parent=True)

    assert sorted([*steps.stages(1).values(), *steps.stages(9).values()]) == [*["on_trust_product"] * 3, "released"]
    assert steps.stages(to)[moved] == "on_trust_product"
    assert [bundle.count(moved) for bundle in steps.assignments()] == [1, 1]


def test_a_request_that_names_numbers_says_nothing_of_the_others(start: Start) -> None:
    steps = start(products=[APPROVED])
    steps.onboard()
    steps.simulator.controls.release(phone_number(1, 0))

    steps.onboard(execution="second", phone_numbers=[phone_number(1, 1)])

    assert steps.stages()[phone_number(1, 0)] == "on_trust_product"


def test_an_execution_that_began_before_numbers_were_checked_looks_at_them_itself(start: Start) -> None:
    steps = start(products=[APPROVED])
    event: dict[str, Any] = {"subaccount_sid": account(1), **BUNDLES, **LIST}

    page = steps.invoke("list_phone_numbers", **event | {"phone_numbers": [phone_number(1, 0)]})

    assert page == {"phone_numbers": [phone_number(1, 0)], "next_page": None}
    assert {call: n for call, n in steps.simulator.calls.items() if "IncomingPhoneNumbers" in call} == {NUMBER: 1}
    error, sentence = steps.failure("list_phone_numbers", **event | {"phone_numbers": [phone_number(2, 0)]})
    assert error == "InvalidRequest"
    assert f"phone_numbers: {phone_number(2, 0)} is not a number of {account(1)}" in sentence


def test_an_account_that_answers_404_to_its_list_is_named_as_a_connect_app_s(start: Start) -> None:
    steps = start()
    steps.simulator.controls.plan_fault(operation=f"GET */{account(1)}/*", status=404, code=20404)

    sentence = (
        f"Twilio answers 404 to every request below {account(1)} ('Subaccount 1'), as it does for the account of a "
        "Connect App: the parent account cannot read or sign its numbers; to leave it out, name the other accounts in "
        "subaccounts."
    )
    error = "SubaccountNotReadable"
    event = {"subaccount_sid": account(1), **LIST, **BUNDLES}
    assert steps.failure("list_phone_numbers", **event) == (error, told(error, sentence))
