"""What machine this is, as far as a reader of figures needs it."""

import os
import platform
from pathlib import Path
from typing import Final

_PROCESSORS: Final = Path("/proc/cpuinfo")


def described() -> str:
    """Say how many cores of which processor there are, and which Python."""
    cores = os.process_cpu_count() or 1
    return f"{cores} cores of {_processor()}, {platform.system()}, Python {platform.python_version()}"


def _processor() -> str:
    """Name the processor as Linux does, elsewhere its kind."""
    lines = _PROCESSORS.read_text(encoding="utf-8").splitlines() if _PROCESSORS.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(filter(None, names), platform.machine())
