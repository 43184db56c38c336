"""What a person or a script is shown of the plan, and what doctor says of numbers that are not signed."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shaken_stir.live.state_file import StateFile, default_path
from simulator.fleet import Fleet
from simulator.simulator import Simulator
from tests.commands.live.conftest import Command
from tests.commands.live.laptop import Terminal
from tests.commands.schemas import parsed
from tests.world import PROFILE, a_fleet, account, phone_number, product, subaccount

REFUSED, CANADIAN = phone_number(1, 9), phone_number(1, 8)
MANY = 20
BOTH = "to be put on the Business Profile and the Trust Product"
NUMBERS = [
    {"sid": REFUSED, "phone_number": "+15125550109", "refuse": {"code": 22205, "message": "It is another account's."}},
    {"sid": CANADIAN, "phone_number": "+14165550110"},
]
FLEET = a_fleet(
    subaccounts=[subaccount(1) | {"numbers": [*subaccount(1)["numbers"], *NUMBERS]}, subaccount(2, MANY)],
    review={"seconds": 500_000},
)
ASSIGNED = [*(phone_number(1, index) for index in range(2)), *(phone_number(2, index) for index in range(MANY))]
ALMOST_DONE = FLEET | {
    "profiles": [{"sid": PROFILE, "status": "twilio-approved", "primary": True, "numbers": ASSIGNED}],
    "products": [product(status="in-review", business_profile=PROFILE, numbers=ASSIGNED)],
}

almost_done = pytest.mark.parametrize("simulator", [ALMOST_DONE], indirect=True, ids=["almost done"])


@pytest.fixture
def simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    with Simulator(Fleet.model_validate(getattr(request, "param", FLEET))) as simulated:
        yield simulated


def state_of(simulator: Simulator, folder: Path) -> Path:
    return default_path(simulator.account_sid, {"XDG_STATE_HOME": str(folder)}, simulator.url)


def numbers_of(plan: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {number["sid"]: number for whose in plan["accounts"] for number in whose["numbers"]}


def sent(simulator: Simulator, *methods: str) -> int:
    return sum(count for call, count in simulator.calls.items() if call.split()[0] in methods)


def test_a_dry_run_prints_the_plan_as_one_object_and_nothing_else(
    simulator: Simulator, command: Command, tmp_path: Path
) -> None:
    code, out, err = command("run", "--live", "--dry-run", "--json", "--twilio", simulator.url)

    plan = parsed(out, "plan")
    assert (code, err, out.count("\n")) == (0, "", 1)
    assert (plan["account_sid"], plan["twilio"], plan["state_file"]) == (simulator.account_sid, simulator.url, None)
    assert (plan["in_the_way"], plan["changes"]) == ([], True)
    assert (plan["creates"], plan["connects"], plan["submits"]) == ("Acme Voice", True, True)
    assert [(it["sid"], len(it["numbers"])) for it in plan["accounts"]] == [(account(1), 4), (account(2), MANY)]
    number = numbers_of(plan)[phone_number(2, 0)]
    assert (number["phone_number"], number["stage"]) == ("+15125550100", "discovered")
    assert number["will_be_put_on"] == ["business_profile", "trust_product"]
    canadian = numbers_of(plan)[CANADIAN]
    assert (canadian["will_be_put_on"], canadian["reason"]) == ([], "its region is CA, not US")
    assert plan["posts"]["/v1/TrustProducts/{Sid}/ChannelEndpointAssignments"] == 23
    assert sum(plan["gets"].values()) > 0
    assert sent(simulator, "POST", "DELETE") == 0
    assert not list(tmp_path.rglob("AC*"))


@pytest.mark.parametrize("how", ["--dry-run", "--yes"])
def test_a_run_that_would_fail_says_so_in_the_object_and_the_exit_code(
    how: str, simulator: Simulator, command: Command, tmp_path: Path
) -> None:
    (tmp_path / "request.json").write_text("{}")

    code, out, _ = command("run", "--live", how, "--json", "--twilio", simulator.url)

    plan = parsed(out, "plan")
    assert code == 1
    assert "has no SHAKEN/STIR Trust Product yet" in plan["in_the_way"][0]
    assert (plan["changes"], plan["accounts"], plan["posts"]) == (False, [], {})


def test_a_dry_run_and_a_doctor_look_while_a_run_has_the_file(
    simulator: Simulator, command: Command, tmp_path: Path
) -> None:
    with StateFile(state_of(simulator, tmp_path), simulator.account_sid, simulator.url) as file:
        file.write([])

        assert command("run", "--live", "--dry-run", "--twilio", simulator.url)[0] == 0
        assert command("doctor", "--twilio", simulator.url)[0] == 0


def test_the_plan_names_some_numbers_of_each_account_and_all_when_asked(simulator: Simulator, command: Command) -> None:
    _, some, _ = command("run", "--live", "--dry-run", "--twilio", simulator.url)
    _, every, _ = command("run", "--live", "--dry-run", "--numbers", "--twilio", simulator.url)

    assert f"    Subaccount 1 ({account(1)}): 3 numbers to be assigned, 1 ineligible\n" in some
    assert f"      +14165550110 ({CANADIAN}): ineligible: its region is CA, not US\n" in some
    assert f"    Subaccount 2 ({account(2)}): {MANY} numbers to be assigned\n" in some
    assert some.count(BOTH) == 3 + 3
    assert f"      … and {MANY - 3} more (--numbers names all)\n" in some
    assert every.count(BOTH) == 3 + MANY
    assert "more (" not in every


@almost_done
def test_doctor_reads_the_state_file_that_it_is_told_and_nothing_is_asked_when_nothing_would_be_changed(
    simulator: Simulator, command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    terminal = Terminal("n")
    monkeypatch.setattr(sys, "stdin", terminal)
    elsewhere = tmp_path / "elsewhere.json"
    in_it = ("--state", str(elsewhere), "--twilio", simulator.url)
    assert command("run", "--live", "--yes", *in_it)[0] == 0
    before = sent(simulator, "POST")

    _, unknown, _ = command("doctor", "--twilio", simulator.url)
    _, known, _ = command("doctor", *in_it)

    assert (
        f"? There is no state file {state_of(simulator, tmp_path)}: what a run would do is told as of a first"
        in unknown
    )
    assert "! 1 on neither.\n" in unknown
    assert f"✓ What they did is known from {elsewhere}." in known
    assert "! 1 refused by Twilio.\n" in known

    code, out, err = command("run", "--live", *in_it)

    assert (code, err, terminal.asked) == (0, "", 0)
    assert "  change nothing\n" in out
    assert "Twilio refused it: It is another account's. (code 22205); tried again after 2" in out
    assert "(0 POSTs)" in out
    assert sent(simulator, "POST") == before


@almost_done
def test_doctor_names_what_is_not_signed_and_never_as_well(
    simulator: Simulator, command: Command, tmp_path: Path
) -> None:
    command("run", "--live", "--yes", "--twilio", simulator.url)
    simulator.controls.buy(account(2), phone_number="+15125550177")
    [profile] = simulator.state.customer_profiles
    [product] = simulator.state.trust_products
    simulator.controls.drop_assignment(product.sid, phone_number(1, 0))
    for bundle in (profile, product):
        simulator.controls.drop_assignment(bundle.sid, phone_number(1, 1))

    code, told, _ = command("doctor", "--twilio", simulator.url)
    _, printed, _ = command("doctor", "--json", "--twilio", simulator.url)

    assert code == 0
    whose = f"Subaccount 1, {account(1)}"
    for line in (
        f"  ✓ {MANY} on the Trust Product.\n",
        "  ! 1 on the Business Profile only.\n",
        f"      +15125550100 ({phone_number(1, 0)} of {whose}): to be put on the Trust Product\n",
        "  ! 2 on neither.\n",
        f"      +15125550100 ({phone_number(1, 1)} of {whose}): {BOTH}\n",
        f"of Subaccount 2, {account(2)}): {BOTH}\n",
        "  ! 1 refused by Twilio.\n",
        f"      +15125550109 ({REFUSED} of {whose}): Twilio refused it: It is another account's. (code 22205); tried",
        "  ! 1 ineligible: its region is CA, not US.\n",
        f"      +14165550110 ({CANADIAN} of {whose}): ineligible: its region is CA, not US\n",
        f"  ✓ What they did is known from {state_of(simulator, tmp_path)}.\n",
        f"    Subaccount 1 ({account(1)}): 2 numbers to be assigned, 1 refused, 1 ineligible\n",
        "  ✓ in all: 5 POSTs",
    ):
        assert line in told
    found = json.loads(printed)
    assert found["numbers"] == {
        "on_trust_product": MANY,
        "on_business_profile": 1,
        "discovered": 2,
        "refused": 1,
        "ineligible": 1,
    }
    assert numbers_of(found)[REFUSED]["error_code"] == 22205
    assert found["state_file"] == str(state_of(simulator, tmp_path))


def test_doctor_names_a_dozen_of_many_and_all_when_asked(simulator: Simulator, command: Command) -> None:
    _, some, _ = command("doctor", "--twilio", simulator.url)
    _, every, _ = command("doctor", "--numbers", "--twilio", simulator.url)

    assert f"! {MANY + 3} on neither.\n" in some
    assert some.count(BOTH) == 12
    assert f"      … and {MANY + 3 - 12} more (--numbers names all)\n" in some
    assert every.count(BOTH) == MANY + 3


DAMAGED = {
    "no JSON": ("{", "is damaged ("),
    "of Twilio itself": (
        '{"format": 1, "account_sid": "SID", "items": []}',
        "is that of Twilio itself, not of a rehearsal with http://127.0.0.1:",
    ),
}


@pytest.mark.parametrize("case", DAMAGED)
@pytest.mark.parametrize("arguments", [["doctor"], ["run", "--live", "--dry-run"]], ids=["doctor", "run"])
def test_a_state_file_that_cannot_be_read_is_told_in_one_sentence(
    arguments: list[str], case: str, simulator: Simulator, command: Command, tmp_path: Path
) -> None:
    text, told = DAMAGED[case]
    file = tmp_path / "state.json"
    file.write_text(text.replace("SID", simulator.account_sid).replace("URL", simulator.url))

    code, out, err = command(*arguments, "--state", str(file), "--twilio", simulator.url)

    assert (code, out) == (2, "")
    assert f"The state file {file} {told}" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["doctor"], ["run", "--live", "--dry-run"]], ids=["doctor", "run"])
def test_an_item_of_a_state_file_that_cannot_be_read_is_reported_and_ends_no_command(
    arguments: list[str], simulator: Simulator, command: Command, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sid = next(iter(simulator.state.accounts)).sid
    subaccount_sid = next(it.sid for it in simulator.state.accounts if it.sid != sid)
    item = {"pk": {"S": f"SUBACCOUNT#{subaccount_sid}"}, "sk": {"S": "NUMBER#PN1"}, "stage": {"N": "1"}}
    content = {"format": 1, "account_sid": simulator.account_sid, "twilio": simulator.url, "items": [item]}
    file = tmp_path / "state.json"
    file.write_text(json.dumps(content))

    code, out, _ = command(*arguments, "--state", str(file), "--twilio", simulator.url)

    assert code in {0, 1}
    assert "damaged" not in out
    assert f"SUBACCOUNT#{subaccount_sid}, NUMBER#PN1" in caplog.text
