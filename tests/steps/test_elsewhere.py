"""A number on another Business Profile or another live SHAKEN/STIR product is recorded with it, and not touched."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from onboarding import settings
from onboarding.phone_numbers import Elsewhere
from onboarding.table.dynamodb import Key
from onboarding.table.numbers import read_all_numbers, write_numbers
from onboarding.twilio import trust_hub
from shaken_stir.live import plan
from shaken_stir.status.model import Reason
from shaken_stir.status.reading import read_numbers_of, read_status
from tests.steps.conftest import Start
from tests.steps.looking import look
from tests.steps.steps import Steps
from tests.steps.whole_run import run
from tests.world import PRODUCT, PROFILE, account, phone_number, posts, product, sent_by, subaccount

CUSTOMERS, CUSTOMERS_PRODUCT = "BU" + "3" * 32, "BU" + "4" * 32
THEIRS, OURS = phone_number(1, 0), phone_number(1, 1)
NAMES_OURS: dict[str, Any] = {"business_profile_sid": PROFILE}


def isv(start: Start, *, on_product: bool = True, status: str = "twilio-approved", **changes: Any) -> Steps:
    """An account with a primary pair, and a secondary pair that has the first number."""
    secondary = {"sid": CUSTOMERS, "primary": False, "friendly_name": "Customer", "numbers": [THEIRS]}
    theirs = product(
        CUSTOMERS_PRODUCT,
        status,
        business_profile=CUSTOMERS,
        friendly_name="Customer's",
        numbers=[THEIRS] if on_product else [],
    )
    fleet = {
        "profiles": [{"sid": PROFILE}, secondary],
        "products": [product(business_profile=PROFILE), theirs],
        "subaccounts": [subaccount(1)],
    }
    return start(**fleet | changes)


def elsewhere(steps: Steps) -> Elsewhere | None:
    [record] = [it for it in read_all_numbers(steps.table, account(1)) if it.phone_number_sid == THEIRS]
    return record.elsewhere


@pytest.mark.parametrize("which", [{}, {"subaccounts": [account(1)], "phone_numbers": [THEIRS, OURS]}])
def test_a_number_of_another_approved_product_is_left_there(start: Start, which: dict[str, Any]) -> None:
    steps = isv(start)
    request = NAMES_OURS | which
    planned = plan.make(look(steps.simulator, request))

    done = run(steps, request)

    assert done.error is None
    assert steps.stages() == {THEIRS: "elsewhere", OURS: "on_trust_product"}
    there = elsewhere(steps)
    assert there
    assert (there.kind, there.sid, there.friendly_name) == ("trust_product", CUSTOMERS_PRODUCT, "Customer's")
    assert THEIRS not in steps.simulator.state.customer_profiles[PROFILE].endpoints.by_number
    assert sent_by("POST", done.calls) == planned.posts
    assert sent_by("GET", done.calls) == planned.gets


@pytest.mark.parametrize(
    ("status", "explanation"),
    [
        ("twilio-approved", f"Trust Product {CUSTOMERS_PRODUCT} ('Customer's', twilio-approved; signed there)"),
        ("in-review", f"Trust Product {CUSTOMERS_PRODUCT} ('Customer's', in-review; not signed there)"),
        ("draft", f"Business Profile {CUSTOMERS} ('Customer', twilio-approved; not signed there)"),
    ],
)
def test_the_status_names_the_bundle_and_whether_the_number_is_signed_there(
    start: Start, status: str, explanation: str
) -> None:
    steps = isv(start, status=status)
    run(steps, NAMES_OURS)

    fleet = read_status(steps.table, "here")
    [theirs] = [it for it in read_numbers_of(steps.table, fleet, fleet.subaccounts) if it.phone_number_sid == THEIRS]

    assert (theirs.reason, theirs.explanation) == (Reason.ELSEWHERE, f"it is on the {explanation}")
    assert theirs.remedy == "leave it there; or take it off there in the Console, then name the number in a request"
    assert not fleet.needs_a_person


def test_a_number_only_on_a_draft_of_the_same_profile_is_refused_with_the_way_on(start: Start) -> None:
    old = product(CUSTOMERS_PRODUCT, "draft", business_profile=PROFILE, numbers=[THEIRS], friendly_name="Old")
    steps = isv(
        start,
        profiles=[{"sid": PROFILE, "numbers": [THEIRS]}],
        products=[product(business_profile=PROFILE), old],
    )
    run(steps, NAMES_OURS)

    [record] = [it for it in read_all_numbers(steps.table, account(1)) if it.phone_number_sid == THEIRS]
    assert record.stage == "refused"
    assert record.reason
    assert f"it is on the Trust Product {CUSTOMERS_PRODUCT} ('Old', draft); take it off there" in record.reason


def test_a_number_on_our_pair_stays_ours_whatever_else_it_is_on(start: Start) -> None:
    both = [{"sid": PROFILE, "numbers": [THEIRS]}, {"sid": CUSTOMERS, "primary": False, "numbers": [THEIRS]}]
    steps = isv(start, profiles=both, products=[product(business_profile=PROFILE, numbers=[THEIRS])])

    run(steps, NAMES_OURS)

    assert steps.stages() == {THEIRS: "on_trust_product", OURS: "on_trust_product"}


def test_products_of_other_policies_do_not_count(start: Start) -> None:
    cnam = product(CUSTOMERS_PRODUCT, business_profile=PROFILE, numbers=[THEIRS], policy="RN" + "5" * 32)
    steps = isv(
        start,
        profiles=[{"sid": PROFILE, "numbers": [THEIRS]}],
        products=[product(business_profile=PROFILE), cnam],
    )

    run(steps, NAMES_OURS)

    assert steps.stages()[THEIRS] == "on_trust_product"


def test_an_unchanged_run_does_not_read_the_other_bundles(start: Start) -> None:
    steps = isv(start)
    run(steps, NAMES_OURS)

    again = run(steps, NAMES_OURS, "second")

    assert posts(again.calls) == 0
    assert again.calls["GET /v1/CustomerProfiles/{Sid}/ChannelEndpointAssignments"] == 1  # the audit's own profile
    assert "GET /v1/CustomerProfiles" not in again.calls
    assert steps.stages()[THEIRS] == "elsewhere"


def test_a_number_bought_costs_no_call_more(start: Start) -> None:
    steps = start(products=[product(business_profile=PROFILE)], subaccounts=[subaccount(1)])
    run(steps, {})
    bought = steps.simulator.controls.buy(account(1))

    done = run(steps, {"subaccounts": [account(1)], "phone_numbers": [bought]}, "second")

    assert sum(done.calls.values()) == 9


def test_a_number_that_was_taken_off_there_is_assigned_when_a_request_names_it(start: Start) -> None:
    steps = isv(start)
    run(steps, NAMES_OURS)
    for bundle in (CUSTOMERS_PRODUCT, CUSTOMERS):
        steps.simulator.controls.drop_assignment(bundle, THEIRS)

    run(steps, NAMES_OURS | {"subaccounts": [account(1)], "phone_numbers": [THEIRS]}, "second")

    assert steps.stages()[THEIRS] == "on_trust_product"


def test_a_number_that_is_still_there_stays_when_a_request_names_it(start: Start) -> None:
    steps = isv(start)
    run(steps, NAMES_OURS)

    run(steps, NAMES_OURS | {"subaccounts": [account(1)], "phone_numbers": [THEIRS]}, "second")

    assert steps.stages()[THEIRS] == "elsewhere"


def test_after_seven_days_a_number_is_looked_for_again(start: Start) -> None:
    steps = isv(start)
    run(steps, NAMES_OURS)
    for bundle in (CUSTOMERS_PRODUCT, CUSTOMERS):
        steps.simulator.controls.drop_assignment(bundle, THEIRS)
    [record] = [it for it in read_all_numbers(steps.table, account(1)) if it.phone_number_sid == THEIRS]
    assert record.elsewhere
    old = record.elsewhere.model_copy(update={"seen_at": datetime.now(UTC) - timedelta(days=8)})
    write_numbers(steps.table, account(1), [record.model_copy(update={"elsewhere": old})])
    steps.table.delete_batch([Key("FLEET", "OTHER_BUNDLES")])

    run(steps, NAMES_OURS, "second")

    assert steps.stages()[THEIRS] == "on_trust_product"


def test_a_bundle_whose_numbers_cannot_be_read_stops_no_run(start: Start) -> None:
    steps = isv(start, on_product=False)
    steps.simulator.controls.plan_fault(operation=f"GET /v1/*/{CUSTOMERS}/*", status=403, times=0)

    assert run(steps, NAMES_OURS).error is None


def test_a_number_put_on_our_pair_by_hand_is_taken_over_by_the_audit(start: Start) -> None:
    steps = isv(start, status="draft", on_product=False)
    run(steps, NAMES_OURS)
    assert steps.stages()[THEIRS] == "elsewhere"
    hub = trust_hub.of_parent(settings.load())
    hub.on_business_profile(PROFILE).create(THEIRS)
    hub.on_trust_product(PRODUCT).create(THEIRS)

    run(steps, NAMES_OURS, "second")

    assert steps.stages()[THEIRS] == "on_trust_product"
