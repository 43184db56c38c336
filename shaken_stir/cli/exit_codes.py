"""What the command ends with beside 0, 1 and 2."""

from typing import Final

INTERRUPTED: Final = 130
"""After Ctrl-C, as shells count it: 128 and the number of the signal."""
