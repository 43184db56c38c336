"""Where the functions' log goes: `--log FILE`, else nowhere."""

import os
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
    try:
        return Path(path or os.devnull).open("w", encoding="utf-8", buffering=1)
    except OSError as error:
        raise LogError(f"The log file {path} cannot be written ({error.strerror}); name another with --log.") from None
