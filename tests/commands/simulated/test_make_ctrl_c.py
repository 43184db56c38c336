"""Ctrl-C under make: the command's sentence is the last line, and make ends with a failure."""

import json
import os
import pty
import signal
import subprocess
import threading
from functools import partial
from pathlib import Path

import pytest

from shaken_stir.project import ROOT, SMALL_FLEET


def pressed(until: str, *arguments: str) -> tuple[int, list[str]]:
    """Run make in a terminal of its own and press Ctrl-C once certain words are there."""
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    with subprocess.Popen(  # make is on the path of whoever runs the tests
        ["make", "-o", ".venv/.synced", *arguments],  # noqa: S607
        cwd=ROOT,
        env=environment | {"TERM": "xterm", "COLUMNS": "200"},
        preexec_fn=partial(os.login_tty, theirs),  # noqa: PLW1509 - no thread runs yet
    ) as process:
        os.close(theirs)
        # Where the words never come, make is stopped and the test fails.
        patience = threading.Timer(120, process.kill)
        patience.start()
        said, is_pressed = "", False
        try:
            while more := os.read(ours, 65_536):
                said += more.decode(errors="replace")
                if until in said and not is_pressed:
                    is_pressed = True
                    os.write(ours, b"\x03")
        except OSError:
            pass  # its last process has ended
        patience.cancel()
    os.close(ours)
    return process.returncode, [line for line in said.splitlines() if line.strip()]


@pytest.mark.parametrize("target", ["run", "serve"])
def test_the_last_line_is_the_command_s_own(target: str, tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.json"
    fleet.write_text(json.dumps(json.loads(SMALL_FLEET.read_text()) | {"review": {"seconds": 600}}))
    ports = "--aws-port 0 --twilio-port 0 --webhook-port 0"
    until, options = ("Waiting for", f"--fleet {fleet}") if target == "run" else ("Ctrl-C stops", ports)

    code, lines = pressed(until, target, f"ARGS={options}")

    # A shell shows a death by SIGINT as 130.
    assert code == -signal.SIGINT
    assert lines[-1].endswith("Stopped. Nothing is left behind: run it again at any time.")
    assert not any("Traceback" in line or "Error 130" in line for line in lines)


@pytest.mark.parametrize("target", ["run", "serve"])
def test_another_failure_is_make_s_failure(target: str) -> None:
    code, lines = pressed("never", target, "ARGS=--fleet 0x0")

    assert code == 2
    assert lines[-1].endswith("Error 2")
