"""`shaken-stir run` and `shaken-stir twilio`, as a person or a script uses them."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from shaken_stir.project import EXAMPLE_EVENT, ROOT, SMALL_FLEET

COMMAND = [sys.executable, "-m", "shaken_stir.cli.main"]


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_json_is_one_object_per_run_and_nothing_else() -> None:
    done = run("run", "--repeat", "2", "--json")

    first, second = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 0
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
        "twilio_calls",
        "state_transitions",
        "lambda_invocations",
        "seconds",
    }
    assert first["status"] == second["status"] == "SUCCEEDED"
    assert set(first["trust_product"]) == {"sid", "status", "created", "verdict_by"}
    assert first["trust_product"]["verdict_by"] in {"callback", "poll"}  # by how fast the run came to wait for it
    assert len(first["subaccounts"]) == 3
    assert first["numbers"]["on_trust_product"] >= 25
    assert not [call for call in second["twilio_calls"] if call.startswith("POST")]
    assert sum(second["twilio_calls"].values()) <= 3 + 2 + 6


@pytest.mark.parametrize(("fleet", "calls_per_number"), [("30x10", 2.4), ("1x300", 2.1)])
def test_many_numbers_cost_little_more_than_two_calls_each(fleet: str, calls_per_number: float) -> None:
    done = run("run", "--fleet", fleet, "--json")

    report = json.loads(done.stdout)
    assert report["numbers"] == {"on_trust_product": 300}
    assert sum(report["twilio_calls"].values()) / 300 <= calls_per_number


def test_without_a_terminal_each_change_is_a_line_and_the_end_is_told_in_words() -> None:
    done = run("run", "--time-scale", "0.1")

    assert done.returncode == 0
    assert "Acme Support (AC10000000000000000000000000000001): onboarded (13 on product)" in done.stdout
    assert "Trust Product: twilio-approved" in done.stdout
    assert "30 numbers of 3 accounts are signed with full (A) attestation." in done.stdout
    assert "its region is CA, not US" in done.stdout
    assert "(AC40000000000000000000000000000004) was left out: it is suspended" in done.stdout
    assert "Trust Hub calls" in done.stdout
    assert "Next: " in done.stdout
    assert done.stderr == ""


def test_more_than_a_thousand_have_a_separator(tmp_path: Path) -> None:
    # Numbers that are not eligible cost no calls.
    abroad = [{"sid": f"PN{number:032x}", "phone_number": f"+1416555{number:04}"} for number in range(1030)]
    fleet = json.loads(SMALL_FLEET.read_text())
    fleet["subaccounts"] = [{**fleet["subaccounts"][0], "numbers": abroad}]
    file = tmp_path / "abroad.json"
    file.write_text(json.dumps(fleet))

    done = run("run", "--fleet", str(file), "--time-scale", "0.1")

    assert "1,030 numbers not on the Trust Product:\n" in done.stdout, done.stderr
    assert "  … and 1,010 more\n" in done.stdout


@pytest.mark.parametrize("options", [[], ["--scenario", "number-bought"], ["--list"]], ids=" ".join)
def test_an_output_that_takes_only_ascii_gets_the_rest_as_numbers(options: list[str], tmp_path: Path) -> None:
    fleet = json.loads(SMALL_FLEET.read_text())
    fleet["subaccounts"][0]["friendly_name"] = "Büro ☎"
    file = tmp_path / "fleet.json"
    file.write_text(json.dumps(fleet))
    named = [] if options else ["--fleet", str(file), "--time-scale", "0.1"]

    done = run("run", *options, *named, PYTHONIOENCODING="ascii")

    assert (done.returncode, done.stderr) == (0, "")
    assert ("B\\xfcro \\u260e" in done.stdout) == bool(named)


def test_a_request_for_one_subaccount_says_nothing_of_the_others() -> None:
    done = run("run", "--event", "events/number_purchased.json", "--time-scale", "0.1")

    assert "of 1 account is signed" in done.stdout
    assert "was left out" not in done.stdout


def test_names_stand_beside_sids() -> None:
    done = run("run", "--time-scale", "0.1")

    assert re.search(r"\(PN\w{32} of Acme Sales, AC20000000000000000000000000000002\): ineligible", done.stdout)
    assert "Acme Holiday Line (AC40000000000000000000000000000004) was left out" in done.stdout


def test_a_number_that_the_subaccount_does_not_have_is_told_with_its_reason(tmp_path: Path) -> None:
    event = json.loads((ROOT / "events/number_purchased.json").read_text(encoding="utf-8"))
    sid, wrong = event["detail"]["subaccounts"][0], f"PN{'f' * 32}"
    event["detail"]["phone_numbers"].append(wrong)
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event))

    told = run("run", "--event", str(file), "--time-scale", "0.1")
    report = json.loads(run("run", "--event", str(file), "--time-scale", "0.1", "--json").stdout)

    assert told.returncode == 0
    assert f"1 number of the request left out:\n  {wrong}: it is not a number of {sid}\n" in told.stdout
    assert report["left_out"] == [{"phone_number_sid": wrong, "reason": f"it is not a number of {sid}"}]


def test_the_event_files_run_through_the_template_s_rule() -> None:
    for event in ("onboarding_requested.json", "number_purchased.json"):
        done = run("run", "--event", f"events/{event}", "--time-scale", "0.1", "--json")

        assert json.loads(done.stdout)["status"] == "SUCCEEDED", event


def test_a_run_that_fails_has_exit_code_1_and_says_what_to_do(tmp_path: Path) -> None:
    fleet = json.loads(SMALL_FLEET.read_text())
    fleet["review"] = {"seconds": 1, "verdict": "rejected", "errors": [18606]}
    file = tmp_path / "rejecting.json"
    file.write_text(json.dumps(fleet))

    done = run("run", "--fleet", str(file), "--time-scale", "0.1")

    assert done.returncode == 1
    assert "FAILED" in done.stdout
    assert "TrustProductRejected: Twilio rejected the Trust Product" in done.stdout
    assert "18606: a representative's e-mail is not of the business's domain" in done.stdout


def test_ctrl_c_ends_a_run_cleanly(tmp_path: Path) -> None:
    fleet = json.loads(SMALL_FLEET.read_text())
    fleet["review"] = {"seconds": 600}
    file = tmp_path / "slow.json"
    file.write_text(json.dumps(fleet))
    with subprocess.Popen(
        [*COMMAND, "run", "--fleet", str(file)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        for line in process.stdout:
            if "onboarded" in line:
                break
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        errors = process.stderr.read()

    assert process.returncode == 130
    assert errors == "Stopped. Nothing is left behind: run it again at any time.\n"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_the_simulator_serves_alone_until_ctrl_c(encoding: str) -> None:
    with subprocess.Popen(
        [*COMMAND, "twilio", "--port", str(free_port())],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": encoding},
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


def test_the_functions_logs_are_kept_when_asked_for(tmp_path: Path) -> None:
    log = tmp_path / "functions.log"

    run("run", "--time-scale", "0.1", "--json", "--log", str(log))

    # Functions that run side by side may end their lines in each other's.
    entries = log.read_text().replace("}{", "}\n{").splitlines()
    lines: list[dict[str, Any]] = [json.loads(entry) for entry in entries if entry.strip()]
    assert any(line.get("message") == "callback taken in" for line in lines)
    done = [line for line in lines if line.get("message") == "done"]
    assert {line["step"] for line in done} >= {"local-ReadRequestFunction", "local-CheckTrustProductFunction"}
    assert len({line["correlation_id"] for line in done}) == 1
    content = log.read_text()
    assert "+1" not in content
    fleet = json.loads(SMALL_FLEET.read_text())
    assert fleet["parent"]["auth_token"] not in content


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def test_the_example_event_is_the_one_of_make_run() -> None:
    assert str(EXAMPLE_EVENT.relative_to(ROOT)) in (ROOT / "Makefile").read_text()
    assert os.access(SMALL_FLEET, os.R_OK)
