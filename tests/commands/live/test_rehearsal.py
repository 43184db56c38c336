"""`--twilio URL`: doctor and run --live with a simulated Twilio in Twilio's place."""

import json
import socket
import sys
import threading
from pathlib import Path

import pytest

from shaken_stir.cli.main import execute
from shaken_stir.live import account, rehearsal
from shaken_stir.live.rehearsal import RehearsalError
from shaken_stir.live.state_file import StateFile, StateFileError, default_path
from simulator.simulator import Simulator
from tests.commands.live.conftest import Command, Start
from tests.commands.live.laptop import Terminal

ACCOUNT = "AC" + "1" * 32
HERE, THERE = "http://127.0.0.1:8010", "http://127.0.0.1:8011"


@pytest.mark.parametrize("typed", ["http://user:secret@127.0.0.1:8010", "http://192.0.2.1:8010", ""])
@pytest.mark.parametrize("arguments", [["doctor"], ["run", "--live", "--yes"]], ids=["doctor", "run"])
def test_an_address_that_may_not_answer_is_a_wrong_option(arguments: list[str], typed: str, command: Command) -> None:
    code, out, err = command(*arguments, "--twilio", typed)

    with pytest.raises(RehearsalError) as refused:
        rehearsal.address(typed)
    assert (code, out) == (2, "")
    assert err == f"shaken-stir {arguments[0]}: {refused.value}\n"
    assert "secret" not in err


