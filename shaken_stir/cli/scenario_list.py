"""`shaken-stir run --list`: the scenarios, one line each."""

import json
import sys
from typing import TypedDict

from rich.console import Console

from shaken_stir.cli.prose import say
from shaken_stir.scenarios.names import TITLES

WIDTH = max(map(len, TITLES)) + 2


class ListedScenario(TypedDict):
    """A scenario, as `shaken-stir run --list --json` prints it."""

    name: str
    title: str


def list_scenarios(*, as_json: bool) -> int:
    """Print the name and the title of every scenario; return the exit code."""
    out = Console(file=sys.stdout, highlight=False)
    for name, title in TITLES.items():
        if as_json:
            out.file.write(json.dumps(ListedScenario(name=name, title=title)) + "\n")
        else:
            say(out, title, lead=f"{name:{WIDTH}}")
    return 0
