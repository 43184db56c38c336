"""Assignments of numbers that live in no account: named by each run over the whole fleet, removed only when asked."""

from shaken_stir.report import Report
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