def test_from_a_look_to_submitted_and_its_status_without_a_word_to_twilio(  # noqa: PLR0913, PLR0917 - each by its name
    simulator: Simulator,
    command: Command,
    twilio: Start,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    itself = twilio()
    itself.known_here(monkeypatch)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    note = f"Rehearsal: {simulator.url} answers in Twilio's place; nothing at Twilio is read or changed."

    code, told, _ = command("doctor", "--twilio", simulator.url)
    assert code == 0
    assert told.startswith(note)
    _, told, _ = command("doctor", "--twilio", simulator.url, "--json")
    assert json.loads(told)["twilio"] == simulator.url
    code, told, _ = command("run", "--live", "--dry-run", "--twilio", simulator.url)
    assert code == 0
    assert told.startswith(note)
    assert {call.split()[0] for call in simulator.calls} == {"GET"}

    code, told, _ = command("run", "--live", "--yes", "--twilio", simulator.url)
    assert code == 0
    assert "Submitted: waiting for Twilio's review (" in told
    assert told.startswith(note)
    assert told.endswith(f"{note}\n")
    before = simulator.calls
    code, told, err = command("run", "--live", "--yes", "--json", "--twilio", simulator.url)
    report = json.loads(told)
    assert note in err
    assert report["twilio"] == simulator.url
    # The look before it sends GETs, too; POSTs are only the run's.
    assert not any(call.startswith("POST") for call in report["twilio_calls"])
    sent = {call: simulator.calls[call] - before.get(call, 0) for call in simulator.calls}
    assert all(count <= sent[call] for call, count in report["twilio_calls"].items())

    assert execute(["status", "--live", "--twilio", simulator.url, "--unsigned"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("0 of 4 eligible numbers are signed; Twilio has been reviewing the Trust Product since ")
    assert "Read from the state file " in told
    assert told.count("in-review since") == 4

    assert itself.sent == []
    [kept] = tmp_path.rglob("AC*.json")
    place = simulator.url.removeprefix("http://").replace(":", "_")
    assert kept == tmp_path / "shaken-stir/rehearsal" / place / f"{simulator.account_sid}.json"
    assert json.loads(kept.read_text())["twilio"] == simulator.url


def test_the_question_names_where_it_will_be_changed(
    simulator: Simulator, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("n"))

    _, out, err = command("run", "--live", "--twilio", simulator.url)

    assert err == f"Go on, in the rehearsal at {simulator.url}? [y/N] "
    assert "Nothing was changed." in out
    assert {call.split()[0] for call in simulator.calls} == {"GET"}


@pytest.mark.parametrize("arguments", [["doctor"], ["run", "--live", "--dry-run"], ["run", "--live", "--yes"]])
def test_an_address_where_nothing_answers_is_told_in_one_sentence(arguments: list[str], command: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"

        code, out, err = command(*arguments, "--twilio", url)

    assert (code, out) == (2, "")
    assert f"Nothing answers at {url}" in err
    assert "start `shaken-stir twilio`" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["doctor"], ["run", "--live", "--dry-run"]])
def test_a_host_that_is_not_in_dns_is_told_as_such(arguments: list[str], command: Command) -> None:
    code, out, err = command(*arguments, "--twilio", "https://no-such-host.invalid")

    assert (code, out) == (2, "")
    assert "no-such-host.invalid was not found in DNS; correct --twilio" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(("arguments", "where"), [(["doctor"], 1), (["run", "--live", "--dry-run"], 2)])
def test_credentials_of_another_account_are_told(
    arguments: list[str], where: int, simulator: Simulator, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "f" * 32)

    code, *said = command(*arguments, "--twilio", simulator.url)

    assert code == 1
    assert f"{simulator.url} refused the credentials (HTTP 401); export the TWILIO_ACCOUNT_SID" in said[where - 1]
    assert "f" * 32 not in "".join(said)


def test_a_proxy_gets_no_token(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        heard: list[str] = []

        def listen() -> None:
            while True:
                try:
                    connection, _ = proxy.accept()
                except OSError:
                    return
                heard.append("a request")
                connection.close()

        threading.Thread(target=listen, daemon=True).start()
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        parent = account.credentials(
            {"TWILIO_ACCOUNT_SID": simulator.account_sid, "TWILIO_AUTH_TOKEN": simulator.auth_token}
        )

        rehearsal.see_that_it_answers(simulator.url)
        found = account.trust_hub(parent, simulator.url).subaccounts()

    assert len(found) == 2
    assert heard == []


@pytest.mark.parametrize(
    ("written_for", "opened_for", "told"),
    [
        (HERE, None, f"is that of a rehearsal with {HERE}, not of Twilio itself; choose another with --state"),
        (None, HERE, f"is that of Twilio itself, not of a rehearsal with {HERE}; choose another with --state"),
        (HERE, THERE, f"is that of a rehearsal with {HERE}, not of a rehearsal with {THERE}"),
    ],
)
def test_a_state_file_belongs_to_one_twilio(
    written_for: str | None, opened_for: str | None, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "state.json"
    with StateFile(path, ACCOUNT, written_for) as file:
        file.write([])

    with pytest.raises(StateFileError, match=told.replace(".", r"\.")), StateFile(path, ACCOUNT, opened_for):
        pass
    with StateFile(path, ACCOUNT, written_for):
        pass


def test_each_address_has_a_folder_of_its_own(tmp_path: Path) -> None:
    environment = {"XDG_STATE_HOME": str(tmp_path)}
    places = [None, HERE, THERE, "http://[::1]:8010", "http://localhost:8010", "https://twilio.acme.example"]

    paths = [default_path(ACCOUNT, environment, place) for place in places]

    assert len(set(paths)) == len(places)
    assert [it.relative_to(tmp_path / "shaken-stir").parts[0] for it in paths[1:]] == ["rehearsal"] * (len(places) - 1)


@pytest.mark.parametrize(
    "arguments",
    [["run", "--twilio", HERE], ["run", "--twilio", ""], ["doctor", "--stack", "shaken-stir", "--twilio", HERE]],
)
def test_there_is_no_rehearsal_of_anything_else(arguments: list[str], command: Command) -> None:
    code, out, err = command(*arguments)

    assert (code, out) == (2, "")
    assert "--twilio" in err
    assert err.count("\n") == 1
