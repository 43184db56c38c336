"""Outputs that take no more: a full disk, a reader that has seen enough, an output that was never opened."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shaken_stir.deployed.served import CALLBACK_URL, find_served
from shaken_stir.engine.server import AwsServer
from shaken_stir.project import ROOT
from shaken_stir.simulated.place import SimulatedPlace
from shaken_stir.simulated.serve import publish_webhook
from simulator.addresses import Address
from simulator.fleet import Fleet
from simulator.simulator import Simulator
from tests.commands.output import run
from tests.commands.simulated.running import SOON
from tests.commands.simulated.serving import FREE_PORTS
from tests.world import NAMED, a_fleet, subaccount

LOST = "shaken-stir: Standard output cannot be written"
FULL = f"{LOST} (No space left on device); free some space, or write it elsewhere.\n"
ALONE = [
    ["--help"],
    ["run", "--help"],
    ["run", "--list"],
    ["run", "--fleet", "1x1", *SOON],
    ["run", "--fleet", "1x1", "--json", *SOON],
    ["run", "--scenario", "nothing-to-do", *SOON],
    ["serve", *FREE_PORTS],
    ["twilio", "--port", "0"],
]


def run_into(file: str, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    with monkeypatch.context() as patched, Path(file).open("w", encoding="utf-8") as out:
        patched.setattr(sys, "stdout", out)
        return run(patched, arguments, terminal=False)


@pytest.mark.parametrize("command", ALONE, ids=" ".join)
def test_a_full_disk_is_one_sentence(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_into("/dev/full", monkeypatch, *command) == 2

    assert capsys.readouterr().err == FULL


@pytest.fixture
def served() -> Iterator[str]:
    fleet = Fleet.model_validate(a_fleet(subaccounts=[subaccount(1, 1)]))
    with SimulatedPlace(fleet, 0.01) as local, AwsServer(Address()) as aws:
        local.run(NAMED)
        publish_webhook(local.engine)
        yield aws.url


def test_a_full_disk_is_one_sentence_of_each_command_that_reads_what_is_served(
    served: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (
        ["status", "--served", served],
        ["status", "--served", served, "--json"],
        ["status", "--served", served, "--csv", "-"],
        ["status", "--served", served, "--watch"],
        ["page", "--served", served, "--no-open"],
    ):
        assert run_into("/dev/full", monkeypatch, *command) == 2, command
        assert capsys.readouterr().err == FULL, command


def test_a_full_disk_is_one_sentence_of_each_command_on_an_account(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with Simulator(Fleet.model_validate(a_fleet())) as twilio:
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", twilio.account_sid)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", twilio.auth_token)
        for command in (["doctor"], ["doctor", "--json"], ["run", "--live", "--dry-run"], ["run", "--live", "--yes"]):
            assert run_into("/dev/full", monkeypatch, *command, "--twilio", twilio.url) == 2, command
            assert capsys.readouterr().err == FULL, command


def test_nothing_is_added_when_the_process_ends(served: str) -> None:
    webhook = find_served(served).outputs[CALLBACK_URL]
    for command in (
        ["run", "--list"],
        ["request", "--served", served],
        ["callback", "--status", "in-review", "--url", webhook],
    ):
        with Path("/dev/full").open("w", encoding="utf-8") as full:
            done = subprocess.run(
                [sys.executable, "-m", "shaken_stir.cli.main", *command],
                cwd=ROOT,
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                timeout=60,
                check=False,
            )

        assert (done.returncode, done.stderr) == (2, FULL), command


@pytest.mark.parametrize("command", ALONE, ids=" ".join)
def test_a_reader_that_has_seen_enough_ends_a_command_quietly(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read, write = os.pipe()
    os.close(read)

    with monkeypatch.context() as patched, os.fdopen(write, "w", encoding="utf-8") as out:
        patched.setattr(sys, "stdout", out)
        code = run(patched, tuple(command), terminal=False)

    assert (code, capsys.readouterr().err) == (141, "")


def test_an_output_that_was_never_opened_is_no_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", None)
        code = run(patched, ("run", "--list"), terminal=False)

    assert (code, capsys.readouterr().err) == (0, "")
