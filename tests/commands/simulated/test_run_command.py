"""`shaken-stir run` and `shaken-stir twilio`, as a person or a script uses them."""

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import requests

from shaken_stir.cli.main import execute
from shaken_stir.project import EXAMPLE_EVENT, ROOT, SMALL_FLEET
from tests.commands.ctrl_c import Heard, press, process_ends_after
from tests.commands.output import run_in_ascii
from tests.commands.schemas import parsed
from tests.commands.simulated.running import SOON, Done, shaken_stir
from tests.world import NAMED

PROFILE = "BU10000000000000000000000000000000"
COMMAND = [sys.executable, "-m", "shaken_stir.cli.main"]


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """A run over the small fleet, told in words: its profile's validity has ended, and one name is no ASCII."""
    fleet = json.loads(SMALL_FLEET.read_text())
    fleet["profiles"][0]["valid_until"] = "2020-01-01T00:00:00Z"
    fleet["subaccounts"][2]["friendly_name"] = "Büro ☎"
    file, errors = written(fleet, tmp_path_factory.mktemp("words")), io.StringIO()
    with pytest.MonkeyPatch.context() as monkeypatch, redirect_stderr(errors):
        code, out = run_in_ascii(monkeypatch, "run", "--fleet", str(file), *SOON)
    return Done(code, out, errors.getvalue())


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "functions.log"


@pytest.fixture(scope="module")
def objects(log: Path) -> Done:
    """An event of EventBridge, run twice over the small fleet and told in JSON, with the functions' log kept."""
    event = str(ROOT / "events/onboarding_requested.json")
    return shaken_stir("run", "--event", event, "--repeat", "2", "--json", "--log", str(log), *SOON)


def written(fleet: dict[str, Any], folder: Path) -> Path:
    file = folder / "fleet.json"
    file.write_text(json.dumps(fleet))
    return file


def of_one_number(review: dict[str, Any]) -> dict[str, Any]:
    """The small fleet, of which one subaccount with one number is left."""
    fleet: dict[str, Any] = json.loads(SMALL_FLEET.read_text())
    [first, *_] = fleet["subaccounts"]
    return fleet | {"subaccounts": [first | {"numbers": first["numbers"][:1]}], "review": review}


def test_json_is_one_object_per_run_and_nothing_else(objects: Done) -> None:
    first, second = (parsed(line, "run") for line in objects.out.splitlines())
    assert (objects.code, objects.err) == (0, "")
    assert set(first) == {
        "status",
        "error",
        "cause",
        "trust_product",
        "subaccounts",
        "numbers",
        "audit",
        "orphans",
        "announced",
        "left_out",
        "counts",
        "duplicates",
        "validities",
        "unsigned",
        "twilio_calls",
        "state_transitions",
        "lambda_invocations",
        "seconds",
    }
    assert first["status"] == second["status"] == "SUCCEEDED"
    assert set(first["trust_product"]) == {"sid", "status", "created", "verdict_by"}
    assert first["trust_product"]["verdict_by"] in {"callback", "poll"}  # by how fast the run came to wait for it
    assert len(first["subaccounts"]) == 3
    assert first["numbers"]["on_trust_product"] == 30
    # A number costs two calls, a subaccount three, and a first run fewer than twenty-six.
    assert sum(first["twilio_calls"].values()) < 2 * 30 + 3 * 3 + 26
    assert sorted((it["reason"], it["explanation"]) for it in first["unsigned"]) == [
        ("ineligible", "it has no voice capability"),
        ("ineligible", "its region is CA, not US"),
        (
            "refused",
            "Twilio refused it: Phone number +16025550109 does not exist or belongs to another account (code 22205)",
        ),
    ]
    assert not [call for call in second["twilio_calls"] if call.startswith("POST")]
    assert sum(second["twilio_calls"].values()) <= 3 + 2 + 6


def test_the_functions_logs_are_kept_when_asked_for(objects: Done, log: Path) -> None:
    assert objects.code == 0
    content = log.read_text(encoding="utf-8")
    # Functions that run side by side may end their lines in each other's.
    entries = content.replace("}{", "}\n{").splitlines()
    lines: list[dict[str, Any]] = [json.loads(entry) for entry in entries if entry.strip()]
    assert any(line.get("message") == "callback taken in" for line in lines)
    done = [line for line in lines if line.get("message") == "done"]
    assert {line["step"] for line in done} >= {"local-ReadRequestFunction", "local-CheckTrustProductFunction"}
    assert len({line["correlation_id"] for line in done}) == 2  # one for each run
    assert "+1" not in content
    fleet = json.loads(SMALL_FLEET.read_text())
    assert fleet["parent"]["auth_token"] not in content


