"""Assignments of numbers that live in no account: named by each run over the whole fleet, removed only when asked."""

from typing import Any

import pytest

import find_orphans
import release_orphans
from onboarding.errors import AwsUnavailable
from shaken_stir.report import Report
from shaken_stir.simulated.place import SimulatedPlace
from tests.machine.conftest import Start
from tests.world import PROFILE, account, assignments, phone_number, product, sent_by


def counted(report: Report) -> tuple[int, int, int]:
    assert report.status == "SUCCEEDED"
    assert report.orphans
    return report.orphans.found, report.orphans.named_before, report.orphans.released


def test_an_orphan_is_named_by_every_run_and_removed_when_asked_once_two_have_named_it(start: Start) -> None:
    local = start(products=[product(business_profile=PROFILE)])
    assert counted(local.run({})) == (0, 0, 0)
    local.simulator.controls.release(phone_number(1, 0))
    release = {"release_orphans": True}

    assert counted(local.run(release)) == (1, 0, 0)
    unasked = local.run({})
    assert counted(unasked) == (1, 1, 0)
    assert "Orphans Found" in unasked.announced
    assert sent_by("DELETE", unasked.twilio_calls) == {}
    assert local.run({"subaccounts": [account(1), account(2)]}).orphans is None
    assert all(phone_number(1, 0) in bundle for bundle in assignments(local))

    asked = local.run(release)
    assert counted(asked) == (1, 1, 1)
    assert sum(sent_by("DELETE", asked.twilio_calls).values()) == 2
    for bundle in assignments(local):
        assert sorted(bundle) == [phone_number(1, 1), phone_number(2, 0), phone_number(2, 1)]
    assert counted(local.run({})) == (0, 0, 0)


def with_an_orphan_and_a_draft(start: Start) -> SimulatedPlace:
    """A number that lives nowhere is on a Trust Product that is yet to be reviewed."""
    numbers = [phone_number(1, 0)]
    local = start(
        products=[product(status="draft", business_profile=PROFILE, numbers=numbers)],
        profiles=[{"sid": PROFILE, "status": "twilio-approved", "primary": True, "numbers": numbers}],
    )
    local.simulator.controls.release(phone_number(1, 0))
    return local


def test_an_outage_of_twilio_leaves_the_search_for_orphans_out_and_the_review_is_awaited(start: Start) -> None:
    local = with_an_orphan_and_a_draft(start)
    listing = f"GET */Accounts/{local.simulator.account_sid}/IncomingPhoneNumbers.json"
    down = local.simulator.controls.plan_fault(operation=listing, status=503, times=0)

    report = local.run({"release_orphans": True})

    assert down.happened
    assert report.status == "SUCCEEDED"
    assert report.trust_product
    assert report.trust_product.status == "twilio-approved"
    assert report.orphans
    assert (report.orphans.found, report.orphans.released) == (0, 0)
    assert report.orphans.message == (
        "Orphans were not looked for: an outage (TwilioUnavailable) outlasted every retry; the next run over the whole "
        "fleet looks for them."
    )

    local.simulator.controls.clear_faults()
    assert counted(local.run({})) == (1, 0, 0)


def test_an_outage_of_aws_leaves_the_release_out_and_the_review_is_awaited(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = with_an_orphan_and_a_draft(start)
    counted(local.run({}))
    counted(local.run({}))

    def fail(*_: Any) -> None:
        raise AwsUnavailable("DynamoDB failed.")

    with monkeypatch.context() as outage:
        outage.setattr(release_orphans, "read_orphans", fail)
        report = local.run({"release_orphans": True})

    assert counted(report) == (1, 1, 0)
    assert report.orphans
    assert report.orphans.release_message == (
        "Not all orphans were released: an outage (AwsUnavailable) outlasted every retry; the next request with "
        "release_orphans goes on."
    )

    assert counted(local.run({"release_orphans": True})) == (1, 1, 1)


def test_a_defect_ends_the_run_with_its_report(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    local = with_an_orphan_and_a_draft(start)

    def fail(*_: Any) -> None:
        raise TypeError("no outage")

    monkeypatch.setattr(find_orphans, "numbers_elsewhere", fail)

    report = local.run({})

    assert (report.status, report.error, report.cause) == ("FAILED", "TypeError", "no outage")
