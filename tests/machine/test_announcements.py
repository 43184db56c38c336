"""What a run tells those who listen: each verdict once, how the subaccounts came out, orphans."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema
import pytest

from onboarding.announcements import ANNOUNCEMENTS
from onboarding.table.outcomes import read_fleet
from onboarding.table.products import read_trust_product, record_trust_product
from onboarding.trust_products import Status, TrustProductRecord
from simulator.messages import Request, Response
from tests.machine.conftest import Fault, Start
from tests.machine.interruptions import Kills
from tests.world import (
    NAMED,
    PRODUCT,
    PROFILE,
    account,
    announced,
    error,
    output,
    phone_number,
    product,
    subaccount,
)
from tools.announcement_schemas import FOLDER, file_of, schemas

APPROVED = product(business_profile=PROFILE)
ONBOARDED = "Subaccounts Onboarded"


def test_an_approval_is_announced_once(start: Start) -> None:
    local = start()

    assert local.run(NAMED).announced == [ONBOARDED, "Trust Product Approved"]
    assert local.run({}).announced == [ONBOARDED]


def test_announcements_are_put_on_the_stack_s_own_bus(start: Start) -> None:
    local = start()
    local.run(NAMED)

    assert {bus for bus, _ in local.engine.events} == {"local"}


OFF = "The daily run is off"
DAILY = {"ScheduleExpression": "cron(0 6 * * ? *)"}


@pytest.mark.parametrize(
    ("parameters", "request_", "said"),
    [({}, {}, True), ({}, {"subaccounts": [account(1)]}, False), (DAILY, {}, False)],
    ids=["whole fleet", "one subaccount", "daily run on"],
)
def test_a_run_over_the_whole_fleet_says_that_the_daily_run_is_off(
    parameters: dict[str, str],
    request_: dict[str, Any],
    said: bool,  # noqa: FBT001
    start: Start,
) -> None:
    local = start(products=[APPROVED], parameters=parameters)
    local.run(request_)

    [onboarded] = announced(local, ONBOARDED)
    assert (OFF in onboarded["message"]) is said


def test_an_execution_of_an_older_definition_says_nothing_of_the_daily_run(start: Start) -> None:
    local = start(products=[APPROVED])
    arn = local.engine.start_execution({}, name="older")
    local.engine.wait(arn, timeout=30)
    manifest = output(local, arn)["manifest"]

    local.engine.invoke("summarise_subaccounts", {"execution": "older", "manifest": manifest})

    first, older = announced(local, ONBOARDED)
    assert OFF in first["message"]
    assert OFF not in older["message"]


def test_a_revoked_product_is_noticed_recorded_and_announced_once(start: Start) -> None:
    local = start(products=[APPROVED])
    local.run({})
    local.simulator.controls.revoke(PRODUCT, errors=[18601])

    report = local.run({})

    assert (report.status, report.error) == ("FAILED", "TrustProductRejected")
    assert report.announced == ["Trust Product Rejected"]
    [rejection] = announced(local, "Trust Product Rejected")
    assert rejection["id"].startswith(f"{PRODUCT}/twilio-rejected/20")
    assert (rejection["trust_product_sid"], rejection["errors"]) == (PRODUCT, [18601])
    record = read_trust_product(local.table, PRODUCT)
    assert record
    assert [(it.status.value, it.errors) for it in record.history] == [
        ("twilio-approved", []),
        ("twilio-rejected", [18601]),
    ]
    assert local.run({}).announced == []


def test_each_rejection_of_a_product_is_announced_and_kept(start: Start) -> None:
    local = start(review={"seconds": 1, "verdict": "rejected", "errors": [18602]})
    first, again = local.run(NAMED), local.run({"resubmit": True})

    assert first.announced == again.announced == [ONBOARDED, "Trust Product Rejected"]
    assert first.trust_product
    record = read_trust_product(local.table, first.trust_product.sid)
    assert record
    review = ["pending-review", "twilio-rejected"]
    assert [it.status.value for it in record.history if it.status.value != "in-review"] == ["draft", *review, *review]
    assert {tuple(it.errors) for it in record.history if it.status.value == "twilio-rejected"} == {(18602,)}


def test_failed_subaccounts_are_announced_before_the_review_ends(start: Start, faults: list[Fault]) -> None:
    def no_list(request: Request) -> Response | None:
        return error(404, 20404, "gone") if account(2) in request.path else None

    faults.append(no_list)
    local = start()

    report = local.run(NAMED)

    assert report.announced == ["Subaccounts Failed", "Trust Product Approved"]
    [failed] = announced(local, "Subaccounts Failed")
    assert (failed["onboarded"], failed["failed"]) == (1, 1)
    [failure] = failed["failures"]
    assert (failure["subaccount_sid"], failure["error"]) == (account(2), "TwilioRefused")


def test_a_number_that_twilio_names_is_kept_in_the_table_and_told_nobody(start: Start, faults: list[Fault]) -> None:
    def refused(request: Request) -> Response | None:
        if request.method == "POST" and "ChannelEndpointAssignments" in request.path:
            return error(400, 21211, "+14155550123 is being ported")
        return error(403, 20003, "+14155550123 and 4155550124 are not yours") if account(2) in request.path else None

    faults.append(refused)
    local = start(subaccounts=[subaccount(1, numbers=1), subaccount(2)])

    report = local.run(NAMED)

    assert {it.reason for it in local.phone_numbers(account(1))} == {"+14155550123 is being ported"}
    [failed] = announced(local, "Subaccounts Failed")
    [failure] = failed["failures"]
    [recorded] = [item for item in read_fleet(local.table) if "error" in item]
    assert failure["error"] == recorded["error"] == "TwilioRefused"
    for told in (report.cause, failed["message"], failure["message"], recorded["message"]):
        assert "'+…0123 and +…0124 are not yours'" in str(told)


def test_a_run_says_how_many_subaccounts_have_changed(start: Start) -> None:
    local = start(products=[APPROVED])
    local.run({})
    local.run({})
    local.simulator.controls.buy(account(2))
    local.run({})

    assert [detail["changed"] for detail in announced(local, ONBOARDED)] == [2, 0, 1]


def test_a_released_number_that_is_forgotten_changes_nothing(start: Start) -> None:
    local = start(products=[APPROVED])
    local.run({})
    local.simulator.controls.release(phone_number(1, 0))
    local.run({})
    local.engine.client("dynamodb").delete_item(
        TableName=local.engine.environment["TABLE_NAME"],
        Key={"pk": {"S": f"SUBACCOUNT#{account(1)}"}, "sk": {"S": f"NUMBER#{phone_number(1, 0)}"}},
    )
    local.run({})

    assert [detail["changed"] for detail in announced(local, ONBOARDED)] == [2, 1, 0]


def test_a_subaccount_that_is_recorded_again_has_changed_all_the_same(start: Start) -> None:
    local = start(products=[APPROVED])
    with Kills(local, ["record_subaccount"], turn=9, stop=False).awaited():
        local.run({})

    assert [detail["changed"] for detail in announced(local, ONBOARDED)] == [2]


def test_an_answer_that_newer_news_have_overtaken_is_not_announced(start: Start) -> None:
    local = start(products=[APPROVED])
    revoked = TrustProductRecord(sid=PRODUCT, status=Status.REJECTED, announced=Status.REJECTED)
    record_trust_product(local.table, revoked, datetime.now(UTC) + timedelta(hours=1))

    assert local.run({}).announced == [ONBOARDED]


def test_every_announcement_is_of_its_published_schema(start: Start, faults: list[Fault]) -> None:
    local = start(products=[APPROVED])
    local.run({})
    local.simulator.controls.release(phone_number(1, 0))
    local.run({})
    local.simulator.controls.revoke(PRODUCT)
    local.run({})
    faults.append(lambda request: error(404, 20404, "gone") if account(2) in request.path else None)
    local.run({"resubmit": True})

    assert {event["detail-type"] for event in local.engine.announced} == {it.detail_type for it in ANNOUNCEMENTS}
    for event in local.engine.announced:
        schema = json.loads(file_of(event["detail-type"]).read_text(encoding="utf-8"))
        jsonschema.validate(event["detail"], schema, cls=jsonschema.Draft202012Validator)


def test_the_published_schemas_are_in_step() -> None:
    assert {path: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()} == schemas(), "run `make docs`"
