"""What those who listen are told: how the subaccounts came out, and every announcement in its published shape."""

import json
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest

import audit_assignments
from onboarding.announcements import ANNOUNCEMENTS
from onboarding.table.dynamodb import Key
from onboarding.table.outcomes import read_fleet
from shaken_stir.engine.template import Template
from shaken_stir.project import TEMPLATE
from tests.steps.conftest import Start
from tests.steps.event_bridge import ENTRY, REFUSALS, Refusal, refusing
from tests.steps.steps import Steps
from tests.steps.whole_fleet import APPROVED, audit, find_orphans, go_through, manifest, seen, summarise, to_be_checked
from tests.world import PRODUCT, PROFILE, account, phone_number, subaccount
from tools.announcement_schemas import FOLDER, file_of, schemas

OFF = "The daily run is off"
ONBOARDED = "Subaccounts Onboarded"
MISSPELT = "PN" + "f" * 32


def fail(steps: Steps, number: int, execution: str = "first") -> None:
    """Have List Phone Numbers fail for a subaccount, and record it, as the Map does."""
    event = {"regions": ["US"], "page": None, "phone_numbers": None, "business_profile_sid": PRODUCT}
    name, sentence = steps.failure(
        "list_phone_numbers", execution=execution, subaccount_sid=account(number), trust_product_sid=PRODUCT, **event
    )
    error = {"Error": name, "Cause": json.dumps({"errorType": name, "errorMessage": sentence})}
    steps.invoke(
        "record_subaccount", execution=execution, subaccount_sid=account(number), friendly_name="", error=error
    )


def of_kind(steps: Steps, kind: str) -> list[dict[str, Any]]:
    return [detail for told, detail in steps.announced if told == kind]


@pytest.mark.parametrize(
    ("daily_run", "event", "said"),
    [
        ("false", {"subaccounts": None}, True),
        ("false", {"subaccounts": [account(1)]}, False),
        ("true", {"subaccounts": None}, False),
    ],
    ids=["whole fleet", "one subaccount", "daily run on"],
)
def test_a_run_over_the_whole_fleet_says_that_the_daily_run_is_off(
    start: Start, daily_run: str, event: dict[str, Any], *, said: bool
) -> None:
    steps = start(subaccounts=[subaccount(1, numbers=0)], DAILY_RUN=daily_run)
    steps.onboard()

    summarise(steps, **event)

    [onboarded] = of_kind(steps, ONBOARDED)
    assert (OFF in onboarded["message"]) is said


def test_the_daily_run_is_off_unless_the_deployment_has_a_schedule() -> None:
    daily = {"ScheduleExpression": "cron(0 6 * * ? *)"}

    assert [Template(TEMPLATE, given).environment()["DAILY_RUN"] for given in ({}, daily)] == ["false", "true"]


def test_an_execution_of_an_older_definition_says_nothing_of_the_daily_run(start: Start) -> None:
    steps = start(subaccounts=[subaccount(1, numbers=0)])
    steps.onboard()

    steps.invoke("summarise_subaccounts", manifest=manifest(steps))

    [onboarded] = of_kind(steps, ONBOARDED)
    assert OFF not in onboarded["message"]


def test_a_run_says_how_many_subaccounts_have_changed(start: Start) -> None:
    steps = start(products=[APPROVED])
    for execution in ("first", "second", "third"):
        if execution == "third":
            steps.simulator.controls.buy(account(2))
        go_through(steps, execution)
        summarise(steps, execution)

    assert [detail["changed"] for detail in of_kind(steps, ONBOARDED)] == [2, 0, 1]


def test_a_released_number_that_is_forgotten_changes_nothing(start: Start) -> None:
    steps = start(products=[APPROVED], subaccounts=[subaccount(1)])
    for execution in ("first", "second", "third"):
        if execution == "second":
            steps.simulator.controls.release(phone_number(1, 0))
        if execution == "third":
            steps.table.delete_batch([Key(f"SUBACCOUNT#{account(1)}", f"NUMBER#{phone_number(1, 0)}")])
        go_through(steps, execution)
        summarise(steps, execution)

    assert [detail["changed"] for detail in of_kind(steps, ONBOARDED)] == [1, 1, 0]


def test_a_subaccount_that_fails_is_told_with_its_reason(start: Start) -> None:
    steps = start(products=[APPROVED])
    steps.onboard()
    steps.simulator.controls.plan_fault(operation=f"GET */{account(2)}/*", status=410, message="gone")
    fail(steps, 2)

    summary = summarise(steps)

    assert (summary["onboarded"], summary["failed"]) == (1, 1)
    [failed] = of_kind(steps, "Subaccounts Failed")
    assert (failed["onboarded"], failed["failed"], failed["message"]) == (1, 1, summary["message"])
    [failure] = failed["failures"]
    assert (failure["subaccount_sid"], failure["error"]) == (account(2), "TwilioRefused")


