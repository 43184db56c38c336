"""What the command ends with beside 0, 1 and 2: as shells count it, 128 and the number of the signal."""

from typing import Final

HUNG_UP: Final = 129
"""The terminal was closed."""
INTERRUPTED: Final = 130
"""After Ctrl-C."""
NOBODY_READS: Final = 141
"""The reader of standard output has ended, as `head` does."""
