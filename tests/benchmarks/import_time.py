"""Import times of what `make build` built, with and without bytecode; `make bench` has them in docs/benchmarks.md.

Each import is timed in fresh processes that see the function, the layer and boto3, as in Lambda, and nothing else.
Times are told, never judged: they are the machine's.
"""

import compileall
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

MODULES: Final = ("assign_to_trust_product", "status_callback")
LAYER: Final = "DependenciesLayer"
FROM_THE_RUNTIME: Final = ("boto3", "botocore", "s3transfer", "dateutil", "six")
RUNS: Final = 5
# Isolated, without site-packages, and without writing the bytecode that is to be missing.
PYTHON: Final = (sys.executable, "-I", "-S", "-B", "-c")
TIMED_IMPORT: Final = """
import sys, time
sys.path[:0] = sys.argv[2:-1]
sys.path.append(sys.argv[-1])
start = time.perf_counter()
__import__(sys.argv[1])
print(1000 * (time.perf_counter() - start))
"""


class ImportTime(NamedTuple):
    """How many milliseconds an import takes with bytecode, and without."""

    fast: float
    slow: float


def measured(build: Path) -> dict[str, ImportTime]:
    """Measure each module.

    Args:
        build: Where `sam build` put its artefacts.
    """
    found = {}
    with TemporaryDirectory() as folder:
        runtime, bare = Path(folder, "runtime"), Path(folder, "bare")
        link_runtime_packages(runtime)
        shutil.copytree(build, bare, ignore=shutil.ignore_patterns("__pycache__"))
        for module in MODULES:
            with_bytecode, without = [], []
            # In turns, so that both see the same noise.
            for _ in range(RUNS):
                with_bytecode.append(import_time(module, build, runtime))
                without.append(import_time(module, bare, runtime))
            found[module] = ImportTime(median(with_bytecode), median(without))
    return found


def link_runtime_packages(folder: Path) -> None:
    """Put what Lambda's runtime supplies into a folder of its own, with bytecode as there."""
    folder.mkdir()
    for name in FROM_THE_RUNTIME:
        spec = find_spec(name)
        if not spec or not spec.origin:
            sys.exit(f"{name} is not installed; run make.")
        source = Path(spec.origin)
        package = source.parent if source.name == "__init__.py" else source
        linked = folder / package.name
        linked.symlink_to(package)
        compileall.compile_dir(linked, quiet=1) if linked.is_dir() else compileall.compile_file(linked, quiet=1)


def import_time(module: str, build: Path, runtime: Path) -> float:
    """Time an import in a fresh process, in milliseconds."""
    function = next(build.glob(f"*/{module}.py"), None)
    if not function:
        sys.exit(f"{build} holds no {module}.py; run make build.")
    places = (function.parent, build / LAYER / "python", runtime)
    answer = subprocess.run([*PYTHON, TIMED_IMPORT, module, *map(str, places)], stdout=subprocess.PIPE, check=True)
    return float(answer.stdout)
