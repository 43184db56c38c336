"""Whatever a subaccount is called, `shaken-stir run` shows its name as text."""

import json
import subprocess
import sys
from pathlib import Path

from shaken_stir.project import ROOT
from tests.commands.hostile import FILE, NAMES, PLAIN, none_is_raw, obeyed, shown_as_text
from tests.commands.simulated.serving import serving
from tests.commands.terminal import in_terminal

RUN = [sys.executable, "-m", "shaken_stir.cli.main", "run", "--fleet", str(FILE), "--time-scale", "0.1"]


def piped(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_in_a_pipe_each_name_is_on_one_line() -> None:
    done = piped(*RUN)

    assert (done.returncode, done.stderr) == (0, "")
    shown_as_text(done.stdout)
    assert all(f" s  {name} (AC" in done.stdout for name in PLAIN)


def test_in_a_terminal_each_name_is_a_row() -> None:
    seen = in_terminal(RUN)

    assert seen.code == 0
    shown_as_text(seen.text)
    none_is_raw(seen.raw)


def test_in_json_the_report_names_accounts_by_their_sids() -> None:
    done = piped(*RUN, "--json")

    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(done.stdout)["subaccounts"]) == len(NAMES)
    assert obeyed(done.stdout) == set()


def test_a_name_in_an_error_is_visible_too(tmp_path: Path) -> None:
    fleet = tmp_path / "\x1b[2J\n.json"

    done = piped(*RUN[:-4], "--fleet", str(fleet))

    assert done.returncode == 2
    assert "\\x1b[2J\\n.json" in done.stderr
    assert done.stderr.count("\n") == 1
    assert obeyed(done.stderr) == set()


def test_serve_keeps_such_a_fleet_up() -> None:
    with serving("--fleet", str(FILE)) as served:
        pass

    assert served.exit_code == 130
    assert obeyed(served.words + served.more_words + served.errors) == set()
