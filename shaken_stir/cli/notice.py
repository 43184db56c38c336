"""A line that says what a command starts, printed before the seconds that it takes to load it."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

STARTING: Final = "Starting AWS, Twilio and the webhook on this machine..."
STARTING_LIVE: Final = "Starting the state machine on this machine..."
ERASE: Final = "\r\x1b[2K"


@contextmanager
def noticed(words: str, *, quiet: bool = False, only_in_terminal: bool = False) -> Iterator[Callable[[], None]]:
    """Print a line on standard output; in a terminal it disappears at the end of the block.

    Args:
        words: The line.
        quiet: Print nothing, since standard output is for programs.
        only_in_terminal: Print nothing in a pipe or a file.

    Yields:
        A function that erases the line earlier. It does so once.
    """
    out = sys.stdout
    erasable = out.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    shown = not quiet and (erasable or not only_in_terminal)

    def erase() -> None:
        nonlocal shown
        if shown and erasable:
            print(ERASE, end="", file=out, flush=True)
        shown = False

    if shown:
        fitting = words[: shutil.get_terminal_size().columns - 1] if erasable else words
        print(fitting, end="" if erasable else "\n", file=out, flush=True)
    try:
        yield erase
    finally:
        erase()
