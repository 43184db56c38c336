"""Help and completion: what a shell is offered, and that nothing heavy is loaded for it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import pytest

from onboarding.trust_products import Status
from shaken_stir.cli.group import COMMANDS
from shaken_stir.cli.main import main
from shaken_stir.project import ROOT
from shaken_stir.scenarios.catalogue import SCENARIOS

HEAVY = (
    "boto3",
    "botocore",
    "moto",
    "pydantic",
    "requests",
    "rich",
    "twilio",
    "flask",
    "onboarding.models",
    "onboarding.trust_products",
)


LOADED = """
import json, os, sys
from shaken_stir.cli.main import main
modules, *calls = json.load(sys.stdin)
codes = set()
for arguments, variables in calls:
    sys.argv[1:] = arguments
    os.environ |= variables
    try:
        main()
    except SystemExit as end:
        codes.add(end.code)
print(json.dumps([sorted(codes), sorted(set(modules) & sys.modules.keys())]))
"""
"""Carries out one command after the other; prints their exit codes and which of the modules it has loaded by then."""


def loaded(modules: Iterable[str], *calls: tuple[list[str], dict[str, str]]) -> list[Any]:
    """Give the exit codes of commands with arguments and variables, and which of the modules they load together."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED],
        cwd=ROOT,
        input=json.dumps([list(modules), *calls]),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    told: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return told


class Completed(Protocol):
    """Gives what a shell is offered for the last word of what is typed, as it is told."""

    def __call__(self, typed: str, shell: str = "bash") -> list[str]: ...


@pytest.fixture
def completed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Completed:
    def _completed(typed: str, shell: str = "bash") -> list[str]:
        monkeypatch.setattr(sys, "argv", ["shaken-stir"])
        for name, value in asking(typed, shell).items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit):
            main()
        return capsys.readouterr().out.splitlines()

    return _completed


def asking(typed: str, shell: str = "bash") -> dict[str, str]:
    """The variables by which a shell asks for the last word of what is typed."""
    words = typed.split(" ")
    return {
        "_SHAKEN_STIR_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": typed,
        # fish tells the word itself, the others tell where it is.
        "COMP_CWORD": words[-1] if shell == "fish" else str(len(words) - 1),
    }


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("shaken-stir ", list(COMMANDS)),
        ("shaken-stir re", ["request"]),
        ("shaken-stir --ver", ["--version"]),
        ("shaken-stir run --sc", ["--scenario"]),
        ("shaken-stir run --scenario ", list(SCENARIOS)),
        ("shaken-stir run --json --scenario dr", ["drift"]),
        ("shaken-stir callback --status ", list(Status)),
        ("shaken-stir callback --status twilio-a", ["twilio-approved"]),
        ("shaken-stir request --e", ["--event", "--execution"]),
    ],
)
def test_commands_options_and_values_are_completed(typed: str, words: list[str], completed: Completed) -> None:
    assert [line.partition(",")[2] for line in completed(typed)] == words


@pytest.mark.parametrize(
    "typed", ["run --event ev", "run --fleet ", "run --log x", "doctor --state y", "twilio --fleet s"]
)
def test_files_are_left_to_the_shell(typed: str, completed: Completed) -> None:
    assert completed(f"shaken-stir {typed}") == [f"file,{typed.rpartition(' ')[2]}"]


def test_zsh_and_fish_are_told_what_each_command_does(completed: Completed) -> None:
    assert completed("shaken-stir tw", "zsh") == ["plain", "twilio", COMMANDS["twilio"]]
    assert completed("shaken-stir tw", "fish") == [f"plain,twilio\t{COMMANDS['twilio']}"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_is_given_a_script_that_asks_the_command(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["shaken-stir"])
    monkeypatch.setenv("_SHAKEN_STIR_COMPLETE", f"{shell}_source")

    with pytest.raises(SystemExit):
        main()

    assert f"_SHAKEN_STIR_COMPLETE={shell}_complete" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["shaken-stir", ".venv/bin/shaken-stir"])
def test_bash_completes_the_command_by_its_name_and_by_its_path(command: str, tmp_path: Path) -> None:
    folder = tmp_path / ".venv/bin"
    folder.mkdir(parents=True)
    installed = folder / "shaken-stir"
    installed.write_text(f"#!/bin/sh\ncd '{ROOT}'\nexec '{sys.executable}' -m shaken_stir.cli.main \"$@\"\n")
    installed.chmod(0o755)
    # What bash does when somebody types this and a tab.
    typed = f"""
    source <(_SHAKEN_STIR_COMPLETE=bash_source shaken-stir)
    COMP_WORDS=({command} run --scenario lo) COMP_CWORD=3
    "$(complete -p shaken-stir | sed -E 's/.*-F ([^ ]+) .*/\\1/')" {command}
    echo "${{COMPREPLY[@]}}"
    """

    done = subprocess.run(
        ["bash", "-c", typed],  # noqa: S607 - whichever bash there is, as for a person
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("lost-callback\n", "")


def test_nothing_heavy_is_loaded_for_help() -> None:
    helps = [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)]

    assert loaded(HEAVY, *((arguments, {}) for arguments in helps)) == [[0], []]


def test_nothing_heavy_is_loaded_for_completion() -> None:
    typed = ("shaken-stir ", "shaken-stir run --scenario ", "shaken-stir callback --status ")

    assert loaded(HEAVY, *(([], asking(it)) for it in typed)) == [[0], []]


def test_the_scenarios_are_listed_without_loading_the_engine() -> None:
    engine = ("boto3", "botocore", "flask", "moto", "pydantic", "requests", "twilio", "shaken_stir.engine.engine")

    listed = "shaken_stir.cli.scenario_list"
    assert loaded((*engine, listed), (["run", "--list"], {})) == [[0], [listed]]


def test_no_command_s_options_are_loaded_for_the_list_of_commands() -> None:
    modules = [f"shaken_stir.cli.commands.{name}" for name in COMMANDS]

    assert loaded(modules, (["--help"], {})) == [[0], []]
    assert loaded(modules, (["twilio", "--help"], {})) == [[0], ["shaken_stir.cli.commands.twilio"]]
