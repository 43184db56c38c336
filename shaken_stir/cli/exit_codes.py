"""Exit codes of a command that a signal or a lost output ends: 128 plus the number of the signal, as in shells."""

from collections.abc import Mapping
from typing import Final

HUNG_UP: Final = 129
"""The terminal was closed."""
INTERRUPTED: Final = 130
"""After Ctrl-C."""
NOBODY_READS: Final = 141
"""The reader of standard output has ended, as `head` does."""
CUT_SHORT: Final[Mapping[int, str]] = {
    HUNG_UP: "the terminal was closed",
    INTERRUPTED: "Ctrl-C",
    NOBODY_READS: "the reader of standard output ended",
}
