import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import phonenumbers
import pytest

from simulator.fleet import Fleet, FleetError, load_fleet
from simulator.fleet_schema import SCHEMA_FILE, fleet_schema
from simulator.sids import numbered_sid

SMALL = Path(__file__).parents[3] / "simulator" / "fleets" / "small.json"
ACCOUNT, NUMBER, PROFILE, PRODUCT = (numbered_sid(prefix, 1) for prefix in ("AC", "PN", "BU", "BU"))


def region(phone_number: str) -> str | None:
    return phonenumbers.region_code_for_number(phonenumbers.parse(phone_number))


def refusal_of(tmp_path: Path, text: str) -> str:
    file = tmp_path / "fleet.json"
    file.write_text(text)
    with pytest.raises(FleetError) as caught:
        load_fleet(file)
    return str(caught.value).removeprefix(f"fleet file {file}: ")


def test_the_schema_beside_the_fleet_files_is_the_model_s() -> None:
    assert SCHEMA_FILE.read_text() == fleet_schema(), "run `make docs`"


def test_the_small_fleet_is_of_the_schema() -> None:
    jsonschema.validate(json.loads(SMALL.read_text()), json.loads(SCHEMA_FILE.read_text()))


def test_the_small_fleet_has_three_active_subaccounts_with_numbers_of_every_fate() -> None:
    fleet = load_fleet(SMALL)
    statuses = Counter(subaccount.status for subaccount in fleet.subaccounts)
    numbers = [number for sub in fleet.subaccounts if sub.status == "active" for number in sub.numbers]
    eligible = [n for n in numbers if n.voice and not n.refuse and region(n.phone_number) == "US"]
    assert statuses == {"active": 3, "suspended": 1}
    assert len(eligible) >= 27
    assert any(n.phone_number.startswith("+1800") for n in eligible)
    assert Counter(region(n.phone_number) for n in numbers)["CA"] == 1
    assert [n.voice for n in numbers].count(False) == 1
    assert len([n for n in numbers if n.refuse]) == 1
    assert fleet.products == []


@pytest.mark.parametrize("fleet", ["small", "3x700"])
def test_every_phone_number_is_fictional(fleet: str) -> None:
    for subaccount in load_fleet(SMALL if fleet == "small" else fleet).subaccounts:
        for number in subaccount.numbers:
            assert number.phone_number[5:10] == "55501"


def test_an_empty_fleet_has_a_parent_and_an_approved_primary_profile() -> None:
    fleet = Fleet()
    assert [(p.status, p.primary) for p in fleet.profiles] == [("twilio-approved", True)]
    assert fleet.review.seconds == 3


def test_a_generated_fleet_is_the_same_every_time_and_has_unique_sids() -> None:
    fleet = load_fleet("100x10")
    sids = [number.sid for subaccount in fleet.subaccounts for number in subaccount.numbers]
    assert fleet == load_fleet("100x10")
    assert len(fleet.subaccounts) == 100
    assert len(set(sids)) == 1000
    assert {region(n.phone_number) for sub in fleet.subaccounts for n in sub.numbers} == {"US"}


@pytest.mark.parametrize("size", ["100x", "x10", "0x5", "5x0", "-1x5", "999999x999999", "3X4"])
def test_a_size_that_makes_no_fleet_is_refused_in_a_sentence(size: str) -> None:
    with pytest.raises(FleetError, match=rf"^fleet {size}: a generated fleet is SUBACCOUNTSxNUMBERS such as 100x10, "):
        load_fleet(size)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(FleetError, match=r"^fleet file no/such\.json: there is no such file$"):
        load_fleet("no/such.json")


def test_a_directory_is_no_fleet_file(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match=r"cannot be read: Is a directory$"):
        load_fleet(tmp_path)


def test_broken_json_is_refused_with_line_and_column(tmp_path: Path) -> None:
    said = refusal_of(tmp_path, '{"parent": {},\n "profiles": [}')
    assert said == "line 2, column 15: not JSON: Expecting value"


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "fleet.json"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(FleetError, match=r"is not UTF-8 text$"):
        load_fleet(file)


@pytest.mark.parametrize(
    ("fleet", "said"),
    [
        ([], "input should be a valid dictionary or instance of Fleet"),
        ({"sub_accounts": []}, "sub_accounts: unknown key"),
        ({"subaccounts": [{}]}, "subaccounts[0].sid: missing"),
        ({"subaccounts": [{"sid": "ACxyz"}]}, "subaccounts[0].sid: does not match ^AC[0-9a-f]{32}$"),
        (
            {"subaccounts": [{"sid": ACCOUNT, "numbers": [{"sid": NUMBER, "voise": True}]}]},
            "subaccounts[0].numbers[0].voise: unknown key",
        ),
        (
            {"subaccounts": [{"sid": ACCOUNT, "status": "gone"}]},
            "subaccounts[0].status: input should be 'active', 'suspended' or 'closed'",
        ),
        ({"review": {"seconds": -1}}, "review.seconds: input should be greater than or equal to 0"),
        ({"subaccounts": [{"sid": ACCOUNT}, {"sid": ACCOUNT}]}, f"subaccounts[1].sid: {ACCOUNT} is used twice"),
        (
            {"profiles": [], "products": [{"sid": PRODUCT, "business_profile": PROFILE}]},
            f"products[0].business_profile: {PROFILE} is not among the profiles",
        ),
        (
            {"profiles": [{"sid": PROFILE, "numbers": [NUMBER]}]},
            f"profiles[0].numbers[0]: {NUMBER} is not a phone number of this fleet",
        ),
        (
            {"parent": {"numbers": [{"sid": NUMBER}]}, "products": [{"sid": PRODUCT, "numbers": [NUMBER]}]},
            f"products[0].numbers[0]: {NUMBER} is not on the product's business_profile",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, fleet: Any, said: str) -> None:
    assert refusal_of(tmp_path, json.dumps(fleet)) == said
