"""What the documents tell to type works, but for what takes an account, Docker or the network: that is listed."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from onboarding.requests import OnboardingRequest
from shaken_stir.cli import live
from shaken_stir.cli.main import execute
from shaken_stir.defaults import STACK, TWILIO_PORT
from shaken_stir.engine.events import execution_input
from shaken_stir.engine.template import Template
from shaken_stir.project import EXAMPLE_EVENT, ROOT, SMALL_FLEET, TEMPLATE, load_event
from shaken_stir.scenarios.catalogue import SCENARIOS
from shaken_stir.simulated.serve import SERVED_FLEET
from simulator.fleet import load_fleet
from simulator.simulator import Simulator
from tests.docs.markdown import blocks

README, SIMULATOR = ROOT / "README.md", ROOT / "docs/simulator.md"
COMMAND = ".venv/bin/shaken-stir run "
CURL = "curl "
MAKE_RUN = "make run\n"
SIMULATED = ".venv/bin/shaken-stir twilio\n"
REHEARSAL = "export TWILIO_ACCOUNT_SID=AC0"
AWS, DEPLOYED, TWILIO, DOCKER = "an AWS account", "a deployed stack", "a Twilio account", "Docker"
# Not run, by how a block begins, and what it takes.
NOT_RUN = {
    "export TWILIO_ACCOUNT_SID=AC...": TWILIO,
    "read -rs TWILIO_AUTH_TOKEN": TWILIO,
    ".venv/bin/shaken-stir doctor  ": TWILIO,
    ".venv/bin/shaken-stir doctor --transcript": TWILIO,
    ".venv/bin/shaken-stir run --live": TWILIO,
    "make run TWILIO=live": TWILIO,
    "make build ARCH=arm64\n": "the packages of the layer, from the network",
    "make deploy PARAMETERS=": AWS,
    "make request EVENT=": DEPLOYED,
    "MACHINE=": DEPLOYED,
    ".venv/bin/shaken-stir doctor --stack": DEPLOYED,
    ".venv/bin/shaken-stir status --stack": DEPLOYED,
    ".venv/bin/shaken-stir page --stack": DEPLOYED,
    "aws dynamodb query": DEPLOYED,
    "aws events disable-rule": DEPLOYED,
    "aws events put-events": DEPLOYED,
    "aws secretsmanager put-secret-value": DEPLOYED,
    "aws stepfunctions start-execution": DEPLOYED,
    "make build ARCH=x86_64": DOCKER,
    "make test\n": "itself",
}
# What runs cost, and whether stories come out as told, is measured by tests/commands/simulated.
SMALL = ["--fleet", "1x1"]
QUICK = ["--time-scale", "0.02"]

SHELL = list(blocks("sh"))


def not_run(block: str) -> str | None:
    """How the block begins, by which it is listed; None if it is to be run."""
    return next((start for start in NOT_RUN if block.startswith(start)), None)


TO_RUN = [(path, block) for path, block in SHELL if not not_run(block)]
LINES = [line for _, block in TO_RUN if block.startswith(COMMAND) for line in block.splitlines()]
STORIES = [line for line in LINES if "--scenario" in line]
COMMANDS = [line for line in LINES if line not in STORIES]


def test_every_block_is_run_or_listed_with_what_it_takes() -> None:
    others = [block for _, block in TO_RUN if not block.startswith(COMMAND)]

    run = (MAKE_RUN, SIMULATED, REHEARSAL, CURL)
    assert [block for block in others if not block.startswith(run)] == []
    assert {MAKE_RUN, SIMULATED} < set(others)


def test_nothing_is_listed_that_is_not_there() -> None:
    assert {not_run(block) for _, block in SHELL} - {None} == NOT_RUN.keys()


def test_make_run_shows_what_the_readme_says(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    planned = subprocess.run(  # make is on the path of whoever runs the tests
        [*shlex.split(MAKE_RUN), "-n", "-o", ".venv/.synced-run"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    monkeypatch.chdir(ROOT)
    command, *arguments = shlex.split(planned.stdout.splitlines()[-1].partition(" || ")[0])

    assert (ROOT / command).name == "shaken-stir"
    assert execute([*arguments, *QUICK]) == 0
    # Which of the two it is depends on when the run begins to wait.
    told = capsys.readouterr().out.replace("verdict by asking Twilio", "verdict by signed callback")
    [shown] = [block for path, block in blocks("text") if path == README and "SUCCEEDED in" in block]
    varies = re.compile(r" +[\d.]+ s |.*\.\.\.")
    said = [line for line in shown.splitlines() if line and not varies.match(line)]
    assert len(said) >= 6
    assert [line for line in said if timeless(line) not in timeless(told)] == []


def timeless(text: str) -> str:
    """Without what differs from run to run: seconds, and the SID of a product that was created."""
    return re.sub(r"\bBU[0-9a-f]{32}\b", "BU", re.sub(r"\d+\.\d s\b", "s", text))


@pytest.mark.parametrize("line", COMMANDS)
def test_a_run_that_is_named_succeeds(line: str, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.chdir(ROOT)
    words = shlex.split(line, comments=True)

    code = execute(words[1:] + ([] if "--list" in words else [*SMALL, *QUICK]))

    assert code == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize("line", STORIES)
def test_a_story_that_is_named_is_one(line: str) -> None:
    _, run, option, name = shlex.split(line, comments=True)

    assert (run, option) == ("run", "--scenario")
    assert name in SCENARIOS


def test_the_rehearsal_is_as_the_readme_says(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    [exported, *lines] = next(block for _, block in TO_RUN if block.startswith(REHEARSAL)).splitlines()
    [shown] = [block for path, block in blocks("text") if path == README and "Rehearsal:" in block]
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for name, value in (word.split("=") for word in exported.split()[1:]):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(live, "somebody_to_ask", lambda: None)
    asked: list[str] = []
    monkeypatch.setattr(sys, "stdin", Agreeing(asked))
    served = f"http://127.0.0.1:{TWILIO_PORT}"
    said = ""
    with Simulator(load_fleet(SMALL_FLEET)) as twilio:
        # As `shaken-stir twilio` says it, with the fleet that it serves.
        assert exported == f"export TWILIO_ACCOUNT_SID={twilio.account_sid} TWILIO_AUTH_TOKEN={twilio.auth_token}"
        for line in lines:
            assert execute(shlex.split(line.replace(served, twilio.url), comments=True)[1:]) == 0
            captured = capsys.readouterr()
            said += (captured.out + captured.err).replace(twilio.url, served)

    assert len(lines) == 4
    assert asked == ["asked"]
    expected = [line for line in shown.splitlines() if "..." not in line]
    assert len(expected) >= 8
    assert [line for line in expected if line not in said] == []


class Agreeing:
    """A person who says yes, and is counted."""

    def __init__(self, asked: list[str]) -> None:
        self._asked = asked

    def readline(self) -> str:
        self._asked.append("asked")
        return "y\n"


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Simulator]:
    """The simulator with the fleet of `make serve`, a number on the profile and the product in a long review."""
    fleet, file = load_event(SERVED_FLEET), tmp_path / "fleet.json"
    fleet["profiles"][0]["numbers"] = ["PN10300000000000000000000000000000"]
    fleet["products"][0]["status"] = "in-review"
    file.write_text(json.dumps(fleet), encoding="utf-8")
    with Simulator(load_fleet(str(file)), time_scale=1000) as simulator:
        yield simulator


def test_the_simulator_s_controls_answer_as_they_are_told_to(simulator: Simulator) -> None:
    lines = [line for path, block in TO_RUN if path == SIMULATOR for line in block.splitlines()]
    assert len(lines) >= 12

    for line in lines:
        assert line.startswith(CURL)
        words = shlex.split(line.replace(f"http://127.0.0.1:{TWILIO_PORT}", simulator.url))
        done = subprocess.run([*words, "-sS", "-w", "\n%{http_code}"], capture_output=True, text=True, check=True)
        answer, _, status = done.stdout.rpartition("\n")
        assert status in {"200", "201", "204"}, (line, answer)


def test_json_is_json_and_the_request_is_one() -> None:
    texts = [(path, json.loads(block)) for path, block in blocks("json")]

    [request] = [it for path, it in texts if path == README]
    OnboardingRequest.model_validate(request)


class Bus:
    """EventBridge, as far as the README uses it."""

    def __init__(self) -> None:
        self.entries: list[dict[str, str]] = []

    def put_events(self, *, Entries: list[dict[str, str]]) -> None:  # noqa: N803 - AWS spells it so
        self.entries += Entries


def test_a_number_just_bought_is_put_on_the_bus_as_the_rule_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = Bus()
    monkeypatch.setattr(boto3, "client", {"events": bus}.__getitem__)
    [code] = [block for path, block in blocks("python") if path == README]
    [command] = [block for path, block in SHELL if path == README and block.startswith("aws events put-events")]
    purchased = load_event(EXAMPLE_EVENT.with_name("number_purchased.json"))

    exec(code, {})  # noqa: S102 - the README's own
    [typed] = json.loads(shlex.split(command)[-1])

    [sent] = bus.entries
    assert sent["EventBusName"] == STACK
    assert (sent["Source"], sent["DetailType"]) == (purchased["source"], purchased["detail-type"])
    assert typed | {"Detail": json.loads(typed["Detail"])} == sent | {"Detail": json.loads(sent["Detail"])}
    event = purchased | {"detail": json.loads(sent["Detail"])}
    request = OnboardingRequest.model_validate(execution_input(event, Template(TEMPLATE, {}).rules))
    assert (request.subaccounts, request.phone_numbers) == (
        purchased["detail"]["subaccounts"],
        purchased["detail"]["phone_numbers"],
    )


@pytest.mark.parametrize("code", [block for path, block in blocks("python") if path == SIMULATOR])
def test_the_simulator_is_used_in_process_as_it_is_told_to(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    exec(code, {"Simulator": Simulator, "load_fleet": load_fleet})  # noqa: S102 - the page's own
