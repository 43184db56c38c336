"""Numbers just bought are taken through by their own event, without a look at the rest of the fleet.

The account and the numbers that it names are checked before anything is made.
"""

import json
from typing import Any

from onboarding.table.numbers import read_named_numbers
from shaken_stir.project import ROOT
from tests.machine.conftest import Start
from tests.world import (
    NAMED,
    PROFILE,
    account,
    announced,
    assignments,
    output,
    phone_number,
    posts,
    product,
    stages,
    told,
)

EVENT: dict[str, Any] = json.loads((ROOT / "events/number_purchased.json").read_text(encoding="utf-8"))
NUMBER = "GET /2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers/{Sid}.json"
CALLS_BESIDES = 6
"""Profile, account, product, its connection, and what is assigned on both; each number takes three."""
FIRST_LOOKS = 3
"""The list of Trust Products for whose numbers these are; it and the list of profiles for other bundles."""
MISSPELT = "PN" + "f" * 32


def purchased(account_sid: str, *sids: str, **more: Any) -> dict[str, Any]:
    return EVENT | {"detail": {"subaccounts": [account_sid], "phone_numbers": list(sids), **more}}


def test_each_takes_three_calls_and_all_together_six_more(start: Start) -> None:
    local = start(products=[product(business_profile=PROFILE)])
    local.run({})
    bought = [local.simulator.controls.buy(account(1)) for _ in range(3)]

    report = local.run(purchased(account(1), *bought))

    assert report.status == "SUCCEEDED"
    assert sum(report.twilio_calls.values()) == 3 * 3 + CALLS_BESIDES
    assert report.twilio_calls[NUMBER] == 3
    assert posts(report.twilio_calls) == 2 * 3
    assert "GET /2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers.json" not in report.twilio_calls
    assert set(report.subaccounts) == {account(1)}
    assert report.audit is None
    assert {stages(local, account(1))[sid] for sid in bought} == {"on_trust_product"}
    assert all(bundle.count(sid) == 1 for bundle in assignments(local) for sid in bought)


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
    # When nothing is known of the fleet yet, it also looks once for other products, and for other bundles.
    assert sum(local.simulator.calls.values()) == 3 + CALLS_BESIDES + FIRST_LOOKS
    # No phone number is in the data of the run.
    [checked] = read_named_numbers(local.table, arn.rpartition(":")[2])
    assert checked.phone_number == "+15125550100"
    assert "5125550100" not in json.dumps(local.engine.history(arn), default=str)


def test_a_request_of_wrong_numbers_alone_is_told_before_a_product_is_made(start: Start) -> None:
    local = start()

    report = local.run(purchased(account(1), MISSPELT, **NAMED))

    sentence = f"The request was refused: phone_numbers: {MISSPELT} is not a number of {account(1)}"
    assert (report.status, report.error, report.cause) == ("FAILED", "InvalidRequest", told("InvalidRequest", sentence))
    assert posts(report.twilio_calls) == 0
    assert report.subaccounts == {}
    assert list(local.simulator.state.trust_products) == []


def test_a_wrong_number_is_named_with_its_reason_and_the_others_are_signed(start: Start) -> None:
    local = start()
    request = purchased(account(1), phone_number(1, 0), phone_number(2, 0), phone_number(1, 1))["detail"]

    arn = local.engine.start_execution(request | NAMED)
    local.engine.wait(arn, timeout=60)

    left_out = [{"phone_number_sid": phone_number(2, 0), "reason": f"it is not a number of {account(1)}"}]
    assert output(local, arn)["summary"]["left_out"] == left_out
    assert stages(local, account(1)) == {phone_number(1, 0): "on_trust_product", phone_number(1, 1): "on_trust_product"}
    assert local.simulator.calls[NUMBER] == 3
    [told_to_people] = announced(local, "Subaccounts Onboarded")
    assert (told_to_people["numbers_left_out"], told_to_people["left_out"]) == (1, left_out)

    again = local.run(request)
    assert [it.model_dump() for it in again.left_out] == left_out
