"""`shaken-stir status --stack`: the same questions, asked of a deployed stack with the person's own credentials."""

import pytest

from onboarding.table.dynamodb import Table
from shaken_stir.cli.main import execute
from shaken_stir.defaults import STACK
from shaken_stir.simulated.place import SimulatedPlace
from tests.commands.deployed.conftest import Deploy
from tests.commands.schemas import parsed
from tests.world import NAMED, NEVER, PROFILE, phone_number, product, wait_until, waiting


def status(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = execute(["status", "--stack", STACK, *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_while_twilio_reviews_a_person_must_act_only_if_it_is_strict(
    deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    local = deploy(review={"seconds": NEVER})
    local.engine.start_execution(NAMED)
    assert wait_until(lambda: waiting(local))

    for strict, code in ([], 0), (["--strict"], 3):
        ended, out, _ = status(capsys, "--exit-code", *strict)

        assert ended == code
        assert "0 of 4 eligible numbers are signed; Twilio has been reviewing the Trust Product since" in out
        assert "Twilio names up to 72 hours, and it may take longer." in out


def compared(local: SimulatedPlace, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    return status(capsys, "--check", "--twilio", local.simulator.url, *arguments)


@pytest.fixture
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("_credentials")
def test_a_fleet_that_is_signed_is_told_and_needs_nobody_and_a_comparison_tells_where_the_table_is_wrong(
    deploy: Deploy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    local = deploy(products=[product(business_profile=PROFILE)])
    local.run(NAMED)
    # Nothing but items and queries is asked for.
    for write in ("put", "put_if", "update", "put_batch", "delete", "delete_batch"):
        monkeypatch.setattr(Table, write, None)

    code, out, _ = status(capsys, "--exit-code", "--strict")

    assert code == 0
    assert out.startswith("4 of 4 eligible numbers are signed.\nRead from the stack shaken-stir, us-east-1 at ")
    assert status(capsys, "--since", "1h")[0] == 0
    assert status(capsys, "--csv", "-")[0] == 0

    code, out, err = compared(local, capsys)

    assert (code, out) == (2, "")
    assert err.startswith("shaken-stir status: TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set")
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", local.simulator.account_sid)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", local.simulator.auth_token)
    code, out, _ = compared(local, capsys)
    assert (code, out) == (0, "4 numbers of the table compared with Twilio: 0 differences.\n")
    sent = local.twilio_calls()

    controls = local.simulator.controls
    controls.drop_assignment(product()["sid"], phone_number(1, 0))
    controls.release(phone_number(1, 1))
    bought = controls.buy(f"AC{2:032x}")
    code, out, _ = compared(local, capsys)

    assert code == 1
    [lost, came, gone, total] = out.splitlines()
    assert lost.startswith(f"+15125550100 ({phone_number(1, 0)} of Subaccount 1, ")
    assert lost.endswith("the Trust Product in the table, but on the Business Profile only at Twilio.")
    assert f"({bought} of Subaccount 2, " in came
    assert came.endswith(" is not in the table: it came since the last run, and is on neither at Twilio.")
    assert phone_number(1, 1) in gone
    assert gone.endswith("but Twilio no longer lists it in its account.")
    assert total == (
        "4 numbers of the table compared with Twilio: 3 differences. The next run over the whole fleet corrects them."
    )
    assert {call.split()[0] for call in local.twilio_calls() - sent} == {"GET"}
    code, out, _ = compared(local, capsys, "--json")
    found = parsed(out, "comparison")
    assert (found["compared"], len(found["differences"]), found["unread"]) == (4, 3, {})
