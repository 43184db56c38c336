"""What somebody else changes at Twilio: a run over all numbers notices, and puts it right."""

import pytest

import audit_assignments
from tests.machine.conftest import Start
from tests.world import PRODUCT, PROFILE, account, assignments, phone_number, posts, product, stages


def test_a_number_that_was_taken_off_is_put_back_in_the_same_run(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    local = start(products=[product(business_profile=PROFILE)])
    local.run({})
    for bundle in (PROFILE, PRODUCT):
        local.simulator.controls.drop_assignment(bundle, phone_number(1, 0))

    report = local.run({})

    assert report.status == "SUCCEEDED"
    assert report.audit
    assert (report.audit.vanished, report.audit.adopted) == (1, 0)
    assert posts(report.twilio_calls) == 2
    on_profile, on_product = assignments(local)
    assert len(on_profile) == len(set(on_profile)) == len(on_product) == len(set(on_product)) == 4
    assert set(stages(local, account(1)).values()) == {"on_trust_product"}

    # More than one step can read is said, and stops nothing.
    local.simulator.controls.buy(account(1))
    monkeypatch.setattr(audit_assignments, "MOST_NUMBERS", 3)
    unread = local.run({})
    assert unread.status == "SUCCEEDED"
    assert unread.numbers == {"on_trust_product": 5}
    assert unread.audit
    assert unread.audit.message.startswith(f"The audit was left out: {PROFILE} has more assignments than")
    assert unread.orphans is None
