"""`shaken-stir serve`: what others, such as containers, find while it is up."""

import json
import os
import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from twilio.request_validator import RequestValidator

from shaken_stir.cli.main import execute
from shaken_stir.cli.notice import STARTING
from shaken_stir.cli.serve import reach
from shaken_stir.deployed.served import CALLBACK_URL, find_served
from shaken_stir.project import ROOT, load_event
from shaken_stir.simulated.place import SimulatedPlace
from shaken_stir.simulated.serve import EVENTS, SERVED_FLEET, prepare
from shaken_stir.status.reading import read_status
from simulator.addresses import THIS_MACHINE
from simulator.fleet import load_fleet
from tests.commands import hostile
from tests.commands.simulated.serving import FREE_PORTS, Served, visited
from tests.world import wait_until

STEPS = sorted(path.stem for path in (ROOT / "functions").glob("*.py"))
TABLE = load_event(EVENTS / "local.env.json")["Parameters"]["TABLE_NAME"]
CALLBACK = load_event(EVENTS / "status_callback.json")
TARGET = f"{CALLBACK['rawPath']}?{CALLBACK['rawQueryString']}"
ANY_CREDENTIALS = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}


@dataclass(frozen=True)
class Visit:
    """What others found while it was up, and what it said by its end."""

    served: Served
    machine: str
    ended: dict[str, str]
    answers: list[int]
    callback_url: str
    attacks: dict[str, int]


