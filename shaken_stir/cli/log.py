"""Where the functions' log goes: `--log FILE`, else nowhere."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


class LogError(OSError):
    """The log cannot be written; the message is one sentence for a person."""


def open_log(path: Path | None) -> TextIO:
    """Open the log anew, written line by line.

    Args:
        path: What `--log` names, None to keep nothing.

    Raises:
        LogError: The file cannot be written.
    """
    with _told(path):
        return Path(path or os.devnull).open("w", encoding="utf-8", buffering=1)


def see_that_it_can_be_written(path: Path | None) -> None:
    """Try the log; what an earlier run has written there stays until the log is opened anew.

    Raises:
        LogError: The file cannot be written.
    """
    with _told(path):
        Path(path or os.devnull).open("a", encoding="utf-8").close()


@contextmanager
def _told(path: Path | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LogError(f"The log file {path} cannot be written ({error.strerror}); name another with --log.") from None
