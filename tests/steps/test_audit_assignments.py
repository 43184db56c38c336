"""What somebody else changes at Twilio: the audit notices, and the table is put right."""

import time
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

import audit_assignments
from audit_assignments import AuditAssignmentsEvent
from onboarding.table.left_out_checks import read_left_out_checks
from onboarding.twilio.http import CarefulRetry
from simulator.messages import Request
from simulator.records import EndpointAssignment
from simulator.sids import new_sid
from tests.dying import Killed, Process, mortal
from tests.steps.conftest import Start
from tests.steps.event_bridge import ENTRY, refusing
from tests.steps.steps import BUNDLES, Steps
from tests.steps.whole_fleet import APPROVED, audit, go_through, manifest, summarise
from tests.world import PRODUCT, PROFILE, account, phone_number, posts, small_pages, subaccount


@pytest.mark.parametrize("bundles", [[PROFILE], [PRODUCT], [PROFILE, PRODUCT]])
def test_a_number_that_was_taken_off_is_put_back(start: Start, bundles: list[str]) -> None:
    steps = start(products=[APPROVED], subaccounts=[subaccount(1)])
    go_through(steps)
    for bundle in bundles:
        steps.simulator.controls.drop_assignment(bundle, phone_number(1, 0))
    before = posts(steps.simulator.calls)

    found = go_through(steps, "second")

    assert (found["vanished"], found["adopted"]) == (1, 0)
    assert posts(steps.simulator.calls) == before + len(bundles)
    on_profile, on_product = steps.assignments()
    assert len(on_profile) == len(set(on_profile)) == len(on_product) == len(set(on_product)) == 2
    assert set(steps.stages().values()) == {"on_trust_product"}
    go_through(steps, "third")
    assert posts(steps.simulator.calls) == before + len(bundles)


def test_an_assignment_made_by_hand_is_taken_over_without_a_look(start: Start) -> None:
    first = subaccount(1)
    first["numbers"][0]["refuse"] = {"code": 22205, "message": "not now"}
    steps = start(products=[APPROVED], subaccounts=[first])
    go_through(steps)
    assert steps.stages()[phone_number(1, 0)] == "refused"
    for bundle in (*steps.simulator.state.customer_profiles, *steps.simulator.state.trust_products):
        by_hand = EndpointAssignment(sid=new_sid("RA"), endpoint_type="phone-number", number_sid=phone_number(1, 0))
        bundle.endpoints.add(by_hand)
    before = dict(steps.simulator.calls)

    found = go_through(steps, "second")

    assert (found["vanished"], found["adopted"]) == (0, 1)
    assert set(steps.stages().values()) == {"on_trust_product"}
    sent = {call: count - before.get(call, 0) for call, count in steps.simulator.calls.items()}
    assert posts(sent) == 0
    assert sum(count for call, count in sent.items() if "ChannelEndpoint" in call) == 2  # the audit's


def test_a_failed_page_changes_nothing(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CarefulRetry, "get_backoff_time", lambda _: 0)
    small_pages(monkeypatch, phone_numbers=500, others=5)
    steps = start(products=[APPROVED], subaccounts=[subaccount(1, numbers=7)])
    go_through(steps)
    steps.simulator.controls.drop_assignment(PRODUCT, phone_number(1, 0))
    before = steps.stages()
    steps.simulator.controls.plan_fault(
        operation="GET */ChannelEndpointAssignments", mentioning="PageToken", status=503, times=0
    )

    event: dict[str, Any] = {"business_profile_sid": PROFILE, "trust_product_sid": PRODUCT, "manifest": manifest(steps)}
    error, _ = steps.failure("audit_assignments", **event)
    assert error == "TwilioUnavailable"
    assert steps.stages() == before

    steps.simulator.controls.clear_faults()
    assert steps.invoke("audit_assignments", **event)["vanished"] == 1
    assert steps.stages() == before | {phone_number(1, 0): "on_business_profile"}


