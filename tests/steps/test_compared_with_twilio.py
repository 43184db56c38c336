"""What the table says, compared with what Twilio says: each way in which the table can be wrong, and what is none."""

import pytest

from onboarding import settings
from onboarding.twilio import trust_hub
from shaken_stir.status.check import Compared, compare, read_twilio
from shaken_stir.status.reading import read_numbers_of, read_status
from tests.steps.conftest import Start
from tests.steps.steps import Steps
from tests.steps.whole_run import run
from tests.world import NAMED, PRODUCT, PROFILE, account, phone_number, product, subaccount

SIGNED = {"subaccounts": [subaccount(1, numbers=1), subaccount(2, numbers=1)]}


@pytest.fixture
def steps(start: Start) -> Steps:
    """A fleet that a run has taken all the way."""
    steps = start(**SIGNED, products=[product(business_profile=PROFILE)])
    assert run(steps, NAMED).failed is None
    return steps


def compared(steps: Steps) -> Compared:
    fleet = read_status(steps.table, "here", None)
    numbers = read_numbers_of(steps.table, fleet, fleet.subaccounts)
    return compare(read_twilio(trust_hub.of_parent(settings.load()), fleet, settle_seconds=0), fleet, numbers)


def says(steps: Steps) -> list[str]:
    return [it.says for it in compared(steps).differences]


def test_a_table_that_is_right_differs_in_nothing(steps: Steps) -> None:
    assert compared(steps) == Compared(compared=2, differences=[])


def test_a_product_whose_status_has_changed_is_told(steps: Steps) -> None:
    sid = product()["sid"]
    steps.simulator.controls.set_status(sid, "in-review")

    [changed] = compared(steps).differences
    assert changed.corrected
    assert changed.says == f"The Trust Product {sid} is in-review at Twilio, twilio-approved in the table."


def test_a_rejection_that_the_table_knows_is_no_difference(steps: Steps) -> None:
    steps.simulator.controls.revoke(PRODUCT)
    assert run(steps, NAMED, "second").error == "TrustProductRejected"

    assert compared(steps) == Compared(compared=2, differences=[])


def test_a_profile_that_is_no_longer_approved_is_told_and_its_numbers_are_compared(steps: Steps) -> None:
    [profile] = [it for it in steps.simulator.state.customer_profiles if it.sid == PROFILE]
    profile.status = "twilio-rejected"

    found = compared(steps)

    [changed] = found.differences
    assert changed.says == f"The Business Profile {PROFILE} is twilio-rejected at Twilio, twilio-approved in the table."
    assert not changed.corrected
    assert found.compared == 2


def test_a_profile_or_product_that_is_gone_is_told_and_no_number_taken_for_lost(steps: Steps) -> None:
    [at_twilio] = steps.simulator.state.trust_products
    steps.simulator.state.trust_products.remove(at_twilio.sid)

    found = compared(steps)

    [gone] = found.differences
    assert gone.says.endswith("the account has no SHAKEN/STIR Trust Product of this SID at Twilio.")
    assert found.compared == 0


@pytest.mark.parametrize("resource", ["CustomerProfiles", "TrustProducts"])
def test_one_404_is_no_deletion(steps: Steps, resource: str) -> None:
    steps.simulator.controls.plan_fault(operation=f"GET /v1/{resource}/{{Sid}}", status=404, code=20404)

    assert compared(steps) == Compared(compared=2, differences=[])


def test_a_product_of_another_policy_is_told(steps: Steps) -> None:
    [at_twilio] = steps.simulator.state.trust_products
    at_twilio.policy_sid = "RN" + "9" * 32

    [other] = says(steps)

    assert other.endswith("the account has no SHAKEN/STIR Trust Product of this SID at Twilio.")


def test_a_connection_that_is_gone_is_told(steps: Steps) -> None:
    [at_twilio] = steps.simulator.state.trust_products
    for entity in list(at_twilio.entities):
        at_twilio.entities.remove(entity.sid)

    assert says(steps) == [
        f"The Trust Product {PRODUCT} is not connected to the Business Profile at Twilio, connected in the table."
    ]


@pytest.mark.parametrize(
    ("side", "at_twilio"), [(PROFILE, "on the Trust Product only"), (PRODUCT, "on the Business Profile only")]
)
def test_a_number_that_is_on_one_side_only_is_told(steps: Steps, side: str, at_twilio: str) -> None:
    steps.simulator.controls.drop_assignment(side, phone_number(1, 0))

    [lost] = says(steps)

    assert lost.endswith(f" is on the Business Profile and the Trust Product in the table, but {at_twilio} at Twilio.")


def test_a_number_that_is_on_neither_side_any_more_is_told(steps: Steps) -> None:
    for bundle in (PROFILE, product()["sid"]):
        steps.simulator.controls.drop_assignment(bundle, phone_number(1, 0))

    [lost] = says(steps)

    assert lost.endswith(" is on the Business Profile and the Trust Product in the table, but on neither at Twilio.")


def test_a_number_that_was_only_on_the_profile_and_is_no_more_is_told(start: Start) -> None:
    steps = start(**SIGNED, products=[product(business_profile=PROFILE)])
    steps.simulator.controls.plan_fault(operation="POST */TrustProducts/*/ChannelEndpointAssignments", status=401)
    assert run(steps, NAMED).failed
    steps.simulator.controls.clear_faults()
    steps.simulator.controls.drop_assignment(PROFILE, phone_number(1, 0))

    assert any(
        it.endswith(" is on the Business Profile only in the table, but on neither at Twilio.") for it in says(steps)
    )


def test_numbers_of_an_account_that_cannot_be_read_are_not_gone(steps: Steps) -> None:
    listing = f"GET */Accounts/{account(1)}/IncomingPhoneNumbers.json"
    steps.simulator.controls.plan_fault(operation=listing, status=403)

    found = compared(steps)

    assert (found.differences, list(found.unread)) == ([], [account(1)])


def test_a_number_that_was_released_and_one_that_was_bought_are_told(steps: Steps) -> None:
    steps.simulator.controls.release(phone_number(1, 0))
    bought = steps.simulator.controls.buy(account(2))

    told = {it.phone_number_sid: it.says for it in compared(steps).differences}

    assert told.keys() == {phone_number(1, 0), bought}
    assert told[phone_number(1, 0)].endswith(", but Twilio no longer lists it in its account.")
    assert " is not in the table: it came since the last run, and is on neither at Twilio." in told[bought]
