"""Assignments of numbers that live in no account: named by each run over the whole fleet, removed only when asked."""

from collections.abc import Callable
from typing import Any

import pytest

import find_orphans
import release_orphans
from onboarding.errors import AwsUnavailable
from onboarding.phone_numbers import PhoneNumberRecord, Stage
from onboarding.table.numbers import write_numbers
from shaken_stir.report import Report
from shaken_stir.simulated.place import SimulatedPlace
from simulator.fleet import Fleet
from tests.machine.conftest import TIME_SCALE, Start
from tests.world import PROFILE, a_fleet, account, assignments, phone_number, product, sent_by

type Story = dict[str, Report]


def counted(report: Report) -> tuple[int, int, int]:
    assert report.status == "SUCCEEDED"
    assert report.orphans
    return report.orphans.found, report.orphans.named_before, report.orphans.released


GONE = phone_number(1, 0)
FLEET: dict[str, Any] = {
    "products": [product(status="draft", business_profile=PROFILE, numbers=[GONE])],
    "profiles": [{"sid": PROFILE, "status": "twilio-approved", "primary": True, "numbers": [GONE]}],
}
"""A number is on a Trust Product that is yet to be reviewed."""
SEEN = PhoneNumberRecord(phone_number_sid=GONE, phone_number="+15125550100", stage=Stage.DISCOVERED)
"""What an earlier run has recorded of it."""


@pytest.fixture(scope="module")
def story() -> Story:
    """Runs one after the other, by what happens in each."""
    place = SimulatedPlace(Fleet.model_validate(a_fleet(**FLEET)), TIME_SCALE)
    with place as local, pytest.MonkeyPatch.context() as patch:
        controls, release = local.simulator.controls, {"release_orphans": True}
        write_numbers(local.table, account(1), [SEEN])
        controls.release(GONE)
        listing = f"GET */Accounts/{local.simulator.account_sid}/IncomingPhoneNumbers.json"
        down = controls.plan_fault(operation=listing, status=503, times=0)
        told = {"Twilio is down": local.run(release)}
        assert down.happened
        controls.clear_faults()

        told["named"] = local.run(release)
        told["named again"] = local.run({})
        told["not the whole fleet"] = local.run({"subaccounts": [account(1), account(2)]})
        patch.setattr(release_orphans, "read_orphans", raising(AwsUnavailable("DynamoDB failed.")))
        told["AWS is down"] = local.run(release)
        patch.undo()
        assert all(GONE in bundle for bundle in assignments(local))

        told["removed"] = local.run(release)
        for bundle in assignments(local):
            assert sorted(bundle) == [phone_number(1, 1), phone_number(2, 0), phone_number(2, 1)]
        return told


def raising(error: Exception) -> Callable[..., None]:
    def fail(*_: Any) -> None:
        raise error

    return fail


def test_an_orphan_is_named_by_every_run_and_removed_when_asked_once_two_have_named_it(story: Story) -> None:
    assert counted(story["named"]) == (1, 0, 0)
    unasked, asked = story["named again"], story["removed"]
    assert counted(unasked) == (1, 1, 0)
    assert "Orphans Found" in unasked.announced
    assert sent_by("DELETE", unasked.twilio_calls) == {}
    assert story["not the whole fleet"].orphans is None
    assert counted(asked) == (1, 1, 1)
    assert sum(sent_by("DELETE", asked.twilio_calls).values()) == 2


def test_an_outage_of_twilio_leaves_the_search_for_orphans_out_and_the_review_is_awaited(story: Story) -> None:
    report = story["Twilio is down"]

    assert counted(report) == (0, 0, 0)
    assert report.trust_product
    assert report.trust_product.status == "twilio-approved"
    assert report.orphans
    assert report.orphans.message == (
        "Orphans were not looked for: an outage (TwilioUnavailable) outlasted every retry; the next run over the whole "
        "fleet looks for them."
    )


def test_an_outage_of_aws_leaves_the_release_out_for_the_next_request(story: Story) -> None:
    report = story["AWS is down"]

    assert counted(report) == (1, 1, 0)
    assert report.orphans
    assert report.orphans.release_message == (
        "Not all orphans were released: an outage (AwsUnavailable) outlasted every retry; the next request with "
        "release_orphans goes on."
    )


def test_a_defect_ends_the_run_with_its_report(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    local = start(**FLEET)
    local.simulator.controls.release(GONE)
    monkeypatch.setattr(find_orphans, "numbers_elsewhere", raising(TypeError("no outage")))

    report = local.run({})

    assert (report.status, report.error, report.cause) == ("FAILED", "TypeError", "no outage")
