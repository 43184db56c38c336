"""From nothing to approved, and again: what a run does to a fleet, and what the next one finds."""

from collections import Counter

import pytest

from onboarding.phone_numbers import Stage
from onboarding.table.numbers import read_all_numbers
from shaken_stir.project import ROOT, load_event
from tests.machine.conftest import Start
from tests.world import (
    NAMED,
    NEVER,
    PROFILE,
    account,
    assignments,
    decide_once_awaited,
    phone_number,
    posts,
    small_pages,
    stages,
    subaccount,
)


def test_a_first_run_takes_every_number_to_a_new_approved_trust_product(start: Start) -> None:
    local = start(review={"seconds": NEVER})

    report = local.run(NAMED, decide_once_awaited(local))

    assert report.status == "SUCCEEDED"
    assert report.trust_product
    assert report.trust_product.created
    assert (report.trust_product.status, report.trust_product.verdict_by) == ("twilio-approved", "callback")
    assert report.numbers == {Stage.ON_TRUST_PRODUCT: 4}
    assert {sid: it.status for sid, it in report.subaccounts.items()} == {
        account(1): "onboarded",
        account(2): "onboarded",
    }
    on_profile, on_product = assignments(local)
    assert sorted(on_profile) == sorted(on_product) == [phone_number(s, n) for s in (1, 2) for n in (0, 1)]
    [product] = local.simulator.state.trust_products
    [callback] = local.simulator.state.callbacks[-1:]
    assert callback.response_status == 204
    assert callback.url == f"{local.engine.public_url}/status-callback?trust_product_sid={product.sid}"


def test_a_second_run_posts_nothing_and_lists_each_page_once(start: Start) -> None:
    local = start()
    local.run(NAMED)
    before = read_all_numbers(local.table, account(1))

    report = local.run({})

    assert report.status == "SUCCEEDED"
    assert posts(report.twilio_calls) == 0
    assert report.twilio_calls["GET /2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers.json"] == 2
    assert sum(report.twilio_calls.values()) <= 2 + 2 + 6  # pages, the audit, the rest
    assert report.trust_product
    assert report.trust_product.verdict_by == "none"
    assert read_all_numbers(local.table, account(1)) == before


def test_an_unchanged_subaccount_costs_at_most_four_state_transitions(start: Start) -> None:
    local = start(subaccounts=[subaccount(1)])
    local.run(NAMED)
    one = local.run({}).state_transitions
    local.simulator.stop()

    local.__exit__()
    local = start(subaccounts=[subaccount(number) for number in range(1, 6)])
    local.run(NAMED)
    five = local.run({}).state_transitions

    assert five - one <= 4 * 4


