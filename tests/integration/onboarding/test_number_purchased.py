"""A number just bought is taken through by its own event, without a look at the rest of the fleet."""

import json
from typing import Any

from local.run import ROOT
from tests.integration.onboarding.conftest import Start
from tests.integration.onboarding.test_trust_product_choice import product
from tests.integration.onboarding.world import NAMED, PROFILE, account, assignments, phone_number, stages

EVENT: dict[str, Any] = json.loads((ROOT / "events/number_purchased.json").read_text(encoding="utf-8"))
MOST_CALLS = 8


def purchased(account_sid: str, *sids: str) -> dict[str, Any]:
    return EVENT | {"detail": {"subaccounts": [account_sid], "phone_numbers": list(sids)}}


def test_it_takes_at_most_eight_calls_after_the_fleet_was_onboarded(start: Start) -> None:
    local = start()
    local.run(NAMED)
    bought = local.simulator.controls.buy(account(1))

    report = local.run(purchased(account(1), bought))

    assert report.status == "SUCCEEDED"
    assert sum(report.twilio_calls.values()) <= MOST_CALLS
    assert "GET /2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers.json" not in report.twilio_calls
    assert stages(local, account(1))[bought] == "on_trust_product"
    assert all(bundle.count(bought) == 1 for bundle in assignments(local))


def test_it_takes_no_more_when_nothing_is_known_of_the_fleet_yet(start: Start) -> None:
    local = start(products=[product(business_profile=PROFILE)])

    report = local.run(purchased(account(2), phone_number(2, 1)))

    assert report.status == "SUCCEEDED"
    assert sum(report.twilio_calls.values()) <= MOST_CALLS
    assert stages(local, account(2)) == {phone_number(2, 1): "on_trust_product"}


def test_a_number_of_the_parent_is_bought_like_any_other(start: Start) -> None:
    local = start(
        products=[product(business_profile=PROFILE)],
        parent={"sid": account(9), "numbers": [{"sid": phone_number(9, 0)}]},
    )

    report = local.run(purchased(account(9), phone_number(9, 0)))

    assert report.status == "SUCCEEDED"
    assert assignments(local) == ([phone_number(9, 0)], [phone_number(9, 0)])


def test_the_subaccount_keeps_its_name(start: Start) -> None:
    local = start()
    local.run(NAMED)

    local.run(purchased(account(1), local.simulator.controls.buy(account(1))))

    names = {item["sk"]: item["friendly_name"] for item in local.table.fleet()}
    assert names[f"SUBACCOUNT#{account(1)}"] == "Subaccount 1"


def test_it_is_taken_from_the_stack_s_own_bus_and_no_other(start: Start) -> None:
    local = start(products=[product(business_profile=PROFILE)])
    client, machine = local.engine.client("events"), local.engine.state_machine_arn
    client.create_event_bus(Name="another-stack")
    entry = {
        "Source": EVENT["source"],
        "DetailType": EVENT["detail-type"],
        "Detail": json.dumps(purchased(account(2), phone_number(2, 1))["detail"]),
    }

    def started() -> list[str]:
        listed = local.engine.client("stepfunctions").list_executions(stateMachineArn=machine)
        return [it["executionArn"] for it in listed["executions"]]

    client.put_events(Entries=[entry, entry | {"EventBusName": "another-stack"}])
    assert started() == []

    client.put_events(Entries=[entry | {"EventBusName": local.engine.environment["EVENT_BUS_NAME"]}])
    [arn] = started()
    assert local.engine.wait(arn, timeout=30)["status"] == "SUCCEEDED"
    assert stages(local, account(2)) == {phone_number(2, 1): "on_trust_product"}
