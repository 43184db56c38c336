"""What `shaken-stir` can be told: the help, and wrong options."""

import re
import shlex
from importlib.metadata import version
from pathlib import Path
from typing import get_args

import click
import pytest
from pydantic import StringConstraints

from onboarding.models import BundleSid
from onboarding.trust_products import Status
from shaken_stir.cli.commands.callback import STATUSES
from shaken_stir.cli.group import COMMANDS, shaken_stir
from shaken_stir.cli.main import execute
from shaken_stir.cli.notice import STARTING
from shaken_stir.cli.options import BUNDLE_SID
from shaken_stir.scenarios.catalogue import SCENARIOS
from shaken_stir.scenarios.names import NAMES

HELP = [[], *([name] for name in COMMANDS)]


def parse(arguments: list[str]) -> click.Context:
    """What a command makes of its options, without carrying it out."""
    group = shaken_stir.make_context("shaken-stir", arguments)
    name, command, options = shaken_stir.resolve_command(group, arguments)
    assert command
    return command.make_context(name, options, parent=group)


def wrong(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What a wrong option is answered with, behind the usage."""
    assert execute(arguments) == 2

    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"usage: shaken-stir {arguments[0]} ")
    return told.err.splitlines()[-1]


@pytest.mark.parametrize("command", HELP, ids=" ".join)
def test_help_has_a_description_the_exit_codes_and_examples_that_can_be_typed(
    command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    assert execute([*command, "--help"]) == 0
    told = capsys.readouterr().out
    usage, description, *_ = told.split("\n\n")
    assert usage.startswith("usage: ")
    assert len(description.split()) > 8
    assert "\nExit code: " in told
    assert told.isascii()
    examples = [line for line in told.splitlines() if line.startswith("  shaken-stir ")]
    assert examples
    for example in examples:
        name, *arguments = shlex.split(example)
        assert name == "shaken-stir"
        assert arguments[: len(command)] == command
        parse(arguments)


@pytest.mark.parametrize("command", [["run"], ["run", "--scenario", "drift"], ["serve"]], ids=" ".join)
@pytest.mark.parametrize("scale", ["1e9", "1000.1", "inf", "nan", "0", "-1", "fast"])
def test_a_time_scale_out_of_its_range_is_told_with_the_range(
    command: list[str], scale: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = wrong([*command, f"--time-scale={scale}"], capsys)

    assert told.endswith(f"argument --time-scale: {scale} is not a number above 0 and at most 1,000")


@pytest.mark.parametrize("command", ["run", "serve", "twilio"])
def test_an_empty_fleet_is_not_taken_for_the_default(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = wrong([command, "--fleet", ""], capsys)

    assert "argument --fleet: the fleet is empty; name a file, or N subaccounts with M numbers each" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "--scenario", ""], "the name is empty"),
        (["serve", "--host", ""], "the address is empty"),
        (["request", "--execution", ""], "the ARN is empty"),
        (["callback", "--status", "draft", "--url", ""], "the address is empty"),
        (["callback", "--status", "draft", "--auth-token-env", ""], "the name is empty"),
        (["run", "--log", ""], "argument --log: the name is empty"),
        (["run", "--event", ""], "argument --event: the name is empty"),
        (["run", "--live", "--state", ""], "argument --state: the name is empty"),
        (["doctor", "--event", ""], "argument --event: the name is empty"),
        (["request", "--event", ""], "argument --event: the name is empty"),
    ],
)
def test_an_empty_option_is_not_taken_for_one_that_was_left_out(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert wrong(arguments, capsys).endswith(told)


@pytest.mark.parametrize(
    "command",
    [["run"], ["run", "--scenario", "drift"], ["run", "--json"], ["serve", "--twilio-port", "0"]],
    ids=" ".join,
)
def test_a_log_that_cannot_be_written_is_told_in_one_sentence(
    command: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    log = tmp_path / "missing" / "functions.log"

    assert execute([*command, "--log", str(log)]) == 2

    told = capsys.readouterr()
    assert told.out == ("" if "--json" in command else f"{STARTING}\n")
    assert told.err == (
        f"shaken-stir {command[0]}: The log file {log} cannot be written (No such file or directory); "
        "name another with --log.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "--scenari", "drift"], "shaken-stir run: No such option '--scenari'. Did you mean '--scenario'?"),
        (["run", "--fleet"], "shaken-stir run: Option '--fleet' requires an argument."),
        (["callback"], "shaken-stir callback: Missing option '--status'. Choose from: draft, pending-review, "),
        (
            ["callback", "--status", "approved"],
            "argument --status: 'approved' is not one of 'draft', ",
        ),
        (
            ["callback", "--status", "draft", "--trust-product", "BU1"],
            "argument --trust-product: BU1 is not BU and ",
        ),
        (["serve", "--aws-port", "65536"], "shaken-stir serve: argument --aws-port: 65536 is not a port (0 to 65535)"),
        (["run", "--repeat", "1.5"], "shaken-stir run: argument --repeat: 1.5 is not a whole number above 0"),
        (["run", "--live", "--wait", "0"], "shaken-stir run: argument --wait: 0 is not a number above 0"),
        (
            ["request"],
            "say what to send with --event FILE, or what to follow with --execution ARN",
        ),
        (["request", "--event", "x", "--execution", "y"], "--event starts an execution and --execution follows one; "),
        (["twilio", "--port", "\x1b[2J\n"], r"argument --port: \x1b[2J\n is not a port"),
    ],
    ids=lambda it: " ".join(it) if isinstance(it, list) else "",
)
def test_wrong_usage_is_one_sentence_on_one_line(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told in wrong(arguments, capsys)


def test_a_command_that_there_is_not_is_told_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["docter"]) == 2

    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("shaken-stir: No such command 'docter'; there are run, serve, twilio, doctor, ")
    assert told.endswith("Did you mean 'doctor'?")


@pytest.mark.parametrize(
    ("words", "seconds"), [([], None), (["--wait"], 900), (["--wait", "--yes"], 900), (["--wait", "0.5"], 30)]
)
def test_the_minutes_of_a_wait_may_be_left_out(words: list[str], seconds: int | None) -> None:
    assert parse(["run", "--live", *words]).params["wait"] == seconds


def test_the_version_is_the_installed_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["--version"]) == 0

    assert capsys.readouterr().out == f"shaken-stir {version('shaken-stir-onboarding')}\n"


def test_what_help_and_completion_name_is_what_there_is() -> None:
    assert tuple(Status) == STATUSES
    assert tuple(SCENARIOS) == NAMES
    pattern = next(it.pattern for it in get_args(BundleSid) if isinstance(it, StringConstraints))
    for sid in ("BU" + "a" * 32, "BU" + "F" * 32, "BU" + "a" * 31, "BU" + "g" * 32, "AC" + "a" * 32, "BU" + "0" * 33):
        taken = True
        try:
            BUNDLE_SID.convert(sid, None, None)
        except click.BadParameter:
            taken = False
        assert taken == bool(re.fullmatch(str(pattern), sid)), sid
