"""What a plan announces is what the machine then sends. More cases, step by step, are in `tests/steps`."""

from pathlib import Path
from typing import Any

import pytest

from shaken_stir.live import plan
from shaken_stir.live.state_file import StateFile
from tests.machine.conftest import Start
from tests.steps.looking import look
from tests.world import NAMED, PROFILE, account, phone_number, product, sent_by, subaccount

FIRST, SECOND = phone_number(1, 0), phone_number(1, 1)
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing is there": (NAMED, {"subaccounts": [subaccount(1), subaccount(2, status="suspended")]}),
    "a number just bought": (
        {"subaccounts": [account(1)], "phone_numbers": [SECOND]},
        {"products": [product(business_profile=PROFILE)]},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_run_sends_what_was_planned(case: str, start: Start) -> None:
    event, fleet = CASES[case]
    local = start(**fleet)

    planned = plan.make(look(local.simulator, event))
    report = local.run(event)

    assert (report.status, planned.in_the_way) == ("SUCCEEDED", ())
    assert sent_by("POST", report.twilio_calls) == planned.posts
    assert sent_by("GET", report.twilio_calls) == planned.gets


def test_a_rejected_product_is_in_the_way_and_ends_the_run_before_it_changes_anything(start: Start) -> None:
    local = start(products=[product(status="twilio-rejected", business_profile=PROFILE, errors=[18601])])

    planned = plan.make(look(local.simulator, {}))
    report = local.run({})

    assert (report.status, planned.posts) == ("FAILED", {})
    assert planned.in_the_way == (report.cause,)
    assert sent_by("POST", report.twilio_calls) == {}


def test_a_later_run_sends_what_was_planned_by_the_state_file(start: Start, tmp_path: Path) -> None:
    local = start()
    event, path = NAMED | {"release_orphans": True}, tmp_path / "state.json"
    with (
        StateFile(path, local.simulator.account_sid) as file,
        file.kept(local.engine.environment["TABLE_NAME"], settle_seconds=0),
    ):
        assert local.run(NAMED).status == "SUCCEEDED"
        local.simulator.controls.release(FIRST)
        local.simulator.controls.buy(account(2))
        assert local.run(NAMED).status == "SUCCEEDED"

        known = StateFile(path, local.simulator.account_sid).look().known()
        planned = plan.make(look(local.simulator, event), known)
        report = local.run(event)

    assert (report.status, planned.removes) == ("SUCCEEDED", (FIRST,))
    assert sent_by("POST", report.twilio_calls) == planned.posts
    assert sent_by("DELETE", report.twilio_calls) == planned.deletes != {}
    assert sent_by("GET", report.twilio_calls) == planned.gets
