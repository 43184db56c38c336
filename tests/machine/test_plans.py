"""What a plan announces is what the machine then sends. More cases, step by step, are in `tests/steps`."""

from pathlib import Path

from shaken_stir.live import plan
from shaken_stir.live.state_file import StateFile
from shaken_stir.report import Report
from tests.machine.conftest import Start
from tests.steps.looking import look
from tests.world import NAMED, account, phone_number, sent_by, subaccount

FIRST = phone_number(1, 0)


def test_runs_send_what_was_planned_the_first_one_and_a_later_one_by_the_state_file(
    start: Start, tmp_path: Path
) -> None:
    local = start(subaccounts=[subaccount(1), subaccount(2), subaccount(3, status="suspended")])
    event, path = NAMED | {"release_orphans": True}, tmp_path / "state.json"
    with (
        StateFile(path, local.simulator.account_sid) as file,
        file.kept(local.engine.environment["TABLE_NAME"], settle_seconds=0),
    ):
        first = plan.make(look(local.simulator, NAMED))
        as_planned(first, local.run(NAMED))
        assert first.posts
        local.simulator.controls.release(FIRST)
        local.simulator.controls.buy(account(2))
        assert local.run(NAMED).status == "SUCCEEDED"

        known = StateFile(path, local.simulator.account_sid).look().known()
        planned = plan.make(look(local.simulator, event), known)
        report = local.run(event)

    as_planned(planned, report)
    assert planned.removes == (FIRST,)
    assert planned.deletes


def as_planned(planned: plan.Plan, report: Report) -> None:
    assert (report.status, planned.in_the_way) == ("SUCCEEDED", ())
    assert sent_by("POST", report.twilio_calls) == planned.posts
    assert sent_by("DELETE", report.twilio_calls) == planned.deletes
    assert sent_by("GET", report.twilio_calls) == planned.gets
