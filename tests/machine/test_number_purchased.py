"""Numbers just bought are taken through by their own event, without a look at the rest of the fleet.

The account and the numbers that it names are checked before anything is made.
"""

import json
from typing import Any

import pytest

from onboarding.table.numbers import read_named_numbers
from onboarding.table.outcomes import read_fleet
from shaken_stir.project import ROOT
from shaken_stir.simulated.place import SimulatedPlace
from simulator.messages import Request, Response
from tests.machine.conftest import Fault, Start
from tests.machine.interruptions import Kills
from tests.world import (
    NAMED,
    PRODUCT,
    PROFILE,
    account,
    announced,
    assignments,
    output,
    phone_number,
    posts,
    product,
    stages,
    subaccount,
    told,
)

EVENT: dict[str, Any] = json.loads((ROOT / "events/number_purchased.json").read_text(encoding="utf-8"))
NUMBER = "GET /2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers/{Sid}.json"
CALLS_BESIDES = 6
"""Profile, account, product, its connection, and what is assigned on both; each number takes three."""
MISSPELT = "PN" + "f" * 32
UNKNOWN = "AC" + "e" * 32
PARENT = "AC" + "0123456789abcdef" * 2


def purchased(account_sid: str, *sids: str, **more: Any) -> dict[str, Any]:
    return EVENT | {"detail": {"subaccounts": [account_sid], "phone_numbers": list(sids), **more}}


@pytest.mark.parametrize("count", [1, 3])
def test_each_takes_three_calls_and_all_together_six_more(start: Start, count: int) -> None:
    local = start()
    local.run(NAMED)
    bought = [local.simulator.controls.buy(account(1)) for _ in range(count)]

    report = local.run(purchased(account(1), *bought))

    assert report.status == "SUCCEEDED"
    assert sum(report.twilio_calls.values()) == 3 * count + CALLS_BESIDES
    assert report.twilio_calls[NUMBER] == count
    assert posts(report.twilio_calls) == 2 * count
    assert "GET /2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers.json" not in report.twilio_calls
    assert {stages(local, account(1))[sid] for sid in bought} == {"on_trust_product"}
    assert all(bundle.count(sid) == 1 for bundle in assignments(local) for sid in bought)


def test_it_takes_no_more_when_nothing_is_known_of_the_fleet_yet(start: Start) -> None:
    local = start(products=[product(business_profile=PROFILE)])

    report = local.run(purchased(account(2), phone_number(2, 1)))

    assert report.status == "SUCCEEDED"
    assert sum(report.twilio_calls.values()) == 3 + CALLS_BESIDES
    assert stages(local, account(2)) == {phone_number(2, 1): "on_trust_product"}


def test_a_number_of_the_parent_is_bought_like_any_other(start: Start) -> None:
    local = start(
        products=[product(business_profile=PROFILE)],
        parent={"sid": account(9), "numbers": [{"sid": phone_number(9, 0)}]},
    )

    report = local.run(purchased(account(9), phone_number(9, 0)))

    assert report.status == "SUCCEEDED"
    assert assignments(local) == ([phone_number(9, 0)], [phone_number(9, 0)])
    assert [item["friendly_name"] for item in read_fleet(local.table)] == ["parent account"]


def test_the_subaccount_keeps_its_name(start: Start) -> None:
    local = start()
    local.run(NAMED)

    local.run(purchased(account(1), local.simulator.controls.buy(account(1))))

    names = {item["sk"]: item["friendly_name"] for item in read_fleet(local.table)}
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


def nothing_made(local: SimulatedPlace) -> bool:
    """Whether Twilio has seen nothing but GETs, and there is no product."""
    return {call.split()[0] for call in local.simulator.calls} == {"GET"} and not list(
        local.simulator.state.trust_products
    )


WRONG_ACCOUNTS = {
    UNKNOWN: f"{UNKNOWN} is not a subaccount of {PARENT}",
    account(2): f"{account(2)} is suspended; only active subaccounts can be worked on",
    account(3): f"{account(3)} is closed; only active subaccounts can be worked on",
}


@pytest.mark.parametrize("sid", WRONG_ACCOUNTS)
def test_a_wrong_account_is_told_before_a_product_is_made(start: Start, sid: str) -> None:
    local = start(subaccounts=[subaccount(1), subaccount(2, status="suspended"), subaccount(3, status="closed")])

    report = local.run(purchased(sid, phone_number(1, 0), **NAMED))

    sentence = f"The request was refused: subaccounts[0]: {WRONG_ACCOUNTS[sid]}"
    assert (report.error, report.cause) == ("InvalidRequest", told("InvalidRequest", sentence))
    assert nothing_made(local)