def test_several_pages_of_numbers_are_all_assigned(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    local = start(subaccounts=[subaccount(1, numbers=11)])
    small_pages(monkeypatch, phone_numbers=5)

    report = local.run(NAMED)

    assert report.numbers == {Stage.ON_TRUST_PRODUCT: 11}
    assert report.twilio_calls["GET /2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers.json"] == 3
    _, on_product = assignments(local)
    assert max(Counter(on_product).values()) == 1
    assert len(on_product) == 11


def test_numbers_that_cannot_be_signed_are_told_apart_and_fail_nothing(start: Start) -> None:
    refuse = {"code": 22205, "message": "This number is being ported"}
    numbers = [
        {"sid": phone_number(1, 0), "phone_number": "+15125550100"},
        {"sid": phone_number(1, 1), "phone_number": "+15125550101", "voice": False},
        {"sid": phone_number(1, 2), "phone_number": "+14165550102"},
        {"sid": phone_number(1, 3), "phone_number": "+18885550103"},
        {"sid": phone_number(1, 4), "phone_number": "+15125550104", "refuse": refuse},
    ]
    local = start(subaccounts=[{**subaccount(1), "numbers": numbers}])

    report = local.run(NAMED)

    assert report.status == "SUCCEEDED"
    assert stages(local, account(1)) == {
        phone_number(1, 0): "on_trust_product",
        phone_number(1, 1): "ineligible",
        phone_number(1, 2): "ineligible",
        phone_number(1, 3): "on_trust_product",
        phone_number(1, 4): "refused",
    }
    reasons = {record.phone_number_sid: record.reason for record in local.phone_numbers(account(1))}
    assert reasons[phone_number(1, 1)] == "it has no voice capability"
    assert reasons[phone_number(1, 2)] == "its region is CA, not US"
    assert reasons[phone_number(1, 4)] == "This number is being ported"


def test_a_refused_number_is_left_alone_until_a_request_names_it(start: Start) -> None:
    refused = {"sid": phone_number(1, 0), "refuse": {"code": 22205, "message": "This number is being ported"}}
    local = start(subaccounts=[{**subaccount(1), "numbers": [refused]}])
    local.run(NAMED)

    assert posts(local.run({}).twilio_calls) == 0
    named = local.run({"subaccounts": [account(1)], "phone_numbers": [phone_number(1, 0)]})
    assert posts(named.twilio_calls) == 1
    assert named.status == "SUCCEEDED"


def test_a_region_that_is_asked_for_makes_its_numbers_eligible(start: Start) -> None:
    canadian = {"sid": phone_number(1, 0), "phone_number": "+14165550102"}
    local = start(subaccounts=[{**subaccount(1), "numbers": [canadian]}])
    assert local.run(NAMED).numbers == {Stage.INELIGIBLE: 1}

    assert local.run({"regions": ["US", "CA"]}).numbers == {Stage.ON_TRUST_PRODUCT: 1}
    assert local.run({}).numbers == {Stage.ON_TRUST_PRODUCT: 1}  # it is on the product, whoever asks


def test_a_number_just_bought_goes_through_without_a_look_at_the_fleet(start: Start) -> None:
    local = start()
    local.run(NAMED)

    report = local.run({"subaccounts": [account(2)], "phone_numbers": [phone_number(2, 1)]})

    assert report.status == "SUCCEEDED"
    assert set(report.subaccounts) == {account(2)}
    assert "GET /2010-04-01/Accounts.json" not in report.twilio_calls
    assert "GET /2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers.json" not in report.twilio_calls


def test_the_parent_s_own_numbers_are_taken_along_when_asked_for(start: Start) -> None:
    parent = {"sid": account(9), "numbers": [{"sid": phone_number(9, 0)}]}
    local = start(parent=parent, subaccounts=[])

    report = local.run({**NAMED, "include_parent": True})

    assert report.numbers == {Stage.ON_TRUST_PRODUCT: 1}
    assert set(report.subaccounts) == {account(9)}


def test_a_deployment_may_mean_the_parent_s_own_numbers_by_default(start: Start) -> None:
    parent = {"sid": account(9), "numbers": [{"sid": phone_number(9, 0)}]}
    local = start(parent=parent, parameters={"IncludeParent": "true"})

    assert set(local.run(NAMED).subaccounts) == {account(1), account(2), account(9)}
    assert set(local.run({"subaccounts": [account(1)]}).subaccounts) == {account(1)}
    assert set(local.run({"include_parent": False}).subaccounts) == {account(1), account(2)}


def test_suspended_and_closed_subaccounts_are_left_out(start: Start) -> None:
    local = start(subaccounts=[subaccount(1), subaccount(2, status="suspended"), subaccount(3, status="closed")])

    assert set(local.run(NAMED).subaccounts) == {account(1)}


def test_an_assignment_made_by_hand_is_adopted(start: Start) -> None:
    profile = {"sid": PROFILE, "status": "twilio-approved", "primary": True, "numbers": [phone_number(1, 0)]}
    local = start(profiles=[profile], subaccounts=[subaccount(1)])

    report = local.run(NAMED)

    assert report.numbers == {Stage.ON_TRUST_PRODUCT: 2}
    assert report.twilio_calls["POST /v1/CustomerProfiles/{Sid}/ChannelEndpointAssignments"] == 1


def test_an_eventbridge_event_reaches_the_state_machine_through_the_template_s_rule(start: Start) -> None:
    envelope = load_event(ROOT / "events/onboarding_requested.json")
    local = start()

    report = local.run(envelope)

    assert report.status == "SUCCEEDED"
    [product] = local.simulator.state.trust_products
    assert product.friendly_name == envelope["detail"]["trust_product"]["friendly_name"]
