"""Files that only their owner reads: a fleet's numbers are nobody else's business."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

OWNER_ONLY: Final = 0o600


@contextmanager
def private_file(path: Path) -> Iterator[TextIO]:
    """Open a file to write text, readable for its owner alone, also if it exists.

    Raises:
        OSError: The file cannot be written, or it is a link: a link may lead to a file of somebody else's choice.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, OWNER_ONLY)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.EMLINK}:
            raise OSError(error.errno, "it is a link") from error
        raise
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        if path.is_file():
            os.fchmod(descriptor, OWNER_ONLY)
        yield file
