"""Files, ports and arguments that cannot be: each is told in one sentence, with exit code 2."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest

from shaken_stir.cli.main import execute
from shaken_stir.cli.notice import STARTING
from shaken_stir.project import ROOT
from simulator.simulator import Simulator

BAD_FILES: dict[str, tuple[str, str, str]] = {
    "fleet not JSON": ("--fleet", "{", "not JSON"),
    "fleet not of the schema": ("--fleet", '{"subaccounts": [{"sid": "AC1"}]}', "subaccounts[0].sid"),
    "unknown key in the fleet": ("--fleet", '{"colour": 1}', "colour"),
    "event not JSON": ("--event", "{", "not JSON"),
    "event not an object": ("--event", "[]", "must hold a JSON object"),
    "event of no rule": (
        "--event",
        '{"source": "shaken-stir.onboarding", "detail-type": "Something Else", "detail": {}}',
        "Something Else",
    ),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_told_in_one_sentence_that_names_it(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    option, content, told = BAD_FILES[case]
    file = tmp_path / "bad.json"
    file.write_text(content)

    assert execute(["run", option, str(file)]) == 2

    one_sentence(capsys, told)


@pytest.mark.parametrize("option", ["--fleet", "--event"])
def test_a_missing_file_is_told_in_one_sentence_that_names_it(
    option: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    missing = str(tmp_path / "missing.json")

    assert execute(["run", option, missing]) == 2

    one_sentence(capsys, missing)


def test_a_fleet_of_no_size_is_told_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["run", "--fleet", "0x10"]) == 2

    one_sentence(capsys, "0x10")


def test_a_port_in_use_is_told_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert execute(["twilio", "--port", str(port)]) == 2

    one_sentence(capsys, f"Port {port} is in use; choose another with --port N (0: any free port).\n")


def test_a_port_that_may_not_be_used_is_told_in_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Simulator, "start", Mock(side_effect=PermissionError(13, "Permission denied")))

    assert execute(["twilio", "--port", "80"]) == 2

    one_sentence(capsys, "Port 80 cannot be used (Permission denied); choose another with --port N.\n")


@pytest.mark.parametrize(
    "arguments", [["run", "--repeat", "x"], ["run", "--time-scale", "nan"], ["twilio", "--port", "70000"], ["fly"], []]
)
def test_a_wrong_argument_is_told_with_the_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(arguments) == 2

    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("usage: shaken-stir")


def test_wrong_usage_is_told_as_numbers_where_only_ascii_is_understood() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "shaken_stir.cli.main", "run", "--repeat", "☎"],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("argument --repeat: \\u260e is not a whole number above 0\n")


def one_sentence(capsys: pytest.CaptureFixture[str], told: str) -> None:
    captured = capsys.readouterr()
    assert captured.out in {"", f"{STARTING}\n"}
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("shaken-stir ")
    assert told in captured.err
