"""The status of a fleet, read from the table that the steps have written."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from onboarding.words import moment
from shaken_stir.status.changes import Change, changes_since
from shaken_stir.status.model import FleetStatus, Move, NumberStatus, Reason
from shaken_stir.status.reading import read_numbers_of, read_status, with_unsigned
from shaken_stir.status.reasons import Bundles, going_on
from tests.steps.conftest import Start
from tests.steps.steps import BUNDLES, LIST, Steps
from tests.steps.whole_run import run
from tests.world import NAMED, PRODUCT, PROFILE, account, phone_number, product, subaccount

APPROVED = {"products": [product(business_profile=PROFILE)]}


def status_of(steps: Steps, now: datetime | None = None) -> FleetStatus:
    return read_status(steps.table, "here", now)


def bundles_of(steps: Steps) -> Bundles:
    fleet = status_of(steps)
    return Bundles(fleet.product, fleet.profile)


def numbers_of(steps: Steps) -> dict[str, NumberStatus]:
    fleet = status_of(steps)
    return {it.phone_number_sid: it for it in read_numbers_of(steps.table, fleet, fleet.subaccounts)}


def test_before_the_first_run_it_says_to_send_a_request(start: Start) -> None:
    fleet = status_of(start())

    assert fleet.headline.startswith("No run has worked on a subaccount yet")
    assert (fleet.product, fleet.runs, fleet.counts.eligible) == (None, (), 0)
    assert fleet.needs_a_person


def test_a_fleet_that_is_signed_needs_nobody_and_says_until_when_it_is_valid(start: Start) -> None:
    steps = start(**APPROVED)
    ends = datetime(2126, 1, 2, tzinfo=UTC)
    steps.simulator.controls.set_validity(PROFILE, ends)
    steps.simulator.controls.set_validity(PRODUCT, ends + timedelta(days=1))
    assert run(steps, NAMED).failed is None

    fleet = status_of(steps)

    assert fleet.profile
    assert fleet.product
    assert (fleet.profile.valid_until, fleet.product.valid_until) == (ends, ends + timedelta(days=1))
    assert fleet.headline == "4 of 4 eligible numbers are signed."
    assert not fleet.needs_a_person
    assert [(it.friendly_name, it.counts.signed) for it in fleet.subaccounts] == [
        ("Subaccount 1", 2),
        ("Subaccount 2", 2),
    ]
    assert all(it.last_success_at == it.recorded_at for it in fleet.subaccounts)
    assert list(with_unsigned(fleet.subaccounts)) == []
    assert {(it.reason, it.move) for it in numbers_of(steps).values()} == {(Reason.SIGNED, Move.NOBODY)}


def test_a_product_in_review_is_twilio_s_move_and_says_since_when(start: Start) -> None:
    steps = start(products=[product(status="in-review", business_profile=PROFILE)])
    before = datetime.now(UTC)
    steps.begin(NAMED)
    steps.onboard()

    fleet = status_of(steps)

    assert fleet.product
    assert fleet.product.reviewed_since
    assert before <= fleet.product.reviewed_since <= datetime.now(UTC)
    assert fleet.is_with_twilio
    assert not fleet.needs_a_person
    assert {it.reason for it in numbers_of(steps).values()} == {Reason.IN_REVIEW}
    assert "Twilio has been reviewing the Trust Product since" in fleet.headline


def test_a_review_began_with_the_first_look_at_it_that_no_verdict_has_ended(start: Start) -> None:
    steps = start(products=[product(status="pending-review", business_profile=PROFILE)])
    steps.begin(NAMED)
    begun = status_of(steps).product
    [at_twilio] = steps.simulator.state.trust_products
    steps.simulator.controls.set_status(at_twilio.sid, "in-review")
    steps.begin(NAMED, "second")

    now = status_of(steps).product

    assert begun
    assert now
    assert now.status == "in-review"
    assert now.reviewed_since == begun.reviewed_since
    assert now.since
    assert begun.since
    assert now.since > begun.since


def test_a_review_of_before_a_rejection_is_over(start: Start) -> None:
    steps = start(products=[product(status="in-review", business_profile=PROFILE)])
    [at_twilio] = steps.simulator.state.trust_products
    for execution, status in (("first", "in-review"), ("second", "twilio-rejected"), ("third", "pending-review")):
        steps.simulator.controls.set_status(at_twilio.sid, status)
        steps.begin(NAMED, execution)

    now = status_of(steps).product

    assert now
    assert [it.status for it in now.history] == ["in-review", "twilio-rejected", "pending-review"]
    assert now.reviewed_since == now.since == now.history[-1].observed_at


def test_a_rejection_is_the_customer_s_move_with_its_reasons(start: Start) -> None:
    steps = start(**APPROVED)
    run(steps, NAMED)
    [at_twilio] = steps.simulator.state.trust_products
    steps.simulator.controls.revoke(at_twilio.sid, errors=[18601])
    assert run(steps, {}, "second").failed

    fleet = status_of(steps)

    assert fleet.needs_a_person
    assert "Twilio rejected the Trust Product" in fleet.headline
    assert {it.move for it in numbers_of(steps).values()} == {Move.CUSTOMER}
    assert all("18601" in it.explanation for it in numbers_of(steps).values())


def test_refused_and_ineligible_numbers_say_why_and_who(start: Start) -> None:
    refused = {"code": 22205, "message": "It belongs to another account"}
    odd = subaccount(2)
    odd["numbers"][0]["refuse"] = refused
    odd["numbers"][1]["phone_number"] = "+14165550110"
    steps = start(subaccounts=[subaccount(1), odd], **APPROVED)
    run(steps, NAMED)

    fleet, numbers = status_of(steps), numbers_of(steps)

    assert fleet.headline == "2 of 3 eligible numbers are signed; 1 needs you."
    assert [it.sid for it in fleet.subaccounts] == [account(2), account(1)]
    assert [it.sid for it in with_unsigned(fleet.subaccounts)] == [account(2)]
    refusal, foreign = numbers[phone_number(2, 0)], numbers[phone_number(2, 1)]
    assert refusal.explanation == "Twilio refused it: It belongs to another account (code 22205)"
    assert refusal.since
    assert refusal.tried_again_at
    assert timedelta(days=7) - timedelta(minutes=1) < refusal.tried_again_at - refusal.since <= timedelta(days=7)
    assert (foreign.reason, foreign.move) == (Reason.INELIGIBLE, Move.NEVER)
    assert foreign.explanation == "its region is CA, not US"


def test_an_account_whose_numbers_can_never_be_signed_is_among_those_with_unsigned_ones(start: Start) -> None:
    foreign = subaccount(2)
    for number in foreign["numbers"]:
        number["phone_number"] = "+14165550110"
    steps = start(subaccounts=[subaccount(1), foreign], **APPROVED)
    run(steps, NAMED)

    fleet = status_of(steps)

    assert [it.sid for it in with_unsigned(fleet.subaccounts)] == [account(2)]
    assert not fleet.needs_a_person


def test_a_subaccount_that_fails_says_since_when_and_its_last_success(start: Start) -> None:
    steps = start(**APPROVED)
    run(steps, NAMED)
    succeeded = status_of(steps).subaccount(account(1))
    for execution in ("second", "third"):
        error = {"Error": "TwilioUnavailable", "Cause": '{"errorMessage": "Twilio is down."}'}
        of = {"execution": execution, "subaccount_sid": account(1), "friendly_name": "Subaccount 1"}
        steps.invoke("record_subaccount", **of, error=error)
        if execution == "second":
            first_failure = status_of(steps).subaccount(account(1))

    fleet = status_of(steps)
    failed = fleet.subaccount(account(1))

    assert failed
    assert first_failure
    assert succeeded
    assert (failed.error, failed.message) == ("TwilioUnavailable", "Twilio is down.")
    assert failed.failing_since == first_failure.recorded_at
    assert failed.last_success_at == succeeded.recorded_at
    assert fleet.subaccounts[0] == failed
    assert fleet.headline == "4 of 4 eligible numbers are signed; 1 subaccount failed."
    assert fleet.needs_a_person


def test_a_subaccount_that_a_run_works_on_is_under_way_until_its_lease_has_ended(start: Start) -> None:
    steps = start(**APPROVED, LEASE_SECONDS="900")
    steps.begin(NAMED)
    steps.invoke("list_phone_numbers", subaccount_sid=account(1), **LIST, **BUNDLES)
    now = datetime.now(UTC)

    [seen] = status_of(steps, now).subaccounts
    [cut_off] = status_of(steps, now + timedelta(seconds=900)).subaccounts

    assert seen.status == "in_progress"
    assert (cut_off.status, cut_off.needs_a_person) == ("failed", True)
    assert cut_off.message.startswith("its last run ended before it was through with it")


def test_what_came_was_signed_lost_and_went_since_a_moment_is_known_and_what_lives_in_no_account(start: Start) -> None:
    steps = start(**APPROVED)
    run(steps, NAMED)
    before = datetime.now(UTC)
    bought = steps.simulator.controls.buy(account(1))
    steps.simulator.controls.drop_assignment(product()["sid"], phone_number(2, 0))
    steps.simulator.controls.release(phone_number(2, 1))
    run(steps, {}, "second")

    product_in_use = status_of(steps).product
    assert product_in_use
    assert product_in_use.orphans == 1
    told = [
        (it.change, it.number.phone_number_sid)
        for it in changes_since(numbers_of(steps).values(), bundles_of(steps), before)
    ]

    assert sorted(told) == sorted(
        [
            (Change.CAME, bought),
            (Change.SIGNED, bought),
            (Change.LOST, phone_number(2, 0)),
            (Change.SIGNED, phone_number(2, 0)),
            (Change.WENT, phone_number(2, 1)),
        ]
    )


def test_each_run_is_there_with_what_it_changed(start: Start) -> None:
    steps = start(**APPROVED)
    run(steps, NAMED)
    bought = steps.simulator.controls.buy(account(1))
    run(steps, {"subaccounts": [account(1)], "phone_numbers": [bought]}, "second")

    first, second = status_of(steps).runs

    assert (first.execution, first.whole_fleet, first.numbers) == ("first", True, {"on_trust_product": 4})
    assert first.change == {"on_trust_product": 4}
    assert (second.execution, second.whole_fleet) == ("second", False)
    assert (second.numbers, second.change) == ({"on_trust_product": 3}, {"on_trust_product": 1})


def test_a_run_that_goes_on_says_since_when_and_how_far_it_is(start: Start) -> None:
    steps = start(**APPROVED)
    begun = steps.begin(NAMED)
    started_at = datetime.now(UTC)
    steps.invoke("audit_assignments", manifest=begun["manifest"], started_at=started_at.isoformat(), **BUNDLES)

    before = status_of(steps)
    assert before.run
    assert (before.run.started_at, before.run.accounts, before.run.done) == (started_at, 2, 0)
    assert before.headline == f"A run has been going on since {moment(started_at)}, 0 of 2 accounts done."
    steps.onboard(1)

    meanwhile = status_of(steps)
    assert meanwhile.run
    assert meanwhile.run.done == 1
    assert going_on(meanwhile.run) == f"run has been going on since {moment(started_at)}, 1 of 2 accounts done"
    assert meanwhile.headline == "2 of 2 eligible numbers are signed."
    steps.onboard(2)
    steps.invoke("summarise_subaccounts", manifest=begun["manifest"], subaccounts=None)

    assert status_of(steps).run is None


def test_a_run_that_was_stopped_is_not_going_on_for_ever(start: Start) -> None:
    steps = start(**APPROVED)
    begun = steps.begin(NAMED)
    steps.invoke("audit_assignments", manifest=begun["manifest"], **BUNDLES)

    assert status_of(steps, datetime.now(UTC) + timedelta(minutes=16)).run is None


def test_a_subaccount_that_a_run_has_just_begun_with_has_a_name_and_is_not_read_yet(start: Start) -> None:
    steps = start(**APPROVED)
    of = {"subaccount_sid": account(1), "friendly_name": "Shop"}
    steps.simulator.controls.plan_fault(operation="GET */IncomingPhoneNumbers.json", status=400)
    steps.failure("list_phone_numbers", **of, **LIST, **BUNDLES)

    [subaccount] = status_of(steps).subaccounts

    assert (subaccount.friendly_name, subaccount.is_read, subaccount.status) == ("Shop", False, "in_progress")


def test_numbers_of_a_subaccount_that_a_run_works_on_are_counted_as_they_are(start: Start) -> None:
    steps = start(**APPROVED)
    run(steps, NAMED)
    steps.simulator.controls.buy(account(1))
    steps.invoke("list_phone_numbers", execution="second", subaccount_sid=account(1), **LIST, **BUNDLES)

    assert agree(steps).counts.by_reason == {Reason.SIGNED: 4, Reason.UNDER_WAY: 1}


def agree(steps: Steps) -> FleetStatus:
    """The counts of the fleet are those of its numbers."""
    fleet = status_of(steps)
    assert fleet.counts.by_reason == Counter(it.reason for it in numbers_of(steps).values())
    return fleet


def test_a_run_that_a_profile_stops_leaves_no_number_signed(start: Start) -> None:
    steps = start(**APPROVED)
    run(steps, NAMED)
    [profile] = steps.simulator.state.customer_profiles
    profile.status = "twilio-rejected"

    assert run(steps, NAMED, "second").error == "BusinessProfileNotApproved"

    fleet = agree(steps)
    assert fleet.headline == "0 of 4 eligible numbers are signed; the Business Profile is twilio-rejected; 4 need you."
    assert fleet.counts.by_reason == {Reason.PROFILE_NOT_APPROVED: 4}


def test_numbers_that_were_counted_for_another_product_are_to_do(start: Start) -> None:
    other = "BU" + "3" * 32
    steps = start(products=[product(business_profile=PROFILE), product(other, business_profile=PROFILE)])
    run(steps, NAMED | {"trust_product": {"sid": PRODUCT}})

    steps.begin({"trust_product": {"sid": other}}, "second")

    assert agree(steps).counts.by_reason == {Reason.TO_DO: 4}


def test_numbers_that_the_audit_found_lost_are_counted_so_although_the_run_went_no_further(start: Start) -> None:
    steps = start(**APPROVED)
    run(steps, NAMED)
    steps.simulator.controls.drop_assignment(PRODUCT, phone_number(1, 0))
    begun = steps.begin(NAMED, "second")

    steps.invoke("audit_assignments", execution="second", manifest=begun["manifest"], **BUNDLES)

    assert agree(steps).counts.by_reason == {Reason.SIGNED: 3, Reason.TO_DO: 1}
