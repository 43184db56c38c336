"""`shaken-stir doctor` on an account that it cannot tell from a real one."""

import json
from pathlib import Path

import pytest

from simulator.messages import Response
from tests.commands.live.conftest import Doctor, Start
from tests.commands.live.doctor import DONE, FIRST
from tests.commands.live.twilio_itself import HOSTS
from tests.commands.output import run_in_ascii
from tests.commands.schemas import parsed
from tests.world import NEVER, PRODUCT, PROFILE, phone_number, subaccount
from tests.world import account as account_sid


def test_an_output_that_takes_only_ascii_gets_the_rest_as_numbers(
    twilio: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    twilio(**DONE).known_here(monkeypatch)

    code, told = run_in_ascii(monkeypatch, "doctor")

    assert code == 0
    assert f"  \\u2713 {PRODUCT} (twilio-approved): a run uses it.\n" in told


@pytest.mark.parametrize(
    ("command", "schema"), [(["doctor"], "diagnosis"), (["run", "--live", "--dry-run"], "plan")], ids=["doctor", "plan"]
)
def test_json_is_valid_where_only_ascii_is_taken(
    command: list[str], schema: str, twilio: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    twilio(subaccounts=[subaccount(1, friendly_name="Größe 😀")], **DONE).known_here(monkeypatch)

    _, printed = run_in_ascii(monkeypatch, *command, "--json")

    [account] = parsed(printed, schema)["accounts"]
    assert account["friendly_name"] == "Größe 😀"


def test_a_ready_account_is_told_line_by_line_and_changed_in_nothing(
    twilio: Start, doctor_here: Doctor, tmp_path: Path
) -> None:
    simulated = twilio(subaccounts=[subaccount(1), subaccount(2), subaccount(3, status="suspended")], **DONE)
    event = tmp_path / "request.json"
    event.write_text(json.dumps({"include_parent": True}))
    before = repr(simulated.simulator.state.trust_products.in_order())

    code, out, err = doctor_here(simulated, "--event", str(event))

    assert (code, err) == (0, "")
    for line in (
        "✓ The Auth Token of AC0123456789abcdef0123456789abcdef 'Parent' works; it is a parent account.",
        "✓ 2 subaccounts active; a run would work on 3 accounts.",
        f"! 1 subaccount suspended: {account_sid(3)}; only active ones are worked on.",
        f"✓ {PROFILE} 'Business Profile' (twilio-approved): a run uses it.",
        f"✓ {PRODUCT} (twilio-approved): a run uses it.",
        f"✓ It is connected to {PROFILE}",
        "✓ 4 numbers in all; eligible: 4 of US.",
        "✓ 2 on the Trust Product.",
        "! 2 on neither.\n",
        f"      +15125550100 ({phone_number(2, 0)} of Subaccount 2, {account_sid(2)}): to be put on",
        f"! 2 eligible of {account_sid(3)} (suspended) left out.",
        f"! 1 number assigned to the Business Profile more than once: {FIRST}.",
        "✓ put 2 numbers on the Trust Product",
        "✓ in all: 4 POSTs",
        "2  POST /v1/TrustProducts/{Sid}/ChannelEndpointAssignments",
        "Nothing is in the way. Nothing was changed: doctor sends GETs only.",
    ):
        assert line in out
    assert {(sent.method, sent.host) for sent in simulated.sent} == {("GET", host) for host in HOSTS}
    assert repr(simulated.simulator.state.trust_products.in_order()) == before
    assert out.startswith("Nothing is in the way. ")


def test_pages_are_followed_over_tls_too(twilio: Start, doctor_here: Doctor) -> None:
    numbers = [phone_number(1, index) for index in range(1001)]
    profiles = [{"sid": PROFILE, "status": "twilio-approved", "numbers": numbers}]
    simulated = twilio(subaccounts=[subaccount(1, 1001)], profiles=profiles, products=DONE["products"])

    _, out, _ = doctor_here(simulated, "--json")

    assert parsed(out, "diagnosis")["numbers"] == {"on_trust_product": 2, "on_business_profile": 999}
    paths = [sent.path for sent in simulated.sent]
    # Two pages, and one look-up.
    assert paths.count(f"/v1/CustomerProfiles/{PROFILE}/ChannelEndpointAssignments") == 2 + 1
    # 500, 500 and 1.
    assert paths.count(f"/2010-04-01/Accounts/{account_sid(1)}/IncomingPhoneNumbers.json") == 3


def test_json_is_one_object_and_nothing_else(twilio: Start, doctor_here: Doctor) -> None:
    code, out, err = doctor_here(twilio(**DONE), "--json")

    found = parsed(out, "diagnosis")
    assert (code, err) == (0, "")
    assert set(found) == {
        "account_sid",
        "in_the_way",
        "accounts",
        "deletes",
        "sections",
        "state_file",
        "subaccounts",
        "twilio",
        "numbers",
        "business_profile_sid",
        "trust_product_sid",
        "gets",
        "posts",
    }
    assert (found["twilio"], found["state_file"]) == (None, None)
    assert found["subaccounts"] == {"active": 2}
    assert found["posts"] == {
        "/v1/CustomerProfiles/{Sid}/ChannelEndpointAssignments": 2,
        "/v1/TrustProducts/{Sid}/ChannelEndpointAssignments": 2,
    }


@pytest.mark.parametrize(
    ("valid_until", "said"),
    [
        ("2020-01-01T00:00:00Z", "! The {} was valid until 2020-01-01 UTC ("),
        ("2126-01-01T00:00:00Z", "✓ The {} is valid until 2126-01-01 UTC (in "),
    ],
)
def test_until_when_the_profile_and_the_product_are_valid_is_told_and_in_nobody_s_way(
    twilio: Start, doctor_here: Doctor, valid_until: str, said: str
) -> None:
    ends = {kind: [bundles[0] | {"valid_until": valid_until}] for kind, bundles in DONE.items()}

    code, out, _ = doctor_here(twilio(**ends))

    told = " ".join(out.split())
    assert code == 0
    assert said.format(f"Business Profile {PROFILE}") in told
    assert said.format(f"Trust Product {PRODUCT}") in told


def test_what_is_in_the_way_is_told_and_ends_in_exit_code_1(twilio: Start, doctor_here: Doctor) -> None:
    code, out, _ = doctor_here(twilio())

    assert code == 1
    verdict, reason, _ = out.split("\n", 2)
    assert verdict == "Something is in the way. Nothing was changed: doctor sends GETs only."
    assert reason.startswith("  ✗ The account AC0123456789abcdef0123456789abcdef has no SHAKEN/STIR Trust Product yet")
    assert out.count("has no SHAKEN/STIR Trust Product yet") == 1


def test_orphans_are_not_concluded_from_a_fleet_that_could_not_be_read_in_full(
    twilio: Start, doctor_here: Doctor
) -> None:
    simulated = twilio(subaccounts=[subaccount(1), subaccount(2, status="suspended")], **DONE)
    simulated.simulator.controls.release(FIRST)
    simulated.simulator.controls.plan_fault(operation=f"GET */{account_sid(2)}/Incoming*", status=403, times=0)

    code, out, _ = doctor_here(simulated)

    assert code == 0
    assert f"! The numbers of {account_sid(2)} could not be read: Twilio refused GET" in out
    assert "? Orphans: not looked for" in out


def test_an_orphan_is_told(twilio: Start, doctor_here: Doctor) -> None:
    simulated = twilio(**DONE)
    simulated.simulator.controls.release(FIRST)

    _, out, _ = doctor_here(simulated)

    assert f"! 1 assigned number in no account any more: {FIRST}." in out


def test_a_look_up_that_misses_a_number_is_told(twilio: Start, doctor_here: Doctor) -> None:
    empty = Response(200, {"results": [], "meta": {"key": "results", "next_page_url": None}})
    simulated = twilio(**DONE)
    simulated.simulator.interpose(lambda asked: empty if "ChannelEndpointSids" in asked.query else None)

    code, out, _ = doctor_here(simulated)

    assert code == 1
    assert "✗ A look-up of assigned numbers by their SIDs did not find them all" in out


def test_a_rejection_is_told_with_what_twilio_s_evaluation_found(twilio: Start, doctor_here: Doctor) -> None:
    simulated = twilio(**DONE, review={"seconds": NEVER, "evaluation": "The business name does not match"})
    [product] = simulated.simulator.state.trust_products
    simulated.simulator.controls.revoke(product.sid, [18602])

    code, out, _ = doctor_here(simulated)

    said = " ".join(out.split())
    assert code == 1
    assert "(18602: the business registration number could not be verified" in said
    assert "Twilio says: Status: The business name does not match" in said.replace(
        "Primary Customer Profile Bundle", "Status"
    )
