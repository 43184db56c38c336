"""How soon `shaken-stir` answers when nothing is run: help, the version and completion; `make bench` runs this.

Each is timed in fresh processes beside Python's own start. Times are told, never judged: they are the machine's.
"""

import os
import subprocess
import sys
import time
from statistics import median
from typing import Final

RUNS: Final = 10
PYTHON: Final = "python -c pass"
COMMAND: Final = (sys.executable, "-m", "shaken_stir.cli.main")
MEASURED: Final[dict[str, tuple[str, ...]]] = {
    PYTHON: (sys.executable, "-c", "pass"),
    "shaken-stir --help": (*COMMAND, "--help"),
    "shaken-stir run --help": (*COMMAND, "run", "--help"),
    "shaken-stir --version": (*COMMAND, "--version"),
    "shaken-stir run --scenario <Tab>": COMMAND,
}
COMPLETION: Final = {
    "_SHAKEN_STIR_COMPLETE": "bash_complete",
    "COMP_WORDS": "shaken-stir run --scenario ",
    "COMP_CWORD": "3",
}


def main() -> None:
    """Measure and print a table."""
    # In turns, so that all see the same noise; the first turn may still write bytecode.
    turns = [{name: seconds(command, name) for name, command in MEASURED.items()} for _ in range(RUNS + 1)][1:]
    sys.stdout.write(f"{f'start, median of {RUNS}':<34}in all   beyond Python's own\n")
    for name in MEASURED:
        took = 1000 * median(turn[name] for turn in turns)
        beyond = 1000 * median(turn[name] - turn[PYTHON] for turn in turns)
        sys.stdout.write(f"{name:<34}{took:>3.0f} ms{beyond:>19.0f} ms\n")


def seconds(command: tuple[str, ...], name: str) -> float:
    """Time a process from its start to its end."""
    variables = COMPLETION if name.endswith("<Tab>") else {}
    start = time.perf_counter()
    subprocess.run(command, env=os.environ | variables, capture_output=True, check=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