def test_without_a_terminal_each_change_is_a_line_and_the_end_is_told_in_words(words: Done) -> None:
    assert words.code == 0
    assert "Acme Support (AC10000000000000000000000000000001): done (13 on the Trust Product)" in words.out
    assert "Trust Product: twilio-approved" in words.out
    assert "30 of 31 eligible numbers of 3 accounts are signed with full (A) attestation." in words.out
    assert "its region is CA, not US" in words.out
    assert "(AC40000000000000000000000000000004) was left out: it is suspended" in words.out
    assert "Trust Hub calls" in words.out
    assert "Next: " in words.out
    assert words.err == ""


def test_names_stand_beside_sids(words: Done) -> None:
    assert re.search(r"\(PN\w{32} of Acme Sales, AC20000000000000000000000000000002\): ineligible", words.out)
    assert "Acme Holiday Line (AC40000000000000000000000000000004) was left out" in words.out


def test_until_when_the_profile_is_valid_is_told_and_its_end_announced_while_numbers_are_assigned(words: Done) -> None:
    told = " ".join(words.out.split())
    assert f"The Business Profile {PROFILE} was valid until 2020-01-01 UTC (" in told
    assert (
        "Events sent (docs/announcements.md): Validity Ending, Subaccounts Onboarded, Trust Product Approved." in told
    )
    assert "30 of 31 eligible numbers of 3 accounts are signed" in told


def test_an_output_that_takes_only_ascii_gets_the_rest_as_numbers(words: Done) -> None:
    assert (
        "B\\xfcro \\u260e (AC30000000000000000000000000000003): done (8 on the Trust Product, 1 refused)" in words.out
    )


def test_numbers_that_were_bought_go_through_the_template_s_rule_and_are_told_without_the_rest_of_the_fleet(
    tmp_path: Path,
) -> None:
    event = json.loads((ROOT / "events/number_purchased.json").read_text(encoding="utf-8"))
    sid, wrong = event["detail"]["subaccounts"][0], f"PN{'f' * 32}"
    event["detail"]["phone_numbers"].append(wrong)
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event))

    told = shaken_stir("run", "--event", str(file), *SOON)

    assert told.code == 0
    assert "of 1 account is signed" in told.out
    assert "was left out" not in told.out
    assert f"1 number of the request left out:\n  {wrong}: it is not a number of {sid}\n" in told.out


def test_a_run_that_fails_has_exit_code_1_and_says_what_to_do(tmp_path: Path) -> None:
    rejecting = of_one_number({"seconds": 1, "verdict": "rejected", "errors": [18606]})

    done = shaken_stir("run", "--fleet", str(written(rejecting, tmp_path)), *SOON)

    assert done.code == 1
    assert "FAILED" in done.out
    assert "TrustProductRejected: Twilio rejected the Trust Product" in done.out
    assert "18606: a representative's e-mail is not of the business's domain" in done.out


def test_a_request_with_a_wrong_account_is_refused_in_a_sentence(tmp_path: Path) -> None:
    event, foreign = tmp_path / "event.json", f"AC{'9' * 32}"
    event.write_text(json.dumps({"subaccounts": [foreign], **NAMED}), "utf-8")

    done = shaken_stir("run", "--event", str(event), *SOON)

    assert (done.code, done.err) == (1, "")
    assert f"InvalidRequest: The request was refused: subaccounts[0]: {foreign} is not a subaccount of AC" in done.out
    assert "(0 POSTs)" in done.out


def test_ctrl_c_ends_a_run_cleanly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(of_one_number({"seconds": 600}), tmp_path)
    out, threads = Heard({": done": press}), set(threading.enumerate())

    with process_ends_after(), redirect_stdout(out):
        code = execute(["run", "--fleet", str(file)])

    assert code == 130
    assert "SUCCEEDED" not in out.getvalue()
    assert capsys.readouterr().err == "Stopped. Nothing is left behind: run it again at any time.\n"
    assert set(threading.enumerate()) <= threads


def test_the_simulator_serves_alone_until_ctrl_c_where_only_ascii_is_taken_too() -> None:
    with subprocess.Popen(
        [*COMMAND, "twilio", "--port", str(free_port())],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        told = [process.stdout.readline()]
        while not told[-1].startswith("Ctrl-C"):
            told.append(process.stdout.readline())
        url = next(word for word in told[0].split() if word.startswith("http"))
        [typed] = [line for line in told if "export" in line]
        exported = dict(word.split("=") for word in typed.split()[1:])
        sid, token = exported["TWILIO_ACCOUNT_SID"], exported["TWILIO_AUTH_TOKEN"]
        accounts = requests.get(f"{url}/2010-04-01/Accounts.json", auth=(sid, token), timeout=5).json()
        process.send_signal(signal.SIGINT)
        process.wait(10)

    assert sid in {account["sid"] for account in accounts["accounts"]}
    assert f"run --live --twilio {url}" in "".join(told)
    assert process.returncode == 130


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def test_the_example_event_is_the_one_of_make_run() -> None:
    assert str(EXAMPLE_EVENT.relative_to(ROOT)) in (ROOT / "Makefile").read_text()
    assert os.access(SMALL_FLEET, os.R_OK)
