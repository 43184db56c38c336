"""Whatever an account is called, `doctor` and `run --live` show its name as text."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from shaken_stir.project import ROOT
from tests.commands.hostile import FLEET, none_is_raw, obeyed, shown_as_text
from tests.commands.live.conftest import Start
from tests.commands.terminal import in_terminal
from tests.world import NAMED

COMMAND = [sys.executable, "-m", "shaken_stir.cli.main"]
PARENT, PROFILE = r"[Parent] \x1b[2J & Co", r"[bold]Profile\u202e\n\x1b[2J"
PRODUCT = "[Voice] \u202e\x1b[2J"


@pytest.fixture
def event(tmp_path: Path) -> Path:
    file = tmp_path / "request.json"
    file.write_text(json.dumps({"trust_product": {**NAMED["trust_product"], "friendly_name": PRODUCT}}))
    return file


def test_doctor(twilio: Start, event: Path) -> None:
    simulated = twilio(**FLEET)
    command, environment = [*COMMAND, "doctor", "--event", str(event)], simulated.environment()

    piped = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    seen = in_terminal(command, environment)

    assert (piped.returncode, seen.code) == (0, 0)
    for text in (piped.stdout, seen.text):
        assert obeyed(text) == set()
        assert PARENT in text
        assert PROFILE in text
        assert r"[Voice] \u202e\x1b[2J" in text


def test_run_live(twilio: Start, event: Path, tmp_path: Path) -> None:
    simulated = twilio(**FLEET)
    command = [*COMMAND, "run", "--live", "--yes", "--event", str(event)]
    environment = simulated.environment(XDG_STATE_HOME=str(tmp_path))

    seen = in_terminal(command, environment)
    piped = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)

    assert (seen.code, piped.returncode, piped.stderr) == (0, 0, "")
    shown_as_text(seen.text)
    none_is_raw(seen.raw)
    shown_as_text(piped.stdout)
    assert f"({PARENT})" in seen.text
