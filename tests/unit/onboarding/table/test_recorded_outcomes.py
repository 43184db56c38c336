"""How a subaccount came out of a run: its progress, the run's own outcome, and the lease that is given back."""

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from onboarding.errors import SubaccountBusy
from onboarding.phone_numbers import Stage
from onboarding.subaccounts import SubaccountOutcome, SubaccountStatus
from onboarding.table.dynamodb import DAY_SECONDS, Item, Key, Table
from onboarding.table.leases import after_posts, before_posts, hold_subaccount, hold_trust_product
from onboarding.table.outcomes import read_fleet, read_outcomes, record_outcome

if TYPE_CHECKING:
    from tests.unit.onboarding.table.conftest import Clock

SID, OTHER = f"AC{1:032x}", f"AC{2:032x}"
NUMBERS = {Stage.ON_TRUST_PRODUCT: 2, Stage.REFUSED: 1}


class Times(NamedTuple):
    lease_seconds: float = 60
    function_seconds: float = 20
    list_settle_seconds: float = 5


TIMES = Times()


def outcome(status: SubaccountStatus = SubaccountStatus.ONBOARDED, **more: Any) -> SubaccountOutcome:
    return SubaccountOutcome(
        **{"subaccount_sid": SID, "friendly_name": "Shop", "status": status, "numbers": NUMBERS, **more}
    )


def failure() -> SubaccountOutcome:
    return outcome(SubaccountStatus.FAILED, error="TwilioRefused", message="Twilio refused it.")


def progress(table: Table) -> Item:
    [item] = read_fleet(table)
    return item


def test_an_outcome_is_kept_beside_the_subaccounts_progress(table: Table) -> None:
    record_outcome(table, "run", failure())

    assert read_outcomes(table, "run") == [failure().model_copy(update={"changed": True})]
    item = progress(table)
    assert item.pop("recorded_at") == item.pop("failing_since")
    assert item == {
        **Key("FLEET", f"SUBACCOUNT#{SID}")._asdict(),
        "subaccount_sid": SID,
        "friendly_name": "Shop",
        "status": "failed",
        "numbers": NUMBERS,
        "error": "TwilioRefused",
        "message": "Twilio refused it.",
        "recorded_by": "run",
    }


def test_outcomes_are_those_of_one_run(table: Table) -> None:
    record_outcome(table, "run", outcome())
    record_outcome(table, "run", outcome(subaccount_sid=OTHER))
    record_outcome(table, "run-2", failure())

    assert [(it.subaccount_sid, it.status) for it in read_outcomes(table, "run")] == [
        (SID, SubaccountStatus.ONBOARDED),
        (OTHER, SubaccountStatus.ONBOARDED),
    ]
    assert read_outcomes(table, "ru") == []
    assert [(item["subaccount_sid"], item["status"]) for item in read_fleet(table)] == [
        (SID, "failed"),
        (OTHER, "onboarded"),
    ]


def test_the_fleet_is_its_subaccounts_alone(table: Table) -> None:
    hold_trust_product(table, TIMES, "run")

    assert read_fleet(table) == []


@pytest.mark.parametrize(
    ("numbers", "changed"),
    [
        (NUMBERS, False),
        ({**NUMBERS, Stage.RELEASED: 4}, False),
        ({**NUMBERS, Stage.DISCOVERED: 1}, True),
        ({Stage.ON_TRUST_PRODUCT: 3}, True),
        ({}, True),
    ],
)
def test_a_later_run_tells_whether_the_numbers_have_changed_but_for_released_ones(
    table: Table, numbers: dict[Stage, int], *, changed: bool
) -> None:
    record_outcome(table, "first", outcome(numbers={**NUMBERS, Stage.RELEASED: 1}))

    hold_subaccount(table, TIMES, SID, "second")
    record_outcome(table, "second", outcome(numbers=numbers))

    assert [it.changed for it in read_outcomes(table, "second")] == [changed]


@pytest.mark.parametrize(("numbers", "changed"), [(NUMBERS, True), ({}, False), ({Stage.RELEASED: 2}, False)])
def test_the_first_outcome_of_a_subaccount_has_changed_if_there_are_numbers(
    table: Table, numbers: dict[Stage, int], *, changed: bool
) -> None:
    record_outcome(table, "run", outcome(numbers=numbers))

    assert [it.changed for it in read_outcomes(table, "run")] == [changed]


def test_a_step_that_is_done_again_still_tells_of_the_change(table: Table) -> None:
    for _ in range(2):
        record_outcome(table, "run", outcome())

    assert [it.changed for it in read_outcomes(table, "run")] == [True]


