"""A command as a person sees it: in a pseudo-terminal of a given size."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from shaken_stir.project import ROOT

OWN_SEQUENCES = re.compile(r"\x1b\[(?:[0-9;]*[mAKG]|\?25[hl])|\r")
"""Colours, moves within the rows, and the cursor hidden and shown again: what the command itself sends."""


class Seen(NamedTuple):
    """What came out: `raw` as sent, `text` without the sequences that the command itself sends."""

    code: int
    raw: str
    text: str


def in_terminal(
    command: Sequence[str], env: Mapping[str, str] | None = None, columns: int = 200, rows: int = 60
) -> Seen:
    """Run a command in a terminal of its own, standard error included."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    environment = {**(os.environ if env is None else env), "TERM": "xterm-256color"}
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
        environment.pop(name, None)
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        sent = b""
        try:
            while more := os.read(ours, 65_536):
                sent += more
        except OSError:
            pass  # the other side is closed
        os.close(ours)
    raw = sent.decode().replace("\r\n", "\n")
    return Seen(process.returncode, raw, OWN_SEQUENCES.sub("", raw))
