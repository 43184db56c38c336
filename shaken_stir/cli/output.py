"""Standard output that may be full, closed or gone with its terminal, and the exit code for each."""

import errno
import os
import sys
from contextlib import suppress
from typing import Any, Final, TextIO

from shaken_stir.cli.exit_codes import HUNG_UP, NOBODY_READS

LOST: Final = frozenset({errno.EPIPE, errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""The errors of an output that takes no more."""


class OutputLostError(Exception):
    """Standard output takes no more. It is no OSError, so no command reads it as one of its files or ports.

    Attributes:
        errno: The operating system's error.
    """

    def __init__(self, error: OSError) -> None:
        super().__init__(error.strerror)
        self.errno = error.errno


class Output:
    """A text stream that raises `OutputLostError` where it cannot be written.

    Args:
        stream: The stream.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text.

        Raises:
            OutputLostError: The stream takes no more.
        """
        try:
            return self._stream.write(text)
        except OSError as error:
            raise OutputLostError(error) from error

    def flush(self) -> None:
        """Write what is buffered.

        Raises:
            OutputLostError: The stream takes no more.
        """
        try:
            self._stream.flush()
        except OSError as error:
            raise OutputLostError(error) from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def after_loss(error: OutputLostError) -> int:
    """Say why standard output ended, unless its reader or its terminal is gone; return the exit code."""
    # Python writes what is buffered once more when it ends.
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno == errno.EPIPE:
        return NOBODY_READS
    if error.errno == errno.EIO:
        return HUNG_UP
    aside(f"shaken-stir: Standard output cannot be written ({error}); free some space, or write it elsewhere.")
    return 2


def aside(text: str) -> None:
    """Print on standard error, if it is still there: a closed terminal takes both outputs along."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)
