"""Assignments of numbers that live in no account: named by each run over the whole fleet, removed only when asked."""

from typing import Any

import pytest

from shaken_stir.report import OrphansReport
from shaken_stir.simulated.place import SimulatedPlace
from simulator.messages import Request, Response
from tests.machine.conftest import Fault, Start
from tests.world import (
    PRODUCT,
    PROFILE,
    account,
    assignments,
    error,
    phone_number,
    product,
    subaccount,
)

APPROVED = product(business_profile=PROFILE)
RELEASE = {"release_orphans": True}


def with_an_orphan(start: Start, **fleet: Any) -> SimulatedPlace:
    local = start(products=[APPROVED], **fleet)
    local.run({})
    local.simulator.controls.release(phone_number(1, 0))
    return local


def orphans(local: SimulatedPlace, event: dict[str, Any] | None = None) -> OrphansReport:
    report = local.run(event or {})
    assert report.status == "SUCCEEDED"
    assert report.orphans
    return report.orphans


def counted(found: OrphansReport) -> tuple[int, int, int]:
    return found.found, found.named_before, found.released


def deletes(calls: dict[str, int]) -> int:
    return sum(count for call, count in calls.items() if call.startswith("DELETE"))


def test_an_orphan_is_named_by_every_run_and_removed_by_none(start: Start) -> None:
    local = with_an_orphan(start)

    for named_before in (0, 1, 1):
        report = local.run({})
        assert report.orphans
        assert (report.orphans.found, report.orphans.named_before) == (1, named_before)
        assert "Orphans Found" in report.announced
        assert deletes(report.twilio_calls) == 0
    on_profile, on_product = assignments(local)
    assert phone_number(1, 0) in on_profile
    assert phone_number(1, 0) in on_product


def test_it_is_removed_when_asked_once_two_runs_have_named_it(start: Start, faults: list[Fault]) -> None:
    local = with_an_orphan(start)
    removed: list[str] = []

    def watch(request: Request) -> Response | None:
        if request.method == "DELETE":
            removed.append(request.path.split("/")[2])
        return None

    faults.append(watch)
    assert counted(orphans(local, RELEASE)) == (1, 0, 0)
    assert counted(orphans(local, RELEASE)) == (1, 1, 1)

    assert removed == ["TrustProducts", "CustomerProfiles"]
    for bundle in assignments(local):
        assert sorted(bundle) == [phone_number(1, 1), phone_number(2, 0), phone_number(2, 1)]
    assert counted(orphans(local)) == (0, 0, 0)


def test_every_assignment_of_an_orphan_is_removed(start: Start) -> None:
    gone = phone_number(1, 0)
    twice = {"numbers": [gone, gone]}
    local = start(products=[APPROVED | twice], profiles=[{"sid": PROFILE, "primary": True, **twice}])
    local.simulator.controls.release(gone)

    orphans(local)
    assert orphans(local, RELEASE).released == 1

    assert all(gone not in bundle for bundle in assignments(local))


def test_a_number_of_the_parent_or_of_a_suspended_account_is_no_orphan(start: Start) -> None:
    elsewhere = [phone_number(9, 0), phone_number(3, 0)]
    local = start(
        parent={"sid": account(9), "numbers": [{"sid": elsewhere[0]}]},
        subaccounts=[subaccount(1), subaccount(3, numbers=1, status="suspended")],
        profiles=[{"sid": PROFILE, "primary": True, "numbers": elsewhere}],
        products=[APPROVED | {"numbers": elsewhere}],
    )

    assert [orphans(local, RELEASE).found for _ in range(3)] == [0, 0, 0]
    assert set(elsewhere) <= set(assignments(local)[1])


def test_a_run_over_some_subaccounts_names_none(start: Start) -> None:
    local = with_an_orphan(start)

    assert local.run({"subaccounts": [account(1), account(2)]}).orphans is None
    assert orphans(local).named_before == 0


def test_a_run_in_which_a_subaccount_failed_names_none(start: Start, faults: list[Fault]) -> None:
    local = with_an_orphan(start)

    def no_list(request: Request) -> Response | None:
        return error(404, 20404, "no") if account(2) in request.path else None

    faults.append(no_list)
    failed = local.run(RELEASE)

    assert (failed.status, failed.orphans) == ("FAILED", None)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (error(403, 20403, "no"), "Twilio refused GET "),
        (error(401, 20005, "Account not active"), "Twilio refused the credentials at GET "),
    ],
)
def test_an_account_that_cannot_be_listed_is_said_and_fails_nothing(
    answer: Response, said: str, start: Start, faults: list[Fault]
) -> None:
    suspended = subaccount(3, numbers=1, status="suspended")
    local = with_an_orphan(start, subaccounts=[subaccount(1), suspended])
    faults.append(lambda request: answer if f"/{account(3)}/Incoming" in request.path else None)

    found = orphans(local, RELEASE)

    assert found.found == 0
    assert found.message.startswith(f"Orphans were not looked for: {said}")


def test_a_number_that_lives_after_all_is_not_removed(start: Start, faults: list[Fault]) -> None:
    local = with_an_orphan(start)
    orphans(local)

    def found(request: Request) -> Response | None:
        if request.path.endswith(f"/IncomingPhoneNumbers/{phone_number(1, 0)}.json"):
            return Response(200, {"sid": phone_number(1, 0), "phone_number": "+15125550100", "capabilities": {}})
        return None

    faults.append(found)
    report = local.run(RELEASE)

    assert report.orphans
    assert (report.orphans.named_before, report.orphans.released) == (1, 0)
    assert deletes(report.twilio_calls) == 0


def test_two_runs_at_once_are_not_two_in_a_row(start: Start) -> None:
    local = with_an_orphan(start)
    runs = [local.engine.start_execution(RELEASE) for _ in range(2)]

    for run in runs:
        assert local.engine.wait(run, timeout=60)["status"] == "SUCCEEDED"

    assert phone_number(1, 0) in assignments(local)[1]


def test_an_orphan_that_twilio_does_not_let_go_is_kept_and_told(start: Start, faults: list[Fault]) -> None:
    local = with_an_orphan(start)
    local.simulator.controls.release(phone_number(2, 0))
    orphans(local)
    refused: list[str] = []

    def needed(request: Request) -> Response | None:
        if request.method == "DELETE" and PROFILE in request.path and not refused:
            refused.append(request.path)
            return error(400, 22205, "needed by another product")
        return None

    faults.append(needed)

    assert orphans(local, RELEASE).released == 1
    assert len(refused) == 1
    assert orphans(local, RELEASE).released == 1
    assert PRODUCT in {bundle.sid for bundle in local.simulator.state.trust_products}
    assert all(len(bundle) == 2 for bundle in assignments(local))
