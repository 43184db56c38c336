"""How long the local engine takes for a number, before and after a change, and whether that grows with the fleet.

`python tests/benchmarks/engine.py BEFORE [FLEET...]`: BEFORE is a commit, a FLEET such as `100x10`. Both trees run in
turns, each time in a fresh process, with the screen of `shaken-stir run` drawn; the wait for the review is not counted.
What the process itself has computed is told, too: on a machine that others use, it is the better figure. Times are
told, never judged: they are the machine's. What takes longer than `PATIENCE` seconds is told as `inf`.
"""

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections import defaultdict
from itertools import product
from math import inf
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from shaken_stir.project import ROOT

FLEETS: Final = ("100x10", "1000x10", "2000x5")
RUNS: Final = 3
PATIENCE: Final = 600.0
# Only what the trees of both commits have.
TIMED_RUN: Final = """
import contextlib, io, json, os, sys, time
from rich.console import Console
from shaken_stir.cli.view import View
from shaken_stir.project import EXAMPLE_EVENT, load_event
from shaken_stir.simulated.place import SimulatedPlace
from simulator.fleet import load_fleet

fleet = load_fleet(sys.argv[1])
screen = Console(file=open(os.devnull, "w"), force_terminal=True, width=120, height=40)
with contextlib.redirect_stdout(io.StringIO()), SimulatedPlace(fleet) as place:
    arns, start = [], place.engine.start_execution
    place.engine.start_execution = lambda *arguments: arns.append(start(*arguments)) or arns[-1]
    computed = time.process_time()
    with View(screen) as view:
        report = place.run(load_event(EXAMPLE_EVENT), on_change=view.update)
    computed = time.process_time() - computed
    history = place.engine.history(arns[0])
assert report.status == "SUCCEEDED", report.cause
entered = {event.get("stateEnteredEventDetails", {}).get("name"): event["timestamp"] for event in reversed(history)}
seconds = (entered["Await Review"] - history[0]["timestamp"]).total_seconds()
print(json.dumps([sum(report.numbers.values()), seconds, computed]), file=sys.__stdout__)
"""


class Milliseconds(NamedTuple):
    """What a number took: on the clock, and of the processor."""

    wall: float
    computed: float


def main(before: str, fleets: list[str]) -> None:
    """Measure and print a table: milliseconds for a number, and how much more that is than at the first fleet.

    Args:
        before: The commit to compare with.
        fleets: The fleets, the one that the others are compared with first.
    """
    with tempfile.TemporaryDirectory() as folder:
        old = Path(folder, "before")
        checkout(before, old)
        trees = {"before": old, "after": ROOT}
        took: dict[tuple[str, str], list[Milliseconds]] = defaultdict(list)
        # In turns, so that all see the same noise.
        for run, fleet, name in product(range(1, RUNS + 1), fleets, trees):
            once = per_number(trees[name], fleet)
            took[name, fleet].append(once)
            sys.stdout.write(
                f"{fleet:<9}{name:<8}run {run} of {RUNS}{once.wall:>9.1f} ms{once.computed:>9.1f} computed\n"
            )
            sys.stdout.flush()
    for what in Milliseconds._fields:
        middle = {it: median(getattr(once, what) for once in runs) for it, runs in took.items()}
        sys.stdout.write(f"\n{what:<10}{'before':>12}{'after':>12}{'after / before':>18}{f'after / {fleets[0]}':>18}\n")
        for fleet in fleets:
            first, slow, fast = middle["after", fleets[0]], middle["before", fleet], middle["after", fleet]
            sys.stdout.write(f"{fleet:<10}{slow:>9.1f} ms{fast:>9.1f} ms{fast / slow:>18.2f}{fast / first:>18.2f}\n")


def checkout(commit: str, folder: Path) -> None:
    """Write a commit's files into a folder."""
    command = ["git", "archive", commit]
    archive = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")


def per_number(tree: Path, fleet: str) -> Milliseconds:
    """Run a fleet in a fresh process, with the code of a tree; gives what a number took, `inf` where patience ends."""
    paths = os.pathsep.join(map(str, (tree, tree / "functions")))
    command = [sys.executable, "-c", TIMED_RUN, fleet]
    try:
        answer = subprocess.run(
            command,
            cwd=tree,
            env={**os.environ, "PYTHONPATH": paths},
            stdout=subprocess.PIPE,
            timeout=PATIENCE,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return Milliseconds(inf, inf)
    numbers, wall, computed = json.loads(answer.stdout)
    return Milliseconds(1000 * wall / numbers, 1000 * computed / numbers)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:] or list(FLEETS))