@pytest.mark.parametrize("ended", [False, True], ids=["the other goes on", "the other has ended"])
def test_a_busy_subaccount_keeps_its_progress_and_the_run_its_outcome(table: Table, *, ended: bool) -> None:
    hold_subaccount(table, TIMES, SID, "second")
    if ended:
        record_outcome(table, "second", outcome())
    before = progress(table)

    busy = outcome(SubaccountStatus.BUSY, numbers={}, error="SubaccountBusy", message="Another execution works on it.")
    record_outcome(table, "third", busy)

    assert progress(table) == before
    assert read_outcomes(table, "third") == [busy]


def test_a_subaccount_that_another_execution_works_on_keeps_the_progress_that_one_writes(table: Table) -> None:
    record_outcome(table, "first", outcome())
    lease = hold_subaccount(table, TIMES, SID, "second")
    before = progress(table)

    record_outcome(table, "third", failure())

    assert progress(table) == before
    before_posts(table, lease)
    assert read_outcomes(table, "third") == [failure().model_copy(update={"numbers_before": NUMBERS})]


def test_a_lease_that_has_expired_does_not_keep_an_outcome_out(table: Table, clock: "Clock") -> None:
    lease = hold_subaccount(table, TIMES, SID, "second")
    clock.now += TIMES.lease_seconds + 1

    record_outcome(table, "third", failure())

    assert progress(table)["status"] == "failed"
    with pytest.raises(SubaccountBusy):
        before_posts(table, lease)


def test_error_and_message_vanish_on_success(table: Table) -> None:
    record_outcome(table, "first", failure())
    assert {"error", "message"} <= progress(table).keys()

    record_outcome(table, "second", outcome())

    assert not {"error", "message"} & progress(table).keys()
    assert progress(table)["status"] == "onboarded"


def test_the_message_of_an_earlier_failure_vanishes_when_the_next_one_has_none(table: Table) -> None:
    record_outcome(table, "first", failure())
    record_outcome(table, "second", outcome(SubaccountStatus.FAILED, error="States.Timeout"))

    assert progress(table)["error"] == "States.Timeout"
    assert "message" not in progress(table)


def test_the_lease_is_given_back_with_the_outcome(table: Table) -> None:
    lease = hold_subaccount(table, TIMES, SID, "run")
    record_outcome(table, "run", outcome())

    with pytest.raises(SubaccountBusy):
        before_posts(table, lease)
    before_posts(table, hold_subaccount(table, TIMES, SID, "other"))


def test_posts_that_are_not_settled_outlast_the_outcome(table: Table) -> None:
    lease = hold_subaccount(table, TIMES, SID, "run")
    before_posts(table, lease)
    after_posts(table, lease, settled=False)
    record_outcome(table, "run", failure())

    assert hold_subaccount(table, TIMES, SID, "other").pause == TIMES.list_settle_seconds


def test_a_runs_outcome_expires_after_thirty_days_and_the_progress_does_not(table: Table, clock: "Clock") -> None:
    record_outcome(table, "run", outcome())

    [item] = table.query("EXECUTION#run", "SUBACCOUNT#")
    assert item["expires_at"] == clock.now + 30 * DAY_SECONDS
    assert "expires_at" not in progress(table)


def test_since_when_a_subaccount_fails_and_when_it_last_did_not_are_kept(table: Table) -> None:
    record_outcome(table, "first", outcome())
    first = progress(table)
    record_outcome(table, "second", failure())
    second = progress(table)
    record_outcome(table, "third", failure())
    third = progress(table)
    record_outcome(table, "fourth", outcome())
    fourth = progress(table)

    assert "failing_since" not in first
    assert second["failing_since"] == third["failing_since"] == second["recorded_at"] < third["recorded_at"]
    assert first["last_success_at"] == second["last_success_at"] == third["last_success_at"] == first["recorded_at"]
    assert "failing_since" not in fourth
    assert fourth["last_success_at"] == fourth["recorded_at"]


def test_a_run_knows_what_the_numbers_were_before_it_also_when_its_step_is_done_again(table: Table) -> None:
    record_outcome(table, "first", outcome())
    for _ in range(2):
        record_outcome(table, "second", outcome(numbers={Stage.ON_TRUST_PRODUCT: 3}))

    assert [it.numbers_before for it in read_outcomes(table, "first")] == [{}]
    assert [it.numbers_before for it in read_outcomes(table, "second")] == [NUMBERS]
