"""Numbers put on the profile and the product: what Twilio refuses, throttles or has done already."""

import pytest

from onboarding.twilio.http import CarefulRetry
from shaken_stir.engine.functions import FunctionFailed
from shaken_stir.engine.template import Template
from shaken_stir.project import TEMPLATE
from tests.steps.conftest import Start
from tests.steps.steps import Steps
from tests.steps.whole_fleet import APPROVED
from tests.world import PROFILE, account, phone_number, subaccount

ASSIGN = "POST */ChannelEndpointAssignments"
ON_PROFILE = "POST /v1/CustomerProfiles/{Sid}/ChannelEndpointAssignments"
ON_PRODUCT = "POST /v1/TrustProducts/{Sid}/ChannelEndpointAssignments"
NOT_ON_ALL = "It is not assigned to all the required supporting bundles"


@pytest.fixture(autouse=True)
def _retries_are_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CarefulRetry, "get_backoff_time", lambda _: 0)


def fails(steps: Steps) -> str:
    with pytest.raises(FunctionFailed) as failed:
        steps.onboard()
    return str(failed.value.error["errorType"])


def all_signed(steps: Steps, count: int = 2) -> bool:
    numbers = [phone_number(1, index) for index in range(count)]
    signed = steps.stages() == dict.fromkeys(numbers, "on_trust_product")
    return signed and [sorted(it) for it in steps.assignments()] == [numbers, numbers]


def test_a_second_assignment_that_twilio_refuses_counts_as_done(start: Start) -> None:
    """Some accounts refuse a second assignment; here a colleague was faster between the look and the POST."""
    steps = start(products=[APPROVED])
    refused = steps.simulator.controls.plan_fault(
        operation=ASSIGN, carried_out=True, status=409, code=20409, message="Already assigned", each=True
    )

    steps.onboard()

    assert refused.happened == 4
    assert all_signed(steps)


def test_an_assignment_made_by_hand_is_adopted(start: Start) -> None:
    by_hand = {"sid": PROFILE, "status": "twilio-approved", "primary": True, "numbers": [phone_number(1, 0)]}
    steps = start(profiles=[by_hand], products=[APPROVED])

    steps.onboard()

    assert steps.simulator.calls[ON_PROFILE] == 1
    assert all_signed(steps)


def test_an_error_that_is_not_about_one_number_stops_the_batch_and_keeps_what_it_did(start: Start) -> None:
    steps = start(products=[APPROVED], subaccounts=[subaccount(1, numbers=40)])
    gone = steps.simulator.controls.plan_fault(operation=ON_PROFILE, status=404, code=20404, after=5, times=0)

    assert fails(steps) == "TwilioRefused"

    on_profile, _ = steps.assignments()
    assert sorted(sid for sid, stage in steps.stages().items() if stage == "on_business_profile") == sorted(on_profile)
    assert len(on_profile) == 5
    assert 0 < gone.happened < 35


def test_a_refusal_of_the_whole_product_is_not_booked_as_a_refusal_of_each_number(start: Start) -> None:
    steps = start(products=[APPROVED])
    steps.simulator.controls.plan_fault(
        operation=ON_PRODUCT, status=400, code=22203, message="A Trust Product in review cannot be changed", times=0
    )

    assert fails(steps) == "TwilioRefused"
    assert set(steps.stages().values()) == {"on_business_profile"}

    steps.simulator.controls.clear_faults()
    steps.onboard()
    assert all_signed(steps)


def test_a_number_that_the_product_does_not_see_on_the_profile_yet_is_tried_once_more(start: Start) -> None:
    steps = start(products=[APPROVED])
    not_seen_yet = steps.simulator.controls.plan_fault(
        operation=ON_PRODUCT, status=400, code=22205, message=NOT_ON_ALL, each=True
    )

    steps.onboard()

    assert not_seen_yet.happened == 2
    assert all_signed(steps)


def test_a_refusal_before_the_batch_was_stopped_is_not_the_last_word(start: Start) -> None:
    parameter = Template(TEMPLATE, {"ThreadsPerFunction": "1"}).environment()["THREADS_PER_FUNCTION"]
    steps = start(products=[APPROVED], THREADS_PER_FUNCTION=parameter)
    plan = steps.simulator.controls.plan_fault
    plan(operation=ON_PRODUCT, status=400, code=22205, message=NOT_ON_ALL)
    plan(operation=ON_PRODUCT, status=429, times=0)

    assert fails(steps) == "TwilioThrottled"
    assert set(steps.stages().values()) == {"on_business_profile"}

    steps.simulator.controls.clear_faults()
    steps.onboard()
    assert all_signed(steps)


@pytest.mark.parametrize(
    ("operation", "status", "error"),
    [(ASSIGN, 429, "TwilioThrottled"), ("GET */ChannelEndpointAssignments", 503, "TwilioUnavailable")],
    ids=["throttling", "outage"],
)
def test_what_throttling_or_an_outage_stopped_is_done_when_the_step_is_tried_again(
    start: Start, operation: str, status: int, error: str
) -> None:
    steps = start(products=[APPROVED])
    steps.simulator.controls.plan_fault(operation=operation, status=status, times=0)
    assert fails(steps) == error

    steps.simulator.controls.clear_faults()
    steps.onboard()
    assert all_signed(steps)


def test_a_number_in_twilio_s_words_is_kept_in_the_table(start: Start) -> None:
    steps = start(products=[APPROVED])
    steps.simulator.controls.plan_fault(
        operation=ON_PROFILE, status=400, code=21211, message="+14155550123 is being ported", times=0
    )

    steps.onboard()

    assert set(steps.stages().values()) == {"refused"}
    items = steps.table.query(f"SUBACCOUNT#{account(1)}", "NUMBER#")
    assert {item["reason"] for item in items} == {"+14155550123 is being ported"}
