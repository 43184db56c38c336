"""The plan is what a run then does: the same POSTs, kind by kind, and the same GETs."""

from typing import Any

import pytest

import list_phone_numbers
from onboarding.twilio import assignments, trust_hub
from shaken_stir.live import numbers, plan, plan_words
from shaken_stir.live.plan import Plan
from tests.steps.conftest import Start
from tests.steps.looking import look
from tests.steps.steps import Steps
from tests.steps.whole_run import run
from tests.world import NAMED, PROFILE, account, phone_number, sent_by, subaccount

PRODUCT, OTHER_PRODUCT, OTHER_PROFILE = ("BU" + digit * 32 for digit in "234")
CANADIAN = {"sid": phone_number(9, 1), "phone_number": "+14165550110"}
SILENT = {"sid": phone_number(9, 2), "phone_number": "+15125550101", "voice": False}
PAGE, LOOK_UP = 5, 2
MORE_THAN_A_PAGE = {
    **subaccount(1),
    "numbers": [
        {"sid": phone_number(1, index), "phone_number": "+14165550110" if index in {1, 3} else "+15125550100"}
        for index in range(PAGE + 1)
    ],
}
"""Eligible are three numbers on the first page, which take two look-ups, and one on the second."""
PARENTS = {"numbers": [{"sid": phone_number(9, 0), "phone_number": "+15125550102"}, CANADIAN, SILENT]}


def product(status: str = "twilio-approved", **changes: Any) -> dict[str, Any]:
    return {"sid": PRODUCT, "status": status, "business_profile": PROFILE, **changes}


def profile(*numbers: str, **changes: Any) -> dict[str, Any]:
    return {"sid": PROFILE, "status": "twilio-approved", "primary": True, "numbers": list(numbers), **changes}


FIRST, SECOND = phone_number(1, 0), phone_number(1, 1)
ONE_SUBACCOUNT: dict[str, Any] = {"subaccounts": [subaccount(1)]}
"""The fleet, where a case says nothing else."""

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "ineligible numbers, and the parent's own": ({**NAMED, "include_parent": True}, {"parent": PARENTS}),
    "other regions": ({**NAMED, "include_parent": True, "regions": ["CA"]}, {"parent": PARENTS}),
    "a number with neither, one on the profile, one on both": (
        {},
        {
            "subaccounts": [subaccount(1, 3)],
            "profiles": [profile(FIRST, SECOND)],
            "products": [product(numbers=[FIRST])],
        },
    ),
    "all is done": (
        {},
        {
            "profiles": [profile(FIRST, SECOND)],
            "products": [product(numbers=[FIRST, SECOND])],
        },
    ),
    "a number is assigned twice": (
        {},
        {"profiles": [profile(FIRST, FIRST)], "products": [product(numbers=[FIRST, FIRST])]},
    ),
    "a draft that is connected": ({}, {"products": [product("draft")]}),
    "a draft of the same name that is not connected": (
        NAMED,
        {"products": [product("draft", business_profile=None, friendly_name="Acme Voice")]},
    ),
    "a product in review": ({}, {"products": [product("in-review")]}),
    "two products": ({}, {"products": [product("draft"), product(sid=OTHER_PRODUCT)]}),
    "a better product that is not connected": (
        {},
        {"products": [product("draft"), product(sid=OTHER_PRODUCT, business_profile=None)]},
    ),
    "a product that is named": (
        {"trust_product": {"sid": OTHER_PRODUCT}},
        {"products": [product(), product("draft", sid=OTHER_PRODUCT, business_profile=None)]},
    ),
    "a rejected product that is submitted again": ({"resubmit": True}, {"products": [product("twilio-rejected")]}),
    "a profile that is named": (
        {**NAMED, "business_profile_sid": PROFILE},
        {"profiles": [profile(), profile(sid=OTHER_PROFILE)]},
    ),
    "two subaccounts of three": (
        {**NAMED, "subaccounts": [account(1), account(2)]},
        {"subaccounts": [subaccount(1), subaccount(2), subaccount(3)]},
    ),
    "a number just bought": (
        {"subaccounts": [account(1)], "phone_numbers": [SECOND]},
        {"profiles": [profile(FIRST)], "products": [product(numbers=[FIRST])]},
    ),
    "a number bought while there is no product": (
        {**NAMED, "subaccounts": [account(1)], "phone_numbers": [SECOND]},
        {},
    ),
    "three numbers just bought": (
        {"subaccounts": [account(1)], "phone_numbers": [phone_number(1, number) for number in range(3)]},
        {"subaccounts": [subaccount(1, 3)], "products": [product()]},
    ),
    "a number that the parent bought": (
        {"subaccounts": [account(9)], "phone_numbers": [phone_number(9, 0)]},
        {"parent": {"sid": account(9), **PARENTS}, "products": [product()]},
    ),
    "nothing is there, and some subaccounts are suspended or closed": (
        NAMED,
        {"subaccounts": [subaccount(1), subaccount(2, status="suspended"), subaccount(3, status="closed")]},
    ),
}

REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "no name for a new product": ({}, {}),
    "a rejected product": ({}, {"products": [product("twilio-rejected", errors=[18601])]}),
    "no profile": (NAMED, {"profiles": []}),
    "several profiles": (NAMED, {"profiles": [profile(), profile(sid=OTHER_PROFILE)]}),
    "a profile that is not approved": (NAMED, {"profiles": [profile(status="draft")]}),
    "a subaccount that is not there": ({**NAMED, "subaccounts": [account(7)]}, {}),
    "no number of the subaccount": (
        {**NAMED, "subaccounts": [account(1)], "phone_numbers": [phone_number(2, 0), "PN" + "f" * 32]},
        {},
    ),
    "a number of a suspended subaccount": (
        {**NAMED, "subaccounts": [account(1)], "phone_numbers": [FIRST]},
        {"subaccounts": [subaccount(1, status="suspended")]},
    ),
    "a suspended subaccount": (
        {**NAMED, "subaccounts": [account(1)]},
        {"subaccounts": [subaccount(1, status="suspended")]},
    ),
    "no subaccount at all": (NAMED, {"subaccounts": []}),
    "a product that is not there": ({"trust_product": {"sid": OTHER_PRODUCT}}, {"products": [product()]}),
}