@pytest.mark.parametrize(
    ("sids", "words"),
    [
        ([phone_number(2, 0)], f"{phone_number(2, 0)} is not a number"),
        ([MISSPELT], f"{MISSPELT} is not a number"),
        ([MISSPELT, phone_number(2, 0)], f"{MISSPELT}, {phone_number(2, 0)} are not numbers"),
        (
            [phone_number(7, number) for number in range(102)],
            f"{', '.join(phone_number(7, number) for number in range(100))} and 2 more are not numbers",
        ),
    ],
    ids=["another account's", "misspelt", "both", "many"],
)
def test_a_request_of_wrong_numbers_alone_is_told_before_a_product_is_made(
    start: Start, sids: list[str], words: str
) -> None:
    local = start()

    report = local.run(purchased(account(1), *sids, **NAMED))

    sentence = f"The request was refused: phone_numbers: {words} of {account(1)}"
    assert (report.error, report.cause) == ("InvalidRequest", told("InvalidRequest", sentence))
    assert nothing_made(local)
    assert read_fleet(local.table) == []


def test_a_wrong_number_is_named_with_its_reason_and_the_others_are_signed(start: Start) -> None:
    local = start()

    arn = local.engine.start_execution(
        purchased(account(1), phone_number(1, 0), MISSPELT, phone_number(1, 1))["detail"] | NAMED
    )
    local.engine.wait(arn, timeout=60)

    left_out = [{"phone_number_sid": MISSPELT, "reason": f"it is not a number of {account(1)}"}]
    assert output(local, arn)["summary"]["left_out"] == left_out
    assert stages(local, account(1)) == {phone_number(1, 0): "on_trust_product", phone_number(1, 1): "on_trust_product"}
    [told_to_people] = announced(local, "Subaccounts Onboarded")
    assert (told_to_people["numbers_left_out"], told_to_people["left_out"]) == (1, left_out)
    assert told_to_people["message"].endswith(
        f"Left out of the request: {MISSPELT} (it is not a number of {account(1)})."
    )


def test_a_wrong_number_is_asked_for_once_and_told_in_the_report(start: Start) -> None:
    local = start(products=[product(business_profile=PROFILE)])

    report = local.run(purchased(account(1), phone_number(1, 0), phone_number(2, 0), phone_number(1, 1)))

    assert report.status == "SUCCEEDED"
    assert [(it.phone_number_sid, it.reason) for it in report.left_out] == [
        (phone_number(2, 0), f"it is not a number of {account(1)}")
    ]
    assert report.twilio_calls[NUMBER] == 3
    assert sorted(assignments(local)[1]) == [phone_number(1, 0), phone_number(1, 1)]


def test_a_subaccount_that_fails_is_announced_with_the_numbers_that_were_left_out(
    start: Start, faults: list[Fault]
) -> None:
    def no_assignment(request: Request) -> Response | None:
        return Response(403, {}) if "ChannelEndpointAssignments" in request.path else None

    faults.append(no_assignment)
    local = start(products=[product(business_profile=PROFILE)])

    report = local.run(purchased(account(1), phone_number(1, 0), MISSPELT))

    assert report.error == "SubaccountsFailed"
    assert report.cause
    assert f"Left out of the request: {MISSPELT} (it is not a number of {account(1)})" in report.cause
    [failed] = announced(local, "Subaccounts Failed")
    assert failed["numbers_left_out"] == 1
    assert [it["phone_number_sid"] for it in failed["left_out"]] == [MISSPELT]


@pytest.mark.parametrize("turn", [1, 2, 9])
def test_a_check_that_is_cut_off_is_made_again(start: Start, turn: int) -> None:
    local = start(products=[product(business_profile=PROFILE)])
    with Kills(local, ["list_subaccounts"], turn, stop=False).awaited():
        report = local.run(purchased(account(1), phone_number(1, 0), MISSPELT))

    assert report.status == "SUCCEEDED"
    assert [it.phone_number_sid for it in report.left_out] == [MISSPELT]
    assert assignments(local) == ([phone_number(1, 0)], [phone_number(1, 0)])


def test_an_execution_that_began_before_numbers_were_checked_looks_at_them_itself(start: Start) -> None:
    local = start(products=[product(business_profile=PROFILE)])
    event = {
        "execution": "began-before",
        "subaccount_sid": account(1),
        "phone_numbers": [phone_number(1, 0)],
        "page_url": None,
        "regions": ["US"],
        "business_profile_sid": PROFILE,
        "trust_product_sid": PRODUCT,
    }

    page = local.engine.invoke("list_phone_numbers", event)

    assert page == {"phone_numbers": [phone_number(1, 0)], "next_page_url": None}
    assert local.simulator.calls == {NUMBER: 1}


def test_no_phone_number_is_in_the_data_of_the_run(start: Start) -> None:
    local = start(products=[product(business_profile=PROFILE)])
    arn = local.engine.start_execution(purchased(account(1), phone_number(1, 0))["detail"])
    local.engine.wait(arn, timeout=60)

    [checked] = read_named_numbers(local.table, arn.rpartition(":")[2])
    assert checked.phone_number == "+15125550100"
    assert "5125550100" not in json.dumps(local.engine.history(arn), default=str)
