"""Ctrl-C before a command does anything: while it is loaded, and while its options are read."""

import subprocess
import sys

import pytest

from shaken_stir.cli.notice import STARTING
from shaken_stir.project import ROOT

# As Python does it when the signal comes while a module is looked for.
PRESSED = """
import sys
from importlib.abc import MetaPathFinder

class Pressed(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Pressed())
from shaken_stir.cli.main import main
main()
"""


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("click", ""),
        ("shaken_stir.cli.commands.run", ""),
        # What a person waits for is said before it is loaded.
        ("shaken_stir.cli.run", f"{STARTING}\n"),
        ("rich", f"{STARTING}\n"),
        ("moto", f"{STARTING}\n"),
    ],
)
def test_ctrl_c_while_it_is_loaded_ends_it_with_130_and_a_sentence(module: str, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRESSED.format(module=module), "run", "--fleet", "1x1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout) == (130, said)
    assert done.stderr == "Stopped. Nothing is left behind: run it again at any time.\n"
