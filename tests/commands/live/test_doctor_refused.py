"""`shaken-stir doctor` with credentials, or a request, that will not do."""

from pathlib import Path

import pytest

from tests.commands.live.conftest import Doctor, Start
from tests.world import account as account_sid


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"TWILIO_ACCOUNT_SID": ""}, "TWILIO_ACCOUNT_SID is not set"),
        ({"TWILIO_AUTH_TOKEN": ""}, "TWILIO_AUTH_TOKEN is not set"),
        (
            {"TWILIO_ACCOUNT_SID": "", "TWILIO_AUTH_TOKEN": ""},
            "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set",
        ),
        ({"TWILIO_ACCOUNT_SID": "SK" + "0" * 32}, "TWILIO_ACCOUNT_SID is an API key (SK...)"),
        ({"TWILIO_ACCOUNT_SID": "AC123"}, "is not AC and 32 hexadecimal digits"),
        ({"TWILIO_AUTH_TOKEN": '"0123"'}, "TWILIO_AUTH_TOKEN: it is within quotes: leave them out."),
        ({"TWILIO_AUTH_TOKEN": "01\u20ac23"}, "TWILIO_AUTH_TOKEN: it has a space or another character that no Auth"),
        ({"TWILIO_AUTH_TOKEN": "01 23"}, "TWILIO_AUTH_TOKEN: it has a space or another character that no Auth"),
    ],
)
def test_credentials_that_cannot_be_are_told_in_one_sentence(
    variables: dict[str, str], told: str, doctor_here: Doctor
) -> None:
    given = {"TWILIO_ACCOUNT_SID": account_sid(1), "TWILIO_AUTH_TOKEN": "0" * 32, **variables}

    code, out, err = doctor_here(None, **given)

    assert (code, out) == (2, "")
    assert err.startswith("shaken-stir doctor: ")
    assert err.count("\n") == 1
    assert told in err


def test_variables_that_choose_twilios_hosts_are_told_to_be_ignored(doctor_here: Doctor, twilio: Start) -> None:
    _, out, _ = doctor_here(twilio(), TWILIO_REGION="ie1", TWILIO_EDGE="dublin")

    assert "! TWILIO_REGION and TWILIO_EDGE are ignored" in out


def test_a_request_that_cannot_be_is_told_in_one_sentence(doctor_here: Doctor, twilio: Start, tmp_path: Path) -> None:
    event = tmp_path / "request.json"
    event.write_text('{"colour": 1}')

    code, out, err = doctor_here(twilio(), "--event", str(event))

    assert (code, out) == (2, "")
    assert "colour is not known" in err


def test_a_wrong_token_is_told_without_repeating_it(twilio: Start, doctor_here: Doctor) -> None:
    token = "f" * 32

    code, out, err = doctor_here(twilio(), TWILIO_AUTH_TOKEN=token)

    assert code == 1
    assert "✗ Twilio refused the credentials (HTTP 401); check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN" in out
    assert token not in out + err


def test_a_subaccount_s_credentials_are_recognised(
    twilio: Start, doctor_here: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated, parent = twilio(), "AC" + "9" * 32
    own = simulated.simulator.state.accounts.get(simulated.simulator.account_sid)
    monkeypatch.setattr(own, "owner_sid", parent)

    code, out, _ = doctor_here(simulated)

    assert code == 1
    assert f"a subaccount of {parent}; set the parent's SID and Auth Token" in " ".join(out.split())
    assert len(simulated.sent) == 1
