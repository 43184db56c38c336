"""What somebody else changes at Twilio: a run over all numbers notices, and puts it right."""

import pytest

import audit_assignments
from simulator.messages import Request, Response
from simulator.records import Bundle, EndpointAssignment
from simulator.sids import new_sid
from tests.machine.conftest import Fault, Start
from tests.world import (
    PRODUCT,
    PROFILE,
    account,
    assignments,
    error,
    phone_number,
    posts,
    product,
    small_pages,
    stages,
    subaccount,
)

APPROVED = product(business_profile=PROFILE)


def by_hand(bundle: Bundle, number: str) -> None:
    bundle.endpoints.add(EndpointAssignment(sid=new_sid("RA"), endpoint_type="phone-number", number_sid=number))


def is_list_of_all(request: Request) -> bool:
    listed = request.path.endswith("/ChannelEndpointAssignments") and request.method == "GET"
    return listed and "ChannelEndpointSids" not in request.query


@pytest.mark.parametrize("bundles", [[PROFILE], [PRODUCT], [PROFILE, PRODUCT]])
def test_a_number_that_was_taken_off_is_put_back_in_the_same_run(start: Start, bundles: list[str]) -> None:
    local = start(products=[APPROVED])
    local.run({})
    for bundle in bundles:
        local.simulator.controls.drop_assignment(bundle, phone_number(1, 0))

    report = local.run({})

    assert report.status == "SUCCEEDED"
    assert report.audit
    assert (report.audit.vanished, report.audit.adopted) == (1, 0)
    assert posts(report.twilio_calls) == len(bundles)
    on_profile, on_product = assignments(local)
    assert len(on_profile) == len(set(on_profile)) == len(on_product) == len(set(on_product)) == 4
    assert set(stages(local, account(1)).values()) == {"on_trust_product"}
    assert posts(local.run({}).twilio_calls) == 0


def test_an_assignment_made_by_hand_is_taken_over_without_a_look(start: Start) -> None:
    first = subaccount(1)
    first["numbers"][0]["refuse"] = {"code": 22205, "message": "not now"}
    local = start(products=[APPROVED], subaccounts=[first])
    assert local.run({}).numbers == {"on_trust_product": 1, "refused": 1}
    for bundle in (local.simulator.state.customer_profiles[PROFILE], local.simulator.state.trust_products[PRODUCT]):
        by_hand(bundle, phone_number(1, 0))

    report = local.run({})

    assert report.audit
    assert (report.audit.vanished, report.audit.adopted) == (0, 1)
    assert report.numbers == {"on_trust_product": 2}
    assert posts(report.twilio_calls) == 0
    looks = {call for call in report.twilio_calls if "ChannelEndpoint" in call}
    assert sum(report.twilio_calls[call] for call in looks) == 2  # the audit's


def test_a_failed_page_changes_nothing(start: Start, faults: list[Fault], monkeypatch: pytest.MonkeyPatch) -> None:
    local = start(products=[APPROVED], subaccounts=[subaccount(1, numbers=7)])
    small_pages(monkeypatch, phone_numbers=500, others=5)
    local.run({})
    local.simulator.controls.drop_assignment(PRODUCT, phone_number(1, 0))
    before = stages(local, account(1))

    def no_second_page(request: Request) -> Response | None:
        return error(503, 20503, "no") if is_list_of_all(request) and "PageToken" in request.query else None

    faults.append(no_second_page)
    failed = local.run({})
    assert (failed.status, failed.error) == ("FAILED", "TwilioUnavailable")
    assert stages(local, account(1)) == before
    assert posts(failed.twilio_calls) == 0

    faults.clear()
    assert local.run({}).audit.vanished == 1  # type: ignore[union-attr]


def test_a_list_that_lags_takes_nothing_for_vanished(start: Start) -> None:
    local = start(0.1, products=[APPROVED], subaccounts=[subaccount(1, numbers=4)], lag=8)
    local.run({})

    report = local.run({})

    assert report.audit
    assert (report.audit.vanished, report.audit.adopted) == (0, 0)
    assert posts(report.twilio_calls) == 0


def test_a_request_that_names_numbers_reads_no_lists(start: Start) -> None:
    local = start(products=[APPROVED])

    report = local.run({"subaccounts": [account(1)], "phone_numbers": [phone_number(1, 0)]})

    assert report.audit is None
    assert report.twilio_calls["GET /v1/TrustProducts/{Sid}/ChannelEndpointAssignments"] == 1  # the look


def test_more_than_one_step_can_read_is_said_and_stops_nothing(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    local = start(products=[APPROVED])
    local.run({})
    local.simulator.controls.buy(account(1))
    monkeypatch.setattr(audit_assignments, "MOST_NUMBERS", 3)

    report = local.run({})

    assert report.status == "SUCCEEDED"
    assert report.numbers == {"on_trust_product": 5}
    assert report.audit
    assert report.audit.message.startswith(f"The audit was left out: {PROFILE} has more assignments than")
    assert report.orphans is None


def test_a_run_with_nothing_to_do_costs_its_lists_and_ten_calls_at_the_most(start: Start) -> None:
    fleet = [subaccount(1, numbers=1200), subaccount(2, numbers=900), subaccount(3)]
    by_hand = {"numbers": [number["sid"] for entry in fleet for number in entry["numbers"]]}
    profile = {"sid": PROFILE, "primary": True, **by_hand}
    local = start(subaccounts=fleet, profiles=[profile], products=[APPROVED | by_hand])
    local.run({})

    report = local.run({})

    pages_of_numbers, pages_of_assignments = 3 + 2 + 1, 2 * 3
    assert sum(report.twilio_calls.values()) <= pages_of_numbers + pages_of_assignments + 10
    assert posts(report.twilio_calls) == 0
    assert report.twilio_calls["GET /2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers.json"] == pages_of_numbers
