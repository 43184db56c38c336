"""A first run whose numbers may belong to other businesses stops before anything is made; later runs go on."""

from typing import Any

import pytest

from shaken_stir.live import plan
from tests.steps.conftest import Start
from tests.steps.looking import look
from tests.steps.steps import Steps
from tests.steps.whole_run import run
from tests.world import NAMED, PRODUCT, PROFILE, account, phone_number, posts, product, subaccount, told

CUSTOMERS = "BU" + "3" * 32
CUSTOMERS_PRODUCT = "BU" + "4" * 32
SECONDARY = {"sid": CUSTOMERS, "primary": False, "friendly_name": "Customer"}
ON_CUSTOMERS = {"business_profile": CUSTOMERS, "friendly_name": "Customer's"}
OF_CUSTOMER = {"business_profile_sid": CUSTOMERS, "subaccounts": [account(1)]}
OWN = {"own_numbers": True}
ISV = {"sid": PROFILE, "business_identity": "isv_reseller_or_partner"}
END_USER = "GET /v1/EndUsers/{Sid}"
CONNECTIONS = "GET /v1/TrustProducts/{Sid}/EntityAssignments"


def two_pairs(start: Start, **changes: Any) -> Steps:
    fleet = {
        "profiles": [{"sid": PROFILE, "friendly_name": "Acme"}, SECONDARY],
        "products": [product(CUSTOMERS_PRODUCT, **ON_CUSTOMERS)],
    }
    return start(**fleet | changes)


def stopped(steps: Steps, request: dict[str, Any], execution: str = "first") -> str:
    """Run a request that is refused before anything is made; return the sentence, which the plan says too."""
    planned = plan.make(look(steps.simulator, request))
    done = run(steps, request, execution)
    assert (done.error, posts(done.calls)) == ("InvalidRequest", 0)
    assert planned.in_the_way == (done.failed,)
    assert done.failed
    return done.failed


def test_the_product_of_another_approved_profile_stops_a_first_run(start: Start) -> None:
    sentence = stopped(two_pairs(start), NAMED)

    assert sentence == told(
        "InvalidRequest",
        "The request was refused: business_profile_sid: SHAKEN/STIR Trust Products are connected to several approved "
        f"Business Profiles, so say whose numbers these are: for {PROFILE} ('Acme', primary Business, twilio-approved) "
        f'with a new Trust Product, send {{"business_profile_sid": "{PROFILE}"}}; for {CUSTOMERS} (\'Customer\', '
        f"secondary Business, twilio-approved) with {CUSTOMERS_PRODUCT} ('Customer's', twilio-approved), send "
        f'{{"business_profile_sid": "{CUSTOMERS}", "subaccounts": ["AC…"]}}; or say that they are all the first one\'s '
        'with {"own_numbers": true}.',
    )


@pytest.mark.parametrize("status", ["twilio-approved", "in-review", "pending-review"])
def test_a_product_that_is_approved_or_under_review_stops_a_first_run(start: Start, status: str) -> None:
    steps = two_pairs(start, products=[product(CUSTOMERS_PRODUCT, status, **ON_CUSTOMERS)])

    assert CUSTOMERS_PRODUCT in stopped(steps, NAMED)


def test_the_pair_that_the_run_would_use_is_named_with_its_product(start: Start) -> None:
    products = [product(business_profile=PROFILE), product(CUSTOMERS_PRODUCT, **ON_CUSTOMERS)]

    sentence = stopped(two_pairs(start, products=products), {})

    assert f"with {PRODUCT} ('made by Twilio', twilio-approved), send" in sentence


@pytest.mark.parametrize(
    "fleet",
    [
        {"products": [product(CUSTOMERS_PRODUCT, "draft", **ON_CUSTOMERS)]},
        {"products": [product(CUSTOMERS_PRODUCT, "twilio-rejected", **ON_CUSTOMERS)]},
        {"products": [product(CUSTOMERS_PRODUCT, policy="RN" + "5" * 32, **ON_CUSTOMERS)]},
        {"profiles": [{"sid": PROFILE}, SECONDARY | {"status": "twilio-rejected"}]},
    ],
)
def test_other_products_and_profiles_stop_nothing(start: Start, fleet: dict[str, Any]) -> None:
    assert run(two_pairs(start, **fleet), NAMED).error is None


@pytest.mark.parametrize("request_", [NAMED | OWN, NAMED | {"business_profile_sid": PROFILE}, OF_CUSTOMER])
def test_a_request_that_says_whose_numbers_they_are_goes_on(start: Start, request_: dict[str, Any]) -> None:
    assert run(two_pairs(start), request_).error is None


def test_the_parameter_says_it_for_every_request(start: Start) -> None:
    assert run(two_pairs(start, OWN_NUMBERS="true"), NAMED).error is None


