"""What a run over the whole fleet measures for the dashboard."""

import json

import pytest

from tests.steps.conftest import Start
from tests.steps.whole_run import run
from tests.world import NAMED, PROFILE, account, phone_number, product, subaccount

REFUSED = {"code": 22205, "message": "It belongs to another account"}


def measured(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """The metrics of the fleet that were written since the last look, by name."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"_aws"')]
    values = {name: value for line in lines for name, value in line.items() if name.startswith(("Fleet", "Need"))}
    return {name: value[0] for name, value in values.items()}


def test_the_numbers_of_all_are_measured_by_stage_and_what_needs_a_person(
    start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = subaccount(1, 3)
    odd["numbers"][0]["refuse"] = REFUSED
    odd["numbers"][1]["phone_number"] = "+14165550110"
    steps = start(subaccounts=[odd, subaccount(2)], products=[product(business_profile=PROFILE)])

    run(steps, NAMED)

    assert measured(capsys) == {
        "FleetOnTrustProduct": 3,
        "FleetOnBusinessProfile": 0,
        "FleetDiscovered": 0,
        "FleetRefused": 1,
        "FleetIneligible": 1,
        "FleetElsewhere": 0,
        "NeedAPerson": 1,
    }


def test_a_run_over_some_measures_nothing_of_the_fleet(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    steps = start(products=[product(business_profile=PROFILE)])

    run(steps, {"subaccounts": [account(1)], "phone_numbers": [phone_number(1, 0)], **NAMED})

    assert measured(capsys) == {}
