"""What `shaken-stir` can be told: the help, and wrong options."""

import argparse
import shlex
from pathlib import Path

import pytest

from shaken_stir.cli.arguments import parser
from shaken_stir.cli.main import execute

[SUBCOMMANDS] = [it for it in parser()._actions if isinstance(it, argparse._SubParsersAction)]
COMMANDS: dict[str, argparse.ArgumentParser] = SUBCOMMANDS.choices
HELP = [[], *([name] for name in COMMANDS)]


def wrong(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What a wrong option is answered with, behind the usage."""
    with pytest.raises(SystemExit) as end:
        execute(arguments)

    told = capsys.readouterr()
    assert (end.value.code, told.out) == (2, "")
    assert told.err.startswith(f"usage: shaken-stir {arguments[0]} ")
    return told.err.splitlines()[-1]


@pytest.mark.parametrize("command", HELP, ids=" ".join)
def test_help_has_a_description_the_exit_codes_and_examples_that_can_be_typed(
    command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    with pytest.raises(SystemExit) as end:
        execute([*command, "--help"])

    assert end.value.code == 0
    told = capsys.readouterr().out
    usage, description, *_ = told.split("\n\n")
    assert usage.startswith("usage: ")
    assert len(description.split()) > 8
    assert "\nExit code: " in told
    examples = [line for line in told.splitlines() if line.startswith("  shaken-stir ")]
    assert examples
    for example in examples:
        name, *arguments = shlex.split(example)
        assert name == "shaken-stir"
        assert arguments[: len(command)] == command
        parser().parse_args(arguments)


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
    assert told.out == ""
    assert told.err == (
        f"shaken-stir {command[0]}: The log file {log} cannot be written (No such file or directory); "
        "name another with --log.\n"
    )
