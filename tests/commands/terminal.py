"""A command within the test's process as a person sees it: in a pseudo-terminal of a given size."""

import fcntl
import os
import pty
import re
import struct
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from shaken_stir.cli.main import execute

OWN_SEQUENCES = re.compile(r"\x1b\[(?:[0-9;]*[mAKG]|\?25[hl])|\r")
"""Colours, moves within the rows, and the cursor hidden and shown again: what the command itself sends."""
STREAMS = {0: "stdin", 1: "stdout", 2: "stderr"}


class Seen(NamedTuple):
    """What came out: `raw` as sent, `text` without the sequences that the command itself sends."""

    code: int
    raw: str
    text: str


def in_terminal(monkeypatch: pytest.MonkeyPatch, *arguments: str, columns: int, rows: int) -> Seen:
    """Run `shaken-stir` in a terminal of its own, standard error included."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    sent = bytearray()
    # Read meanwhile, since a terminal holds only some pages.
    reading = threading.Thread(target=read_all, args=(ours, sent))
    reading.start()
    try:
        with monkeypatch.context() as patched, of_this_process(patched, theirs):
            code = execute([*arguments])
    finally:
        os.close(theirs)
        reading.join()
        os.close(ours)
    raw = sent.decode().replace("\r\n", "\n")
    return Seen(code, raw, OWN_SEQUENCES.sub("", raw))


@contextmanager
def of_this_process(patched: pytest.MonkeyPatch, terminal: int) -> Iterator[None]:
    """Have the process's three streams on a terminal, as a shell gives them to it."""
    patched.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
        patched.delenv(name, raising=False)
    kept = {stream: os.dup(stream) for stream in STREAMS}
    try:
        for stream, name in STREAMS.items():
            os.dup2(terminal, stream)
            mode = "r" if name == "stdin" else "w"
            patched.setattr(sys, name, os.fdopen(stream, mode, encoding="utf-8", closefd=False))
        yield
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        for stream, before in kept.items():
            os.dup2(before, stream)
            os.close(before)


def read_all(terminal: int, sent: bytearray) -> None:
    """Read what is sent to a terminal until its other side is closed."""
    try:
        while more := os.read(terminal, 65_536):
            sent += more
    except OSError:
        pass  # the other side is closed
