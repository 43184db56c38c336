"""What `shaken-stir run --live` refuses, before anything is changed."""

import json

import pytest

from shaken_stir.cli.main import execute
from tests.commands.live.conftest import Start
from tests.commands.live.laptop import Laptop, one_sentence, only_gets


def test_without_a_terminal_and_without_yes_nothing_is_sent(twilio: Start, laptop: Laptop) -> None:
    simulated = twilio()

    refused = laptop.run(simulated)

    assert refused.code == 2
    assert one_sentence(refused.err, "--yes")
    assert simulated.sent == []


BAD_STATES = {
    "another account's": ('{"format": 1, "account_sid": "AC1", "items": []}', "is that of the account AC1, not of"),
    "cut off": ('{"format": 1, "account_sid": "AC1", "ite', "is damaged ("),
    "of another format": ('{"format": 2, "account_sid": "AC1", "items": []}', "is damaged (format: "),
    "no keys": ('{"format": 1, "account_sid": "AC1", "items": [{"pk": {"S": "FLEET"}}]}', "is damaged (items: 0: sk: "),
}


@pytest.mark.parametrize("case", BAD_STATES)
def test_a_state_file_that_cannot_be_used_is_told_in_one_sentence(
    twilio: Start, laptop: Laptop, case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    simulated = twilio()
    simulated.known_here(monkeypatch)
    content, told = BAD_STATES[case]
    file = laptop.folder / "state.json"
    file.write_text(content)

    assert execute(["run", "--live", "--yes", "--state", str(file)]) == 2

    assert one_sentence(capsys.readouterr().err, f"The state file {file} {told}")
    assert simulated.sent == []
    assert file.read_text() == content


def test_a_state_file_with_a_damaged_item_is_refused_before_twilio_is_asked(
    twilio: Start, laptop: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    simulated = twilio()
    simulated.known_here(monkeypatch)
    item = {"pk": {"S": "FLEET"}, "sk": {"S": "TRUST_PRODUCT"}, "unsettled_until": {"N": "soon"}}
    file = laptop.folder / "state.json"
    file.write_text(json.dumps({"format": 1, "account_sid": simulated.simulator.account_sid, "items": [item]}))

    code = execute(["run", "--live", "--yes", "--event", str(laptop.event), "--state", str(file)])

    assert code == 2
    assert one_sentence(capsys.readouterr().err, "is damaged (FLEET, TRUST_PRODUCT is no item of the table)")
    assert simulated.sent == []


@pytest.mark.parametrize("missing", ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"])
def test_missing_credentials_are_told_in_one_sentence(
    twilio: Start, missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    simulated = twilio()
    simulated.known_here(monkeypatch)
    monkeypatch.delenv(missing)

    assert execute(["run", "--live", "--yes"]) == 2

    assert one_sentence(capsys.readouterr().err, f"{missing} is not set")
    assert simulated.sent == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--live", "--fleet", "3x3"],
        ["--live", "--time-scale", "0.1"],
        ["--live", "--repeat", "2"],
        ["--yes"],
        ["--wait"],
    ],
)
def test_options_that_do_not_go_together_are_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["run", *arguments]) == 2

    captured = capsys.readouterr()
    assert captured.out == ""
    assert one_sentence(captured.err, "--live")


def test_a_request_that_cannot_be_is_told_before_anything_is_changed(twilio: Start, laptop: Laptop) -> None:
    simulated = twilio()
    laptop.event.write_text("{}")

    refused = laptop.run(simulated, "--yes")

    assert refused.code == 1
    assert "has no SHAKEN/STIR Trust Product yet" in refused.out
    assert only_gets(simulated)
