"""`shaken-stir serve`: what others, such as containers, find while it is up."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import boto3
import pytest
import requests
from twilio.request_validator import RequestValidator

from shaken_stir.cli.main import execute
from shaken_stir.project import ROOT, load_event
from shaken_stir.simulated.serve import EVENTS, SERVED_FLEET
from simulator.addresses import THIS_MACHINE
from simulator.fleet import load_fleet
from tests.commands.simulated.serving import FREE_PORTS, Served, serving

STEPS = sorted(path.stem for path in (ROOT / "functions").glob("*.py"))
TABLE = load_event(EVENTS / "local.env.json")["Parameters"]["TABLE_NAME"]
ANY_CREDENTIALS = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving("--time-scale", "0.01") as served:
        yield served


def test_every_function_works_by_itself_until_ctrl_c() -> None:
    # At this scale the verdict, and with it a callback, does not come before the end.
    with serving("--host", THIS_MACHINE, "--time-scale", "1000") as served:
        # The callback's event is signed for the usual port.
        public = load_event(EVENTS / "local.env.json")["Parameters"]["PUBLIC_BASE_URL"]
        variables = served.moved("local.env.json")["Parameters"] | {"PUBLIC_BASE_URL": public}
        done = subprocess.run(
            [sys.executable, "-m", "tests.commands.simulated.handlers"],
            # Backwards, so that none can live on what the steps before it leave behind.
            input=json.dumps({step: served.moved(f"{step}.json") for step in reversed(STEPS)}),
            env={"PATH": os.environ["PATH"], **variables, **ANY_CREDENTIALS},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout.splitlines()[-1])

    assert sorted(results) == STEPS
    assert results["status_callback"] == {"statusCode": 204}
    assert results["submit_trust_product"]["status"] == "pending-review"
    assert results["connect_business_profile"]["created"] is True
    assert len(results["assign_to_business_profile"]["phone_numbers"]) == 2
    assert results["assign_to_trust_product"] == {"assigned": 2, "refused": 0}
    assert (results["summarise_subaccounts"]["onboarded"], results["summarise_subaccounts"]["failed"]) == (1, 0)
    assert (served.exit_code, served.more_words) == (130, "")
    assert served.errors == "Stopped. Nothing is left behind: run it again at any time.\n"


def test_an_execution_started_over_http_runs_to_its_end(served: Served) -> None:
    session = boto3.Session("any", "any", region_name="us-east-1")
    step_functions = session.client("stepfunctions", endpoint_url=served.url("AWS"))
    dynamodb = session.client("dynamodb", endpoint_url=served.url("AWS"))
    machine = step_functions.list_state_machines()["stateMachines"][0]["stateMachineArn"]
    request = (EVENTS / "onboarding.json").read_text(encoding="utf-8")

    arn = step_functions.start_execution(stateMachineArn=machine, input=request)["executionArn"]
    soon = time.monotonic() + 60
    while (ended := step_functions.describe_execution(executionArn=arn))["status"] == "RUNNING":
        assert time.monotonic() < soon
        time.sleep(0.05)
    while not [it for it in dynamodb.scan(TableName=TABLE)["Items"] if it["sk"]["S"].startswith("CALLBACK#")]:
        assert time.monotonic() < soon
        time.sleep(0.05)

    assert f"--state-machine-arn {machine} " in served.words
    assert ended["status"] == "SUCCEEDED"


def test_the_webhook_takes_what_twilio_signed_and_nothing_else(served: Served) -> None:
    parent = load_fleet(SERVED_FLEET).parent
    callback = load_event(EVENTS / "status_callback.json")
    url = f"{served.url('Webhook')}{callback['rawPath']}?{callback['rawQueryString']}"
    form = {"AccountSid": parent.sid, "Status": "twilio-approved"}
    signature = RequestValidator(parent.auth_token).compute_signature(url, form)

    signed = requests.post(url, form, headers={"X-Twilio-Signature": signature}, timeout=5)
    unsigned = requests.post(url, form, timeout=5)

    assert (signed.status_code, unsigned.status_code) == (204, 403)


def test_what_happens_is_told_in_a_line_each() -> None:
    parent, callback = load_fleet(SERVED_FLEET).parent, load_event(EVENTS / "status_callback.json")
    with serving("--time-scale", "0.01", PYTHONIOENCODING="ascii") as served:
        session = boto3.Session("any", "any", region_name="us-east-1")
        step_functions = session.client("stepfunctions", endpoint_url=served.url("AWS"))
        machine = step_functions.list_state_machines()["stateMachines"][0]["stateMachineArn"]
        onboarding = (EVENTS / "onboarding.json").read_text(encoding="utf-8")
        for name, request in (("good", onboarding), ("bad", '{"colour\\u202e": "\\u001b[31m"}')):
            arn = step_functions.start_execution(stateMachineArn=machine, name=name, input=request)["executionArn"]
            soon = time.monotonic() + 60
            while step_functions.describe_execution(executionArn=arn)["status"] == "RUNNING":
                assert time.monotonic() < soon
                time.sleep(0.05)
        target = f"{callback['rawPath']}?{callback['rawQueryString']}"
        url, form = f"{served.url('Webhook')}{target}", {"AccountSid": parent.sid, "Status": "twilio-approved"}
        signature = RequestValidator(parent.auth_token).compute_signature(url, form)
        requests.post(url, form, headers={"X-Twilio-Signature": signature}, timeout=5)
        requests.post(url, {"Status": "for\nged\x1b[31m"}, timeout=5)
        requests.get(f"{served.url('Webhook')}/nowhere", timeout=5)
        requests.get(f"{served.url('Twilio')}/v1/TrustProducts", auth=("AC", "wrong"), timeout=5)

    told = served.more_words.splitlines()
    happened = [line[len("12:34:56  ") :] for line in told if re.match(r"\d\d:\d\d:\d\d  \S", line)]
    assert len(happened) == len(told)
    assert happened[0] == "Execution good started"
    assert "Execution good SUCCEEDED" in happened
    assert f"Webhook POST {target} (twilio-approved): 204 No Content" in happened
    refused = "InvalidRequest: The request was refused: colour\\u202e is not known"
    assert [line.partition(" (")[0] for line in happened if "refused" in line] == [
        f"ReadRequestFunction failed: {refused}",
        f"Execution bad FAILED: {refused}",
    ]
    assert happened[-3:] == [
        rf"Webhook POST {target} (for\nged\x1b[31m): 403 Forbidden",
        "Webhook GET /nowhere: 404 Not Found",
        "Twilio GET /v1/TrustProducts: 401 Unauthorized: Authenticate",
    ]


def test_it_says_that_it_is_open_to_the_network(served: Served) -> None:
    assert "for development only" in served.words


@pytest.mark.parametrize("which", ["aws", "twilio", "webhook"])
def test_a_port_in_use_is_told_in_one_sentence(which: str, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server((THIS_MACHINE, 0)) as taken:
        port = taken.getsockname()[1]

        assert execute(["serve", "--host", THIS_MACHINE, *FREE_PORTS, f"--{which}-port", str(port)]) == 2

    told = capsys.readouterr()
    assert told.out == ""
    assert re.fullmatch(rf"shaken-stir serve: [Pp]ort {port} .*in use.*\n", told.err)
