"""Help and completion: what a shell is offered, and that nothing heavy is loaded for it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from onboarding.trust_products import Status
from shaken_stir.cli.group import COMMANDS
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


def loaded(modules: tuple[str, ...]) -> str:
    """A program that carries out its arguments and prints its exit code and which of the modules it has loaded."""
    return f"""
import json, sys
from shaken_stir.cli.main import main
try:
    main()
except SystemExit as end:
    print(json.dumps([end.code, sorted(set({modules!r}) & sys.modules.keys())]))
"""


def python(*command: str, **variables: str) -> str:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


def completed(typed: str, shell: str = "bash") -> list[str]:
    """What a shell is offered for the last word of what is typed, as it is told."""
    words = typed.split(" ")
    variables = {
        "_SHAKEN_STIR_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": typed,
        # fish tells the word itself, the others tell where it is.
        "COMP_CWORD": words[-1] if shell == "fish" else str(len(words) - 1),
    }
    return python("-m", "shaken_stir.cli.main", **variables).splitlines()


def offered(typed: str) -> list[str]:
    return [line.partition(",")[2] for line in completed(typed)]


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
def test_commands_options_and_values_are_completed(typed: str, words: list[str]) -> None:
    assert offered(typed) == words


@pytest.mark.parametrize(
    "typed", ["run --event ev", "run --fleet ", "run --log x", "doctor --state y", "twilio --fleet s"]
)
def test_files_are_left_to_the_shell(typed: str) -> None:
    assert completed(f"shaken-stir {typed}") == [f"file,{typed.rpartition(' ')[2]}"]


def test_zsh_and_fish_are_told_what_each_command_does() -> None:
    assert completed("shaken-stir tw", "zsh") == ["plain", "twilio", COMMANDS["twilio"]]
    assert completed("shaken-stir tw", "fish") == [f"plain,twilio\t{COMMANDS['twilio']}"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_is_given_a_script_that_asks_the_command(shell: str) -> None:
    script = python("-m", "shaken_stir.cli.main", _SHAKEN_STIR_COMPLETE=f"{shell}_source")

    assert f"_SHAKEN_STIR_COMPLETE={shell}_complete" in script


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


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)], ids=" ".join
)
def test_nothing_heavy_is_loaded_for_help(arguments: list[str]) -> None:
    assert json.loads(python("-c", loaded(HEAVY), *arguments).splitlines()[-1]) == [0, []]


@pytest.mark.parametrize("typed", ["shaken-stir ", "shaken-stir run --scenario ", "shaken-stir callback --status "])
def test_nothing_heavy_is_loaded_for_completion(typed: str) -> None:
    words = len(typed.split(" ")) - 1
    told = python("-c", loaded(HEAVY), _SHAKEN_STIR_COMPLETE="bash_complete", COMP_WORDS=typed, COMP_CWORD=str(words))

    assert json.loads(told.splitlines()[-1]) == [0, []]


def test_no_command_s_options_are_loaded_for_the_list_of_commands() -> None:
    modules = tuple(f"shaken_stir.cli.commands.{name}" for name in COMMANDS)

    assert json.loads(python("-c", loaded(modules), "--help").splitlines()[-1]) == [0, []]
    one = python("-c", loaded(modules), "twilio", "--help")
    assert json.loads(one.splitlines()[-1]) == [0, ["shaken_stir.cli.commands.twilio"]]