def test_a_later_run_goes_on_without_a_question(start: Start) -> None:
    steps = two_pairs(start, profiles=[ISV, SECONDARY], products=[product(CUSTOMERS_PRODUCT, **ON_CUSTOMERS)])
    assert run(steps, NAMED | OWN).error is None

    later = run(steps, {}, "second")

    assert later.error is None
    assert END_USER not in later.calls
    assert later.calls["GET /v1/TrustProducts"] == 1


def test_the_connections_of_other_products_are_read_once_in_seven_days(start: Start) -> None:
    steps = two_pairs(start)
    first, second = (run(steps, NAMED, execution) for execution in ("first", "second"))

    # The search for the run's own product reads them each time.
    assert (first.calls[CONNECTIONS], second.calls[CONNECTIONS]) == (2, 1)


def test_a_profile_that_is_not_primary_takes_no_whole_fleet(start: Start) -> None:
    sentence = stopped(two_pairs(start), {"business_profile_sid": CUSTOMERS})

    assert sentence == told(
        "InvalidRequest",
        f"The request was refused: business_profile_sid: {CUSTOMERS} is not a primary Business Profile (secondary "
        "Business), but the request means the whole fleet; name the subaccounts or phone numbers of that business, "
        f'such as {{"business_profile_sid": "{CUSTOMERS}", "subaccounts": ["AC…"]}}, or say that all numbers are its '
        f'own with {{"business_profile_sid": "{CUSTOMERS}", "own_numbers": true}}.',
    )


@pytest.mark.parametrize("which", [{}, {"phone_numbers": [phone_number(1, 0)]}])
def test_a_profile_that_is_not_primary_takes_named_subaccounts_and_numbers(start: Start, which: dict[str, Any]) -> None:
    steps = two_pairs(start, subaccounts=[subaccount(1, numbers=1), subaccount(2)])

    assert run(steps, OF_CUSTOMER | which).error is None
    assert steps.stages() == {phone_number(1, 0): "on_trust_product"}
    assert steps.stages(2) == {}


def test_a_new_product_is_made_on_a_secondary_profile_and_approved(start: Start) -> None:
    steps = start(profiles=[SECONDARY])

    assert run(steps, NAMED | {"business_profile_sid": CUSTOMERS} | OWN).error is None
    assert steps.stages() == dict.fromkeys(steps.stages(), "on_trust_product")


def test_an_isv_s_own_profile_takes_no_whole_fleet(start: Start) -> None:
    sentence = stopped(start(profiles=[ISV]), NAMED)

    assert sentence == told(
        "InvalidRequest",
        f"The request was refused: the Business Profile {PROFILE} is that of an ISV (its business_identity is "
        "isv_reseller_or_partner), and the request means the whole fleet, so Twilio would attest the calls of all your "
        'customers under your own name; name the subaccounts whose numbers are your own, such as {"subaccounts": '
        '["AC…"]}, or a customer\'s profile and subaccounts, such as {"business_profile_sid": "BU…", "subaccounts": '
        '["AC…"]}, or say that all numbers are your own with {"own_numbers": true}.',
    )


@pytest.mark.parametrize("request_", [NAMED | OWN, NAMED | {"subaccounts": [account(1)]}])
def test_an_isv_s_own_numbers_go_on_its_own_profile(start: Start, request_: dict[str, Any]) -> None:
    assert run(start(profiles=[ISV]), request_).error is None


def test_named_subaccounts_of_an_isv_do_not_open_the_whole_fleet(start: Start) -> None:
    steps = start(profiles=[ISV])
    assert run(steps, NAMED | {"subaccounts": [account(1)]}).error is None

    assert run(steps, {}, "second").error == "InvalidRequest"
    assert run(steps, OWN, "third").error is None
    assert run(steps, {}, "fourth").error is None


def test_the_business_identity_is_asked_for_once_in_seven_days(start: Start) -> None:
    steps = start(profiles=[ISV])
    stopped(steps, NAMED)

    again = run(steps, NAMED, "second")

    assert (again.error, END_USER in again.calls) == ("InvalidRequest", False)


@pytest.mark.parametrize(
    "fault",
    [
        {"operation": "GET /v1/EndUsers/{Sid}", "status": 403, "times": 0},
        {"operation": "GET /v1/CustomerProfiles/{Sid}/EntityAssignments", "status": 404, "times": 0},
    ],
)
def test_an_identity_that_cannot_be_read_stops_nothing(start: Start, fault: dict[str, Any]) -> None:
    assert run(start(profiles=[ISV], faults=[fault]), NAMED).error is None


def test_a_product_whose_connections_cannot_be_read_stops_nothing(start: Start) -> None:
    steps = two_pairs(start, products=[product(business_profile=PROFILE), product(CUSTOMERS_PRODUCT, **ON_CUSTOMERS)])
    path = f"GET /v1/TrustProducts/{CUSTOMERS_PRODUCT}/EntityAssignments"
    steps.simulator.controls.plan_fault(operation=path, status=403, times=0)

    assert run(steps, {}).error is None