def ask(served: Served, service: str, target: str, **body: str) -> dict[str, Any]:
    """What AWS answers over HTTP; an SDK would have its answer of moto, which is in this process, too."""
    scope = f"any/20260101/us-east-1/{service}/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=any",
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": target,
    }
    answer = requests.post(served.url("AWS"), json=body, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    answered: dict[str, Any] = answer.json()
    return answered


def run(served: Served, machine: str, name: str, request: str) -> str:
    """How an execution ends."""
    started = ask(
        served, "states", "AWSStepFunctions.StartExecution", stateMachineArn=machine, name=name, input=request
    )

    def status() -> str:
        arn = started["executionArn"]
        return str(ask(served, "states", "AWSStepFunctions.DescribeExecution", executionArn=arn)["status"])

    assert wait_until(lambda: status() != "RUNNING", 60)
    return status()


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """A good and a bad execution over a fleet with hostile names, then requests to the webhook and to Twilio."""
    fleet, file = load_event(SERVED_FLEET), tmp_path_factory.mktemp("fleet") / "hostile.json"
    named = [fleet["parent"], *fleet["profiles"], *fleet["products"], *fleet["subaccounts"]]
    for it, name in zip(named, (name for name in hostile.NAMES if hostile.obeyed(name)), strict=False):
        it["friendly_name"] = name
    for subaccount in fleet["subaccounts"]:
        subaccount["numbers"] = subaccount["numbers"][:1]
    file.write_text(json.dumps(fleet))
    served, found = visited(look_around, "--fleet", str(file), "--time-scale", "0.01")
    return Visit(served, *found)


def look_around(served: Served) -> tuple[str, dict[str, str], list[int], str, dict[str, int]]:
    parent = load_fleet(SERVED_FLEET).parent
    machine = ask(served, "states", "AWSStepFunctions.ListStateMachines")["stateMachines"][0]["stateMachineArn"]
    ended = {
        "good": run(served, machine, "good", (EVENTS / "onboarding.json").read_text(encoding="utf-8")),
        "bad": run(served, machine, "bad", '{"colour\\u202e": "\\u001b[31m"}'),
    }

    def items() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ask(served, "dynamodb", "DynamoDB_20120810.Scan", TableName=TABLE)["Items"]
        return found

    assert wait_until(lambda: any(it["sk"]["S"].startswith("CALLBACK#") for it in items()))
    url, form = f"{served.url('Webhook')}{TARGET}", {"AccountSid": parent.sid, "Status": "twilio-approved"}
    signature = RequestValidator(parent.auth_token).compute_signature(url, form)
    answers = [
        requests.post(url, form, headers={"X-Twilio-Signature": signature}, timeout=30),
        requests.post(url, {"Status": "for\nged\x1b[31m"}, timeout=30),
        requests.get(f"{served.url('Webhook')}/nowhere", timeout=30),
        requests.get(f"{served.url('Twilio')}/v1/TrustProducts", auth=("AC", "wrong"), timeout=30),
    ]
    callback_url = find_served(served.url("AWS")).outputs[CALLBACK_URL]
    return machine, ended, [answer.status_code for answer in answers], callback_url, attacked(served)


def attacked(served: Served) -> dict[str, int]:
    """What a web page, a neighbour and a stranger's program are answered."""

    def signed_for(service: str) -> dict[str, str]:
        scope = f"any/20260101/us-east-1/{service}/aws4_request"
        return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=any"}

    def two_credentials(service: str) -> dict[str, str]:
        """moto goes by the first one, which has no date."""
        hidden = f"AWS4-HMAC-SHA256 Credential=any/x/us-east-1/{service}/aws4_request"
        return {"Authorization": f"{hidden}, Credential=any/20260101/us-east-1/dynamodb/aws4_request"}

    secrets = signed_for("secretsmanager") | {"X-Amz-Target": "secretsmanager.ListSecrets"}
    page, rebound = {"Origin": "https://evil.example"}, {"Host": "evil.example"}
    answers = {
        f"{name} of {server}": requests.post(f"{served.url(server)}{path}", headers=headers, json={}, timeout=30)
        for server, path, more in (("AWS", "/", secrets), ("Twilio", "/_simulator/lag", {}), ("Webhook", TARGET, {}))
        for name, headers in (("a web page", page | more), ("another name", rebound | more))
    } | {
        "moto's controls": requests.post(f"{served.url('AWS')}/moto-api/config", json={"batch": {}}, timeout=30),
        "moto's reset": requests.post(f"{served.url('AWS')}/moto-api/reset", headers=secrets, timeout=30),
        "Lambda": requests.get(f"{served.url('AWS')}/2015-03-31/functions", headers=signed_for("lambda"), timeout=30),
        "Batch": requests.post(f"{served.url('AWS')}/v1/submitjob", headers=signed_for("batch"), json={}, timeout=30),
        "Lambda behind a second credential": requests.get(
            f"{served.url('AWS')}/2015-03-31/functions", headers=two_credentials("lambda"), timeout=30
        ),
        "Batch behind a second credential": requests.post(
            f"{served.url('AWS')}/v1/describejobqueues", headers=two_credentials("batch"), json={}, timeout=30
        ),
        "no signature": requests.get(served.url("AWS"), timeout=30),
        "a preflight": requests.options(served.url("AWS"), headers=page, timeout=30),
    }
    assert not [it for it in answers.values() if "Access-Control-Allow-Origin" in it.headers]
    own = requests.post(served.url("AWS"), headers=secrets, json={}, timeout=30)
    assert (own.status_code, "Access-Control-Allow-Origin" in own.headers) == (200, False)
    return {name: answer.status_code for name, answer in answers.items()}


def invoke_every_function(served: Served) -> subprocess.CompletedProcess[str]:
    # The callback's event is signed for the usual port.
    public = load_event(EVENTS / "local.env.json")["Parameters"]["PUBLIC_BASE_URL"]
    variables = served.moved("local.env.json")["Parameters"] | {"PUBLIC_BASE_URL": public}
    return subprocess.run(
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


def test_every_function_works_by_itself_until_ctrl_c() -> None:
    # At this scale the verdict, and with it a callback, does not come before the end.
    served, done = visited(invoke_every_function, "--host", THIS_MACHINE, "--time-scale", "1000")
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout.splitlines()[-1])

    assert sorted(results) == STEPS
    assert results["status_callback"] == {"statusCode": 204}
    assert results["submit_trust_product"]["status"] == "pending-review"
    assert results["connect_business_profile"]["created"] is True
    assert len(results["assign_to_business_profile"]["phone_numbers"]) == 2
    assert results["assign_to_trust_product"] == {"assigned": 2, "refused": 0}
    assert (results["summarise_subaccounts"]["onboarded"], results["summarise_subaccounts"]["failed"]) == (1, 0)
    assert served.words.isascii()
    assert (served.exit_code, served.more_words) == (130, "")
    assert served.errors == "Stopped. Nothing is left behind: run it again at any time.\n"


def test_executions_started_over_http_run_to_their_end(visit: Visit) -> None:
    assert f"--state-machine-arn {visit.machine} " in visit.served.words
    assert visit.ended == {"good": "SUCCEEDED", "bad": "FAILED"}


def test_the_next_commands_name_the_ports_that_are_not_the_usual_ones(visit: Visit) -> None:
    aws = visit.served.url("AWS")

    assert f"  .venv/bin/shaken-stir request --served {aws}  " in visit.served.words
    assert f"  .venv/bin/shaken-stir page --served {aws}  " in visit.served.words
    assert visit.callback_url == f"{visit.served.url('Webhook')}/status-callback"


def test_the_webhook_takes_what_twilio_signed_and_nothing_else(visit: Visit) -> None:
    assert visit.answers[:3] == [204, 403, 404]


def test_what_happens_is_told_in_a_line_each(visit: Visit) -> None:
    told = visit.served.more_words.splitlines()
    happened = [line[len("12:34:56 UTC  ") :] for line in told if re.match(r"\d\d:\d\d:\d\d UTC  \S", line)]
    assert len(happened) == len(told)
    assert happened[0] == "Execution good started"
    assert "Execution good SUCCEEDED" in happened
    assert f"Webhook POST {TARGET} (twilio-approved): 204 No Content" in happened
    refused = "InvalidRequest: The request was refused: colour\\u202e is not known"
    assert [line.partition(" (")[0] for line in happened if "refused" in line] == [
        f"ReadRequestFunction failed: {refused}",
        f"Execution bad FAILED: {refused}",
    ]
    assert happened[-3:] == [
        rf"Webhook POST {TARGET} (for\nged\x1b[31m): 403 Forbidden",
        "Webhook GET /nowhere: 404 Not Found",
        "Twilio GET /v1/TrustProducts: 401 Unauthorized: Authenticate",
    ]


def test_a_fleet_with_hostile_names_is_kept_up_and_none_is_obeyed(visit: Visit) -> None:
    assert visit.served.exit_code == 130
    assert hostile.obeyed(visit.served.words + visit.served.more_words + visit.served.errors) == set()


def test_it_says_who_reaches_it(visit: Visit) -> None:
    assert "Only programs on this machine reach them." in visit.served.words


def test_web_pages_neighbours_and_other_services_are_refused(visit: Visit) -> None:
    assert len(visit.attacks) == 14
    assert set(visit.attacks.values()) == {403}


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("127.0.0.1", "Only programs on this machine reach them."),
        ("0.0.0.0", "Every machine of your network reaches them"),  # noqa: S104 - nothing listens
        ("172.17.0.1", "They listen on 172.17.0.1: whatever reaches that address reads the simulated secrets."),
    ],
)
def test_who_reaches_an_address_is_said(host: str, said: str) -> None:
    assert reach(host).startswith(said)


@pytest.mark.parametrize(("which", "purpose"), [("aws", "AWS"), ("twilio", "Twilio"), ("webhook", "the webhook")])
def test_a_port_in_use_is_told_in_one_sentence_with_the_option(
    which: str, purpose: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server((THIS_MACHINE, 0)) as taken:
        port = taken.getsockname()[1]

        assert execute(["serve", "--host", THIS_MACHINE, *FREE_PORTS, f"--{which}-port", str(port)]) == 2

    told = capsys.readouterr()
    assert told.out == f"{STARTING}\n"
    option = f"--{which}-port N (0: any free port)"
    assert told.err == f"shaken-stir serve: Port {port} is in use; choose another for {purpose} with {option}.\n"


def test_what_is_prepared_for_single_functions_is_no_run_that_goes_on() -> None:
    with SimulatedPlace(load_fleet(str(SERVED_FLEET)), 0.01) as local:
        prepare(local.engine)

        assert read_status(local.table, "here").run is None
