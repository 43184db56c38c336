"""Whatever an account is called, `doctor` and `run --live` show its name as text."""

import json
from pathlib import Path

import pytest

from tests.commands.hostile import FLEET, none_is_raw, obeyed, shown_as_text
from tests.commands.live.conftest import Doctor, Start
from tests.commands.live.laptop import Laptop
from tests.commands.output import run_as_in_terminal
from tests.world import NAMED

PARENT, PROFILE = r"[Parent] \x1b[2J & Co", r"[bold]Profile\u202e\n\x1b[2J"
PRODUCT = "[Voice] [bold]"


@pytest.fixture
def event(tmp_path: Path) -> Path:
    file = tmp_path / "request.json"
    file.write_text(json.dumps({"trust_product": {**NAMED["trust_product"], "friendly_name": PRODUCT}}))
    return file


def test_doctor(twilio: Start, doctor_here: Doctor, event: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, piped, _ = doctor_here(twilio(**FLEET), "--event", str(event))
    seen = run_as_in_terminal(monkeypatch, "doctor", "--event", str(event))

    assert (code, seen.code) == (0, 0)
    for text in (piped, seen.text):
        assert obeyed(text) == set()
        assert PARENT in text
        assert PROFILE in text
        assert PRODUCT in text


def test_run_live(twilio: Start, laptop: Laptop, event: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    simulated = twilio(**FLEET)

    piped = laptop.run(simulated, "--dry-run", "--numbers", "--event", str(event))
    simulated.known_here(monkeypatch, XDG_STATE_HOME=str(laptop.folder))
    seen = run_as_in_terminal(monkeypatch, "run", "--live", "--yes", "--event", str(event))

    assert (piped.code, piped.err, seen.code) == (0, "", 0)
    shown_as_text(piped.out)
    shown_as_text(seen.text)
    none_is_raw(seen.raw)
    assert all(f"({PARENT})" in text for text in (piped.out, seen.text))
