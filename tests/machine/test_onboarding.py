"""From nothing to approved, and again: what a run does to a fleet, and what the next one finds."""

from collections import Counter
from typing import Any

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
    announced,
    assignments,
    decide_once_awaited,
    phone_number,
    posts,
    product,
    small_pages,
    subaccount,
)

ONBOARDED = "Subaccounts Onboarded"
DAILY_RUN_IS_OFF = "The daily run is off"
LIST_NUMBERS = "GET /2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers.json"


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
    [made] = local.simulator.state.trust_products
    [callback] = local.simulator.state.callbacks[-1:]
    assert callback.response_status == 204
    assert callback.url == f"{local.engine.public_url}/status-callback?trust_product_sid={made.sid}"
    assert report.announced == [ONBOARDED, "Trust Product Approved"]
    assert {bus for bus, _ in local.engine.events} == {"local"}


def test_a_second_run_posts_nothing_and_lists_each_page_once(start: Start) -> None:
    local = start(products=[product(business_profile=PROFILE)])
    first = local.run({})
    assert posts(first.twilio_calls) == 8  # four numbers, each on the profile and on the product
    before = read_all_numbers(local.table, account(1))

    report = local.run({})

    assert report.status == "SUCCEEDED"
    assert posts(report.twilio_calls) == 0
    assert report.twilio_calls[LIST_NUMBERS] == 2
    assert sum(report.twilio_calls.values()) <= 2 + 2 + 6  # pages, the audit, the rest
    assert report.trust_product
    assert report.trust_product.verdict_by == "none"
    assert report.announced == [ONBOARDED]
    assert read_all_numbers(local.table, account(1)) == before

    some = local.run({"subaccounts": [account(1)]})
    assert set(some.subaccounts) == {account(1)}
    assert some.orphans is None  # whoever does not list the whole fleet knows of none
    told = [DAILY_RUN_IS_OFF in detail["message"] for detail in announced(local, ONBOARDED)]
    assert told == [True, True, False]


def test_pages_are_taken_one_by_one_and_what_left_any_of_them_is_noticed_for_the_price_of_the_pages(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand = {"numbers": [phone_number(1, 0), phone_number(1, 2)]}
    profile = {"sid": PROFILE, "primary": True, **by_hand}
    local = start(
        subaccounts=[subaccount(1, numbers=5)],
        profiles=[profile],
        products=[product(business_profile=PROFILE) | by_hand],
    )
    small_pages(monkeypatch, phone_numbers=2, others=2)

    report = local.run({})

    assert report.numbers == {Stage.ON_TRUST_PRODUCT: 5}
    assert posts(report.twilio_calls) == 6  # what was assigned by hand is taken over
    assert report.twilio_calls[LIST_NUMBERS] == 3
    assert max(Counter(assignments(local)[1]).values()) == 1

    for number in (0, 3, 4):
        local.simulator.controls.release(phone_number(1, number))
    again = local.run({})
    assert again.numbers == {Stage.ON_TRUST_PRODUCT: 2, Stage.RELEASED: 3}
    assert posts(again.twilio_calls) == 0
    pages_of_numbers, pages_of_assignments, those_that_left = 1, 2 * 3, 3
    assert again.twilio_calls[LIST_NUMBERS] == pages_of_numbers + 1  # the parent's, for orphans
    assert sum(again.twilio_calls.values()) <= pages_of_numbers + pages_of_assignments + those_that_left + 10


def test_an_eventbridge_event_reaches_the_state_machine_through_the_template_s_rule(start: Start) -> None:
    envelope = load_event(ROOT / "events/onboarding_requested.json")
    named = "BU" + "9" * 32
    profiles: list[dict[str, Any]] = [
        {"sid": sid, "status": "twilio-approved", "primary": True} for sid in (PROFILE, named)
    ]
    local = start(profiles=profiles, subaccounts=[subaccount(1)])

    report = local.run(envelope | {"detail": envelope["detail"] | {"business_profile_sid": named}})

    assert report.status == "SUCCEEDED"
    [made] = local.simulator.state.trust_products
    assert made.friendly_name == envelope["detail"]["trust_product"]["friendly_name"]
    assert len(list(local.simulator.state.customer_profiles[named].endpoints)) == 2
