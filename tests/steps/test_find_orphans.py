"""Assignments of numbers that live in no account: named by each run, removed when two runs in a row have named them."""

import itertools
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

import find_orphans as find_orphans_step
import release_orphans as release_orphans_step
from onboarding.table.left_out_checks import read_left_out_checks
from shaken_stir.engine.functions import FunctionFailed
from simulator.messages import Request, Response
from tests.steps.conftest import Start
from tests.steps.event_bridge import ENTRY, refusing
from tests.steps.steps import BUNDLES, Steps
from tests.steps.whole_fleet import APPROVED, audit, entries, find_orphans, go_through, release_orphans
from tests.world import PROFILE, account, phone_number, small_pages, subaccount

GONE = phone_number(1, 0)


def with_an_orphan(start: Start, **fleet: Any) -> Steps:
    profile = {"sid": PROFILE, "primary": True, "numbers": [GONE]}
    fleet.setdefault("subaccounts", [subaccount(1)])
    steps = start(products=[APPROVED | {"numbers": [GONE]}], profiles=[profile], **fleet)
    go_through(steps, "before")
    steps.simulator.controls.release(GONE)
    go_through(steps, "release")
    return steps


def with_an_orphan_that_was_onboarded(start: Start) -> Steps:
    steps = start(products=[APPROVED])
    go_through(steps, "onboarding")
    steps.simulator.controls.release(GONE)
    go_through(steps, "release")
    return steps


def named(found: dict[str, Any]) -> tuple[int, int]:
    return found["found"], found["named_before"]


def test_only_what_two_runs_have_named_is_removed_off_the_product_first(start: Start) -> None:
    steps = with_an_orphan_that_was_onboarded(start)
    removed: list[str] = []

    def watch(request: Request) -> None:
        if request.method == "DELETE":
            removed.append(request.path.split("/")[2])

    steps.simulator.interpose(watch)
    assert named(find_orphans(steps, "first")) == (1, 0)
    assert release_orphans(steps, "first")["released"] == 0
    assert named(find_orphans(steps, "second")) == (1, 1)
    assert removed == []

    assert release_orphans(steps, "second") == {"released": 1, "living": 0, "refused": 0, "left": 0}
    assert removed == ["TrustProducts", "CustomerProfiles"]
    for bundle in steps.assignments():
        assert sorted(bundle) == [phone_number(1, 1), phone_number(2, 0), phone_number(2, 1)]
    assert named(find_orphans(steps, "third")) == (0, 0)


def test_every_assignment_of_an_orphan_is_removed(start: Start) -> None:
    twice = {"numbers": [GONE, GONE]}
    steps = start(
        subaccounts=[subaccount(1)], products=[APPROVED | twice], profiles=[{"sid": PROFILE, "primary": True, **twice}]
    )
    go_through(steps, "before")
    steps.simulator.controls.release(GONE)
    go_through(steps)

    find_orphans(steps, "first")
    find_orphans(steps, "second")

    assert release_orphans(steps, "second")["released"] == 1
    assert all(GONE not in bundle for bundle in steps.assignments())


def test_an_orphan_that_no_account_was_seen_to_have_is_never_removed(start: Start) -> None:
    profile = {"sid": PROFILE, "primary": True, "numbers": [GONE]}
    steps = start(subaccounts=[subaccount(1)], products=[APPROVED | {"numbers": [GONE]}], profiles=[profile])
    steps.simulator.controls.release(GONE)
    go_through(steps)

    assert [named(find_orphans(steps, execution)) for execution in ("first", "second")] == [(1, 0), (1, 1)]

    assert release_orphans(steps, "second") == {"released": 0, "living": 0, "refused": 0, "left": 1}
    assert all(GONE in bundle for bundle in steps.assignments())


def test_a_number_of_the_parent_or_of_a_suspended_account_is_no_orphan(start: Start) -> None:
    elsewhere = [phone_number(9, 0), phone_number(3, 0)]
    steps = start(
        parent={"sid": account(9), "numbers": [{"sid": elsewhere[0]}]},
        subaccounts=[subaccount(1), subaccount(3, numbers=1, status="suspended")],
        profiles=[{"sid": PROFILE, "primary": True, "numbers": elsewhere}],
        products=[APPROVED | {"numbers": elsewhere}],
    )
    go_through(steps)

    assert [named(find_orphans(steps, execution)) for execution in ("first", "second")] == [(0, 0), (0, 0)]
    assert release_orphans(steps, "second")["released"] == 0
    assert set(elsewhere) <= set(steps.assignments()[1])


