"""A run that lost an answer checks whether something was created twice, and says so at its end."""

from types import SimpleNamespace
from typing import Any

import pytest

from onboarding import doubles
from tests.steps.conftest import Start
from tests.steps.patience import patient
from tests.steps.steps import Steps
from tests.steps.whole_fleet import APPROVED, manifest
from tests.steps.whole_run import run
from tests.world import NAMED, NEVER, PRODUCT, PROFILE, account, phone_number, product, subaccount

CREATE = "POST /v1/TrustProducts"
FIRST = phone_number(1, 0)
LOST: dict[str, Any] = {"status": 500, "carried_out": True}
ON_PRODUCT = "POST /v1/TrustProducts/*/ChannelEndpointAssignments"
SETTLES: dict[str, Any] = {"subaccounts": [subaccount(1, numbers=1)], "lag": NEVER}
"""Lists lag for longer than a step waits."""


def summarised(steps: Steps, trust_product_sid: str, execution: str = "first") -> str:
    """Summarise a run; return what it says about duplicates."""
    bundles = {"business_profile_sid": PROFILE, "trust_product_sid": trust_product_sid}
    chosen = {"manifest": manifest(steps, execution), "subaccounts": None}
    summary = steps.invoke("summarise_subaccounts", execution=execution, **chosen, **bundles)
    said: str = summary["duplicates"]
    return said


def assigned_twice(start: Start) -> Steps:
    """Lose the answer to an assignment while the lists lag, so that the step sends it again."""
    steps = start(products=[APPROVED], **SETTLES)
    steps.simulator.controls.plan_fault(operation=ON_PRODUCT, **LOST)
    patient(steps).onboard()
    assert steps.assignments()[1] == [FIRST, FIRST]
    return steps


def test_a_number_that_is_assigned_twice_is_named(start: Start) -> None:
    steps = assigned_twice(start)
    steps.simulator.controls.lag(0)

    said = summarised(steps, APPROVED["sid"])

    assert said == (
        f"An answer of Twilio was lost or its lists lagged: 1 number is assigned more than once ({FIRST}); "
        "see docs/runbook.md#duplicates."
    )
    [(_, announced)] = steps.announced
    assert announced["message"].endswith(f" {said}")


def test_lists_that_lag_are_read_again_until_they_show_what_was_recorded(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = assigned_twice(start)
    waited: list[float] = []

    def settle(seconds: float) -> None:
        waited.append(seconds)
        steps.simulator.controls.lag(0)

    monkeypatch.setattr(doubles, "time", SimpleNamespace(sleep=settle))

    assert f"1 number is assigned more than once ({FIRST})" in summarised(steps, APPROVED["sid"])
    assert waited == [0.02]


def test_lists_that_do_not_settle_are_told(start: Start) -> None:
    steps = assigned_twice(start)

    said = summarised(steps, APPROVED["sid"])

    assert "the lists still lack something that this run created, so more may exist twice" in said


def test_second_products_of_the_same_name_are_named(start: Start) -> None:
    steps = start(**SETTLES)
    steps.simulator.controls.plan_fault(operation=CREATE, **LOST)
    wanted: dict[str, Any] = {"business_profile_sid": PROFILE, "trust_product": NAMED["trust_product"]}
    used = patient(steps).invoke("find_or_create_trust_product", **wanted)["sid"]
    [other] = [it.sid for it in steps.simulator.state.trust_products if it.sid != used]
    steps.simulator.controls.lag(0)

    said = summarised(steps, used)

    assert f"1 more Trust Product of the same name as {used} ({other})" in said


def test_a_second_connection_is_named(start: Start) -> None:
    steps = start(lag=NEVER, products=[product(status="draft")])
    steps.simulator.controls.plan_fault(operation="POST /v1/TrustProducts/*/EntityAssignments", **LOST)
    wanted: dict[str, Any] = {"trust_product_sid": PRODUCT, "business_profile_sid": PROFILE, "connection_sid": None}
    patient(steps).invoke("connect_business_profile", **wanted)
    [at_twilio] = steps.simulator.state.trust_products
    assert len(at_twilio.entities) == 2
    steps.simulator.controls.lag(0)

    assert f"the Business Profile is connected to {PRODUCT} 2 times" in summarised(steps, PRODUCT)


def test_an_answer_that_was_lost_without_a_duplicate_is_no_news(start: Start) -> None:
    steps = start(products=[APPROVED], subaccounts=[subaccount(1, numbers=1)])
    steps.simulator.controls.plan_fault(operation=ON_PRODUCT, status=500)
    patient(steps).onboard()

    assert summarised(steps, APPROVED["sid"]) == ""


def test_a_look_that_fails_is_told_and_ends_no_run(start: Start) -> None:
    steps = assigned_twice(start)
    steps.simulator.controls.plan_fault(operation="GET /v1/TrustProducts/*", status=403, times=0)

    said = summarised(steps, APPROVED["sid"])

    assert said.startswith("An answer of Twilio was lost or its lists lagged, and duplicates were not looked for: ")


@pytest.mark.parametrize("fleet", [{}, {"products": [product(business_profile=PROFILE)]}], ids=["first", "later"])
def test_a_run_whose_answers_all_came_asks_nothing_more(start: Start, fleet: dict[str, Any]) -> None:
    steps = start(**fleet)
    done = run(steps, NAMED)
    before = dict(steps.simulator.calls)
    [used] = steps.simulator.state.trust_products

    assert done.failed is None
    manifest(steps, "first", subaccounts=[account(1)])
    listed = dict(steps.simulator.calls)
    assert summarised(steps, used.sid) == ""
    accounts = "GET /2010-04-01/Accounts.json"
    assert dict(steps.simulator.calls) == listed | {accounts: before[accounts] + 1}