def test_a_number_that_twilio_names_is_told_nobody(start: Start) -> None:
    steps = start(products=[APPROVED])
    steps.onboard()
    steps.simulator.controls.plan_fault(
        operation=f"GET */{account(2)}/*", status=403, code=20003, message="+14155550123 and 4155550124 are not yours"
    )
    fail(steps, 2)

    summary = summarise(steps)

    [failed] = of_kind(steps, "Subaccounts Failed")
    [failure] = failed["failures"]
    [recorded] = [item for item in read_fleet(steps.table) if "error" in item]
    assert failure["error"] == recorded["error"] == "TwilioRefused"
    for told in (summary["message"], failed["message"], failure["message"], recorded["message"]):
        assert "'+…0123 and +…0124 are not yours'" in str(told)


@pytest.mark.parametrize("fails", [False, True])
def test_numbers_that_were_left_out_are_told_with_their_reason(start: Start, *, fails: bool) -> None:
    steps = start(products=[APPROVED])
    named: dict[str, Any] = {"subaccounts": [account(1)], "phone_numbers": [phone_number(1, 0), MISSPELT]}
    chosen = manifest(steps, **named)
    if fails:
        steps.simulator.controls.plan_fault(operation="*", status=403, times=0)
        fail(steps, 1)
    else:
        steps.onboard(phone_numbers=named["phone_numbers"])

    summary = steps.invoke("summarise_subaccounts", manifest=chosen, subaccounts=[account(1)])

    reason = f"it is not a number of {account(1)}"
    [(kind, told)] = steps.announced
    assert kind == ("Subaccounts Failed" if fails else ONBOARDED)
    assert summary["left_out"] == told["left_out"] == [{"phone_number_sid": MISSPELT, "reason": reason}]
    assert told["numbers_left_out"] == 1
    assert f"Left out of the request: {MISSPELT} ({reason})" in told["message"]
    assert (f"Left out of the request: {MISSPELT} ({reason})" in summary["message"]) is fails


@pytest.mark.parametrize("refusal", REFUSALS)
def test_an_announcement_that_is_not_taken_ends_no_run_and_is_in_the_log(
    start: Start, caplog: pytest.LogCaptureFixture, refusal: Refusal
) -> None:
    steps = start(products=[APPROVED])
    steps.onboard()
    steps.simulator.controls.plan_fault(operation=f"GET */{account(2)}/*", status=403, message="gone")
    fail(steps, 2)

    with refusing(refusal):
        summary = summarise(steps)

    assert (summary["onboarded"], summary["failed"]) == (1, 1)
    [told] = [it for it in caplog.records if it.getMessage() == "an announcement was not sent"]
    assert told.levelname == "ERROR"
    assert (vars(told)["announcement"], vars(told)["told"]) == ("Subaccounts Failed", summary["message"])


def test_an_announcement_that_is_not_taken_is_counted(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    steps = start(subaccounts=[subaccount(1, numbers=0)])
    steps.onboard()

    with refusing(ENTRY):
        summarise(steps)

    measured = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "AnnouncementsNotSent" in line]
    assert [it["AnnouncementsNotSent"] for it in measured] == [[1.0]]


def test_an_announcement_is_sent_again_when_it_is_not_taken_at_first(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    steps = start(subaccounts=[subaccount(1, numbers=0)])
    steps.onboard()

    with refusing(ENTRY, times=2):
        summarise(steps)

    assert [it["id"] for it in of_kind(steps, ONBOARDED)] == ["first/subaccounts"] * 3
    assert "an announcement was not sent" not in caplog.messages


def test_every_announcement_is_of_its_published_schema(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = start(products=[APPROVED])
    go_through(steps)
    summarise(steps)
    steps.invoke("check_trust_product", **to_be_checked(seen("in-review")))
    steps.simulator.controls.release(phone_number(1, 0))
    steps.simulator.controls.drop_assignment(PRODUCT, phone_number(1, 1))
    go_through(steps, "second")
    find_orphans(steps, "second", datetime.now(UTC))
    steps.simulator.controls.revoke(PRODUCT)
    steps.failure("check_trust_product", **to_be_checked(seen("twilio-approved")))
    steps.simulator.controls.set_validity(PROFILE, datetime(2020, 1, 1, tzinfo=UTC))
    steps.invoke("find_business_profile", business_profile_sid=None)
    steps.simulator.controls.plan_fault(operation=f"GET */{account(2)}/*", status=403)
    fail(steps, 2, "third")
    summarise(steps, "third")
    steps.simulator.controls.clear_faults()
    monkeypatch.setattr(audit_assignments, "MOST_NUMBERS", 1)
    audit(steps, "fourth")

    assert {kind for kind, _ in steps.announced} == {it.detail_type for it in ANNOUNCEMENTS}
    for kind, detail in steps.announced:
        schema = json.loads(file_of(kind).read_text(encoding="utf-8"))
        jsonschema.validate(detail, schema, cls=jsonschema.Draft202012Validator)


def test_the_published_schemas_are_in_step() -> None:
    assert {path: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()} == schemas(), "run `make docs`"