@pytest.mark.parametrize(
    ("status", "said"),
    [(403, "Twilio refused GET "), (401, "Twilio refused the credentials at GET ")],
)
def test_an_account_that_cannot_be_listed_is_said_and_fails_nothing(start: Start, status: int, said: str) -> None:
    suspended = subaccount(3, numbers=1, status="suspended")
    steps = with_an_orphan(start, subaccounts=[subaccount(1), suspended])
    steps.simulator.controls.plan_fault(operation=f"GET */{account(3)}/IncomingPhoneNumbers.json", status=status)

    found = find_orphans(steps, "first")

    assert named(found) == (0, 0)
    assert found["message"].startswith(f"Orphans were not looked for: {said}")


UNREADABLE = account(2)


def not_found(steps: Steps, account_sid: str = UNREADABLE) -> None:
    """Answer 404 to every request below an account."""
    steps.simulator.controls.plan_fault(operation=f"GET */{account_sid}/*", status=404, code=20404, times=0)


def test_an_account_that_answers_404_keeps_no_orphan_from_being_named(start: Start) -> None:
    steps = with_an_orphan_that_was_onboarded(start)
    not_found(steps)

    assert named(run_over_the_fleet(steps, "first")) == (1, 0)
    assert named(run_over_the_fleet(steps, "second")) == (1, 1)
    assert release_orphans(steps, "second")["released"] == 1
    assert GONE not in steps.assignments()[0]
    assert phone_number(2, 0) in steps.assignments()[0]


@pytest.mark.parametrize("status", ["active", "suspended"])
def test_a_number_that_an_account_that_answers_404_may_have_is_no_orphan(start: Start, status: str) -> None:
    unseen = phone_number(2, 0)
    steps = start(
        subaccounts=[subaccount(1), subaccount(2, status=status)],
        profiles=[{"sid": PROFILE, "primary": True, "numbers": [unseen]}],
        products=[APPROVED | {"numbers": [unseen]}],
    )
    not_found(steps)

    found = run_over_the_fleet(steps, "first")

    assert named(found) == (0, 0)
    assert found["message"] == (
        f"1 assigned number in no account that can be read: left alone, since {UNREADABLE} answers 404 and may have it "
        "(docs/errors.md#subaccount-not-readable)."
    )
    assert named(run_over_the_fleet(steps, "second")) == (0, 0)
    assert steps.announced == []


def test_a_number_that_an_account_missing_from_twilio_s_list_has_is_no_orphan(start: Start) -> None:
    steps = start(products=[APPROVED])
    run_over_the_fleet(steps, "onboarding")
    moved_without_its_assignments(steps, GONE, account(2))
    missing_from_the_list(steps, account(2))

    found = [named(run_over_the_fleet(steps, execution)) for execution in ("first", "second")]

    assert found == [(0, 0), (0, 0)]
    assert release_orphans(steps, "second")["released"] == 0
    assert GONE in steps.assignments()[0]


def moved_without_its_assignments(steps: Steps, number_sid: str, to: str) -> None:
    state = steps.simulator.state
    before = next(it for it in state.accounts if number_sid in it.numbers)
    number = before.numbers[number_sid]
    before.numbers.remove(number_sid)
    number.account_sid = to
    state.accounts[to].numbers.add(number)


def missing_from_the_list(steps: Steps, account_sid: str) -> None:
    """Leave an account out of Twilio's list of accounts, though it exists."""
    answering = False

    def leave_out(request: Request) -> Response | None:
        nonlocal answering
        if answering or not request.path.endswith("/Accounts.json"):
            return None
        answering = True
        answer = steps.simulator.answer(request)
        answering = False
        accounts = (answer.body or {})["accounts"]
        accounts[:] = [it for it in accounts if it["sid"] != account_sid]
        return answer

    steps.simulator.interpose(leave_out)


def run_over_the_fleet(steps: Steps, execution: str) -> dict[str, Any]:
    """Do a run until it has looked for orphans; return what it found."""
    began = datetime.now(UTC).isoformat()
    audited = audit(steps, execution)
    for sid in entries(audited["manifest"]):
        try:
            steps.onboard(int(sid.removeprefix("AC"), 16), execution)
        except FunctionFailed as failed:
            error = {"Error": failed.error["errorType"], "Cause": json.dumps(failed.error)}
            of: dict[str, Any] = {"execution": execution, "subaccount_sid": sid, "friendly_name": None, "error": error}
            steps.invoke("record_subaccount", **of, **BUNDLES)
    found: dict[str, Any] = steps.invoke(
        "find_orphans",
        execution=execution,
        started_at=began,
        trust_product_sid=BUNDLES["trust_product_sid"],
        assigned=audited["assigned"],
        manifest=audited["manifest"],
    )
    return found


