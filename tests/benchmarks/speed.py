"""How fast runs are: docs/benchmarks.md, written by `make bench`.

`python -m tests.benchmarks.speed BUILD`: BUILD is where `sam build` put what is deployed, of which import times are
taken. Each measurement is a process of its own. What is measured on the clock runs alone; what mostly waits, or is
measured by the processor's time, runs two at once.
"""

import io
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

from shaken_stir.engine.intrinsics import read_template
from shaken_stir.project import ROOT, TEMPLATE
from tests.benchmarks import import_time
from tests.benchmarks.measured import Measured, measure
from tests.benchmarks.results import FLEETS, LATENCY, LONG_LATENCY, REQUESTS_AT_ONCE, UNCHANGED, Dollars, Results, Split
from tests.benchmarks.speed_words import document
from tools import costs

DOCUMENT: Final = ROOT / "docs/benchmarks.md"
SPLITS: Final = (Split(2, 8), Split(4, 4), Split(8, 2), Split(16, 1))
RUNS: Final = 3
"""How often a fleet is taken through by the template's defaults; the middle one counts."""
GUIDE: Final = "6x10"
GROWING: Final = ("2000x1", "100x1", "1000x1")
_DOLLARS_FOR: Final = 1000


def main(build: Path) -> None:
    """Measure everything, and write the document."""
    began = time.monotonic()
    chosen = defaults()
    if chosen not in SPLITS:
        sys.exit(f"The template's defaults, {chosen}, are not among what is measured.")
    imports = told("import times", partial(import_time.measured, build))
    by_split = {
        (fleet, split): [measured("onboarding", fleet, LATENCY, *split) for _ in range(RUNS if split == chosen else 1)]
        for fleet in FLEETS
        for split in SPLITS
    }
    bought = measured("bought", FLEETS[1], LATENCY)
    guide, *waiting = side_by_side(
        partial(measured, "guide", GUIDE, LATENCY),
        *(partial(measured, "onboarding", fleet, LONG_LATENCY) for fleet in FLEETS),
    )
    unchanged, *growing = side_by_side(*(partial(measured, "unchanged", it, 0) for it in (UNCHANGED, *GROWING)))
    results = Results(
        chosen=chosen,
        splits={key: middle(runs) for key, runs in by_split.items()},
        waiting=dict(zip(FLEETS, waiting, strict=True)),
        guide=guide,
        bought=bought,
        unchanged=unchanged,
        growing=dict(zip(GROWING, growing, strict=True)),
        imports=imports,
        dollars=told("dollars", dollars),
    )
    DOCUMENT.write_text(document(results), encoding="utf-8")
    say(f"{DOCUMENT.relative_to(ROOT)} is written, after {time.monotonic() - began:.0f} s")


def defaults() -> Split:
    """How the template's defaults share the requests at once.

    Raises:
        SystemExit: They allow more at once than the document says.
    """
    parameters = read_template(TEMPLATE)["Parameters"]
    split = Split(parameters["MapConcurrency"]["Default"], parameters["ThreadsPerFunction"]["Default"])
    if split.map_concurrency * split.threads_per_function != REQUESTS_AT_ONCE:
        sys.exit(f"The template's defaults, {split}, are not {REQUESTS_AT_ONCE} requests at once.")
    return split


def measured(kind: str, fleet: str, latency: float, *split: int) -> Measured:
    """Measure, and say that it was done."""
    what = f"{kind:<11}{fleet:>8} {1000 * latency:>4.0f} ms a request  {' x '.join(map(str, split)):<8}"
    return told(what, partial(measure, kind, fleet, latency, *split))


def told[Result](what: str, do: Callable[[], Result]) -> Result:
    """Do something that takes long, and say how long it took."""
    began = time.monotonic()
    result = do()
    say(f"{what:<44}{time.monotonic() - began:>6.0f} s")
    return result


def say(line: str) -> None:
    """Write a line as soon as there is one."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def side_by_side(*measurements: Callable[[], Measured]) -> list[Measured]:
    """Do these, two at once; gives what they gave, in their order."""
    with ThreadPoolExecutor(2) as pool:
        return [it.result() for it in [pool.submit(it) for it in measurements]]


def middle(runs: Iterable[Measured]) -> Measured:
    """Give the run in the middle by its time; the most requests at once are those of all of them."""
    by_time = sorted(runs, key=lambda it: it.seconds)
    half = median(range(len(by_time)))
    return by_time[int(half)]._replace(most=max(it.most for it in by_time))


def dollars() -> Dollars:
    """Work out list prices, as docs/costs.md does; what the functions log goes nowhere."""
    with redirect_stdout(io.StringIO()):
        first, month = costs.first_onboarding(_DOLLARS_FOR), costs.daily_runs(_DOLLARS_FOR)
    return Dollars(_DOLLARS_FOR, costs.NUMBERS, first=costs.total(first), month=costs.total(month))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