def test_a_list_that_lags_takes_nothing_for_vanished(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = start(products=[APPROVED], subaccounts=[subaccount(1, numbers=4)], lag=100_000)
    steps.onboard()
    monkeypatch.setenv("LIST_SETTLE_SECONDS", "600")
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        steps.simulator.controls.lag(0)

    monkeypatch.setattr(audit_assignments, "time", SimpleNamespace(sleep=sleep, monotonic=time.monotonic))
    found = audit(steps, "second")

    assert slept == [600]
    assert (found["vanished"], found["adopted"]) == (0, 0)
    assert set(steps.stages().values()) == {"on_trust_product"}


def test_what_vanished_lately_is_noticed_at_the_second_look(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = start(products=[APPROVED], subaccounts=[subaccount(1)])
    go_through(steps)
    steps.simulator.controls.drop_assignment(PRODUCT, phone_number(1, 0))
    looks: list[str] = []
    steps.simulator.interpose(lambda request: looks.append(filtered(request)))
    monkeypatch.setenv("LIST_SETTLE_SECONDS", "600")
    monkeypatch.setattr(audit_assignments, "time", SimpleNamespace(sleep=lambda _: None, monotonic=time.monotonic))

    assert audit(steps, "second")["vanished"] == 1
    assert [it for it in looks if it] == [phone_number(1, 0)] * 2


def filtered(request: Request) -> str:
    """The numbers that a list of assignments is asked for, empty if it is asked for all."""
    return request.query.get("ChannelEndpointSids", "")


def test_more_than_one_step_can_read_is_said(
    start: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = start(products=[APPROVED], subaccounts=[subaccount(1)])
    go_through(steps)
    monkeypatch.setattr(audit_assignments, "MOST_NUMBERS", 1)

    found = audit(steps, "second")

    assert (found["vanished"], found["adopted"], found["assigned"]) == (0, 0, None)
    assert found["message"].startswith(f"The audit was left out: {PROFILE} has more assignments than")
    [(kind, announced)] = [it for it in steps.announced if it[0] == "Check Left Out"]
    assert (kind, announced["check"], announced["message"]) == ("Check Left Out", "audit", found["message"])
    assert '"ChecksLeftOut":[1.0]' in capsys.readouterr().out.replace(" ", "")
    [left_out] = read_left_out_checks(steps.table)
    assert (left_out.check, left_out.execution, left_out.message) == ("audit", "second", found["message"])


def test_a_check_is_left_out_until_a_later_run_over_the_whole_fleet(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = start(products=[APPROVED], subaccounts=[subaccount(1)])
    go_through(steps)
    with monkeypatch.context() as patched:
        patched.setattr(audit_assignments, "MOST_NUMBERS", 1)
        audit(steps, "second")
    summarise(steps, "second")
    assert [it.execution for it in read_left_out_checks(steps.table)] == ["second"]

    summarise(steps, "of one account", subaccounts=[account(1)])
    assert [it.execution for it in read_left_out_checks(steps.table)] == ["second"]
    summarise(steps, "third")
    assert read_left_out_checks(steps.table) == []


def drift(steps: Steps) -> list[dict[str, Any]]:
    return [detail for kind, detail in steps.announced if kind == "Drift Found"]


def test_what_was_lost_is_announced_by_subaccount_once(start: Start) -> None:
    steps = start(products=[APPROVED])
    go_through(steps)
    for number in (phone_number(1, 0), phone_number(2, 0), phone_number(2, 1)):
        steps.simulator.controls.drop_assignment(PRODUCT, number)

    for execution in ("second", "third"):
        go_through(steps, execution)

    [found] = drift(steps)
    assert (found["id"], found["execution"], found["trust_product_sid"]) == ("second/drift", "second", PRODUCT)
    assert (found["vanished"], found["subaccounts"]) == (3, 2)
    assert found["losses"] == [
        {"subaccount_sid": account(2), "vanished": 2},
        {"subaccount_sid": account(1), "vanished": 1},
    ]
    assert found["message"] == (
        f"Found 3 numbers of 2 subaccounts without an assignment that they had at Twilio: {account(2)} (2), "
        f"{account(1)} (1); this run assigns them again, as far as they are still there."
    )


def test_an_audit_that_is_killed_before_it_corrects_announces_the_same_again(start: Start) -> None:
    steps = start(products=[APPROVED])
    go_through(steps)
    steps.simulator.controls.drop_assignment(PRODUCT, phone_number(1, 0))
    event: dict[str, Any] = {"execution": "second", "manifest": manifest(steps, "second"), **BUNDLES}
    process = Process(3)
    with mortal(), pytest.raises(Killed), process.running():
        steps.invoke("audit_assignments", **event)
    assert process.killed_before == "PutItem"

    steps.invoke("audit_assignments", **event)

    first, again = drift(steps)
    assert first == again


def test_what_was_lost_goes_back_to_work_although_it_cannot_be_announced(start: Start) -> None:
    steps = start(products=[APPROVED], subaccounts=[subaccount(1)])
    go_through(steps)
    steps.simulator.controls.drop_assignment(PRODUCT, phone_number(1, 0))

    with refusing(ENTRY):
        assert audit(steps, "second")["vanished"] == 1

    assert steps.stages()[phone_number(1, 0)] == "on_business_profile"


def test_an_announcement_of_losses_names_the_first_three_in_its_sentence_and_a_hundred_in_all() -> None:
    event = AuditAssignmentsEvent.model_validate(
        {"execution": "nightly", "manifest": {"bucket": "b", "key": "k", "count": 120}, **BUNDLES}
    )

    found = audit_assignments.announcement(event, Counter({account(it): 1 for it in range(120)}))

    assert (found.vanished, found.subaccounts, len(found.losses)) == (120, 120, 100)
    assert f"{account(0)} (1), {account(1)} (1), {account(2)} (1) and 117 more; this run" in found.message