def test_a_number_that_lives_after_all_is_not_removed(start: Start) -> None:
    steps = with_an_orphan_that_was_onboarded(start)
    find_orphans(steps, "first")
    find_orphans(steps, "second")

    def lives(request: Request) -> Response | None:
        if request.path.endswith(f"{account(1)}/IncomingPhoneNumbers/{GONE}.json"):
            return Response(200, {"sid": GONE, "phone_number": "+15125550100", "capabilities": {}})
        return None

    steps.simulator.interpose(lives)

    assert release_orphans(steps, "second") == {"released": 0, "living": 1, "refused": 0, "left": 0}
    assert all(GONE in bundle for bundle in steps.assignments())


def test_two_runs_at_once_are_not_two_in_a_row(start: Start) -> None:
    steps = with_an_orphan(start)
    began = datetime.now(UTC)

    assert named(find_orphans(steps, "first", began)) == (1, 0)
    assert named(find_orphans(steps, "second", began)) == (1, 0)
    assert release_orphans(steps, "second")["released"] == 0


def test_an_orphan_that_twilio_does_not_let_go_is_kept_and_told(start: Start) -> None:
    steps = with_an_orphan(start, subaccounts=[subaccount(1), subaccount(2)])
    steps.simulator.controls.release(phone_number(2, 0))
    go_through(steps, "another release")
    find_orphans(steps, "first")
    find_orphans(steps, "second")
    needed = steps.simulator.controls.plan_fault(
        operation="DELETE /v1/CustomerProfiles/*", status=400, code=22205, message="needed by another product"
    )

    assert release_orphans(steps, "second") == {"released": 1, "living": 0, "refused": 1, "left": 0}
    assert needed.happened == 1
    assert release_orphans(steps, "second") == {"released": 1, "living": 0, "refused": 0, "left": 0}
    assert all(len(bundle) == 2 for bundle in steps.assignments())


@pytest.mark.parametrize(
    ("fleet", "environment"),
    [
        ({"parent": {"sid": account(9), "numbers": [{"sid": phone_number(9, index)} for index in range(6)]}}, {}),
        (
            {"subaccounts": [subaccount(1), *(subaccount(it, numbers=0, status="suspended") for it in range(3, 9))]},
            {"MAP_CONCURRENCY": "1", "THREADS_PER_FUNCTION": "1"},
        ),
    ],
    ids=["a parent with many numbers", "many suspended accounts"],
)
def test_the_search_is_left_out_when_it_takes_longer_than_its_function_has(
    start: Start, monkeypatch: pytest.MonkeyPatch, fleet: dict[str, Any], environment: dict[str, str]
) -> None:
    steps = with_an_orphan(start, **fleet, **environment)
    small_pages(monkeypatch, phone_numbers=1)
    seconds = itertools.count(0, find_orphans_step.READING_SECONDS * 0.4)
    now = [next(seconds)]
    listings: list[str] = []

    def take_time(request: Request) -> None:
        if request.path.endswith("/IncomingPhoneNumbers.json"):
            now.append(next(seconds))
            listings.append(request.path)

    steps.simulator.interpose(take_time)
    monkeypatch.setattr(find_orphans_step, "time", SimpleNamespace(monotonic=lambda: now[-1]))

    found = find_orphans(steps, "first")

    assert named(found) == (0, 0)
    assert found["message"].startswith("Orphans were not looked for: the numbers of all accounts cannot be read in one")
    assert len(listings) == 3, "what there is no time for is not begun"


def test_the_search_is_left_out_when_the_table_takes_too_long(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = with_an_orphan(start)
    monkeypatch.setattr(find_orphans_step, "READING_SECONDS", -1)

    found = find_orphans(steps, "first")

    assert found["message"].startswith("Orphans were not looked for: the numbers of all accounts")
    [(kind, announced)] = steps.announced
    assert (kind, announced["check"], announced["message"]) == ("Check Left Out", "orphans", found["message"])
    assert [it.check for it in read_left_out_checks(steps.table)] == ["orphans"]


def test_orphans_for_which_there_is_no_time_are_left_to_a_later_run(start: Start) -> None:
    steps = with_an_orphan(start)
    for run in ("first", "second"):
        find_orphans(steps, run)

    with patch.object(release_orphans_step, "BATCH_SECONDS", -1):
        assert release_orphans(steps, "second") == {"released": 0, "living": 0, "refused": 0, "left": 1}
    assert all(GONE in bundle for bundle in steps.assignments())
    assert release_orphans(steps, "second")["released"] == 1


def test_orphans_that_cannot_be_announced_are_recorded_and_end_no_run(start: Start) -> None:
    steps = with_an_orphan(start)

    with refusing(ENTRY):
        assert named(find_orphans(steps, "first")) == (1, 0)

    assert named(find_orphans(steps, "second")) == (1, 1)