def planned(steps: Steps, event: dict[str, Any]) -> Plan:
    return plan.make(look(steps.simulator, event))


@pytest.mark.parametrize("case", CASES)
def test_a_run_sends_what_was_planned(case: str, start: Start) -> None:
    event, fleet = CASES[case]
    steps = start(**ONE_SUBACCOUNT | fleet)

    plans = planned(steps, event)
    done = run(steps, event)

    assert plans.in_the_way == ()
    assert done.failed is None
    assert sent_by("POST", done.calls) == plans.posts
    assert sent_by("GET", done.calls) == plans.gets


def test_a_run_over_pages_of_numbers_sends_what_was_planned(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (list_phone_numbers, trust_hub, numbers, plan):
        monkeypatch.setattr(module, "PHONE_NUMBERS_PER_PAGE", PAGE)
    for module in (assignments, plan):
        monkeypatch.setattr(module, "SIDS_PER_FILTER", LOOK_UP)
    steps = start(subaccounts=[MORE_THAN_A_PAGE, subaccount(2, 0)])

    plans = planned(steps, NAMED)
    done = run(steps, NAMED)

    assert done.failed is None
    assert sent_by("POST", done.calls) == plans.posts
    assert sent_by("GET", done.calls) == plans.gets
    assert (plans.gets[plan.NUMBERS], plans.gets[plan.ON_PROFILE]) == (2 + 1, 2 + 1 + 1)


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_in_the_way_ends_the_run_before_it_changes_anything(case: str, start: Start) -> None:
    event, fleet = REFUSED[case]
    steps = start(**ONE_SUBACCOUNT | fleet)

    plans = planned(steps, event)
    done = run(steps, event)

    assert len(plans.in_the_way) == 1
    assert plans.posts == {}
    assert sent_by("POST", done.calls) == {}
    assert done.failed
    if case != "no name for a new product":
        assert done.failed == plans.in_the_way[0]


@pytest.mark.parametrize("event", [{}, {"release_orphans": True}])
def test_orphans_are_told_and_a_first_run_removes_none(event: dict[str, Any], start: Start) -> None:
    both = {"profiles": [profile(FIRST, SECOND)], "products": [product(numbers=[FIRST, SECOND])], "parent": PARENTS}
    steps = start(**both)
    steps.simulator.controls.release(FIRST)

    read = look(steps.simulator, event)
    plans = plan.make(read)
    done = run(steps, event)

    assert any("name 1 orphan" in line for line in plan_words.steps(plans))
    assert sent_by("DELETE", done.calls) == {}
    assert read.orphans == frozenset({FIRST})
    assert sent_by("POST", done.calls) == plans.posts
    assert sent_by("GET", done.calls) == plans.gets


def test_a_number_that_is_not_the_subaccount_s_is_left_out_of_the_plan_as_of_the_run(start: Start) -> None:
    event = {**NAMED, "subaccounts": [account(1)], "phone_numbers": [phone_number(2, 0), FIRST]}
    steps = start()

    plans = planned(steps, event)
    done = run(steps, event)

    left_out = f"Left out of the request: {phone_number(2, 0)} (it is not a number of {account(1)})"
    assert plan_words.steps(plans)[0] == left_out
    assert plans.in_the_way == ()
    assert done.left_out == [phone_number(2, 0)]
    assert sent_by("POST", done.calls) == plans.posts
    assert sent_by("GET", done.calls) == plans.gets


def test_an_account_that_cannot_be_read_is_in_nobody_s_way(start: Start) -> None:
    steps = start(
        subaccounts=[subaccount(1), subaccount(2, status="suspended")],
        profiles=[profile(FIRST, SECOND)],
        products=[product(numbers=[FIRST, SECOND])],
        faults=[{"operation": f"GET */{account(2)}/IncomingPhoneNumbers.json", "status": 403, "times": 0}],
    )
    steps.simulator.controls.release(FIRST)

    plans = planned(steps, {})

    assert plans.in_the_way == ()
    assert run(steps, {}).failed is None


def test_a_run_that_cannot_read_an_account_that_it_works_on_looks_for_no_orphans(start: Start) -> None:
    both = {"profiles": [profile(FIRST, SECOND)], "products": [product(numbers=[FIRST, SECOND])]}
    steps = start(**both)
    steps.simulator.controls.release(FIRST)
    before = planned(steps, {})
    steps.simulator.controls.plan_fault(operation=f"GET */{account(2)}/IncomingPhoneNumbers.json", status=403, times=0)

    plans = planned(steps, {})

    assert [why.split(": ")[0] for why in plans.in_the_way] == [f"{account(2)} would fail"]
    assert before.gets[plan.ACCOUNTS] == plans.gets[plan.ACCOUNTS] + 1


def test_a_survey_changes_nothing(start: Start) -> None:
    steps = start(**CASES["a number is assigned twice"][1])

    read = look(steps.simulator, {})

    assert {call.split()[0] for call in steps.simulator.calls} == {"GET"}
    assert read.on_profile.duplicates.keys() == read.on_product.duplicates.keys() == {FIRST}
    assert read.filter_holds is True
