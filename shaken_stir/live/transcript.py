"""A transcript: what was asked of Twilio and what it answered, in a file that can be shown to others.

The file is JSON Lines: the first line says which format it is, each other one holds an exchange. Each is written as it
happens, so the file of a run that was killed can be read, too.
"""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from shaken_stir.live.exchanges import Exchange, watched
from shaken_stir.live.redaction import Redaction

FORMAT: Final = 1
OWNER_ONLY: Final = 0o600
DISTRIBUTION: Final = "shaken-stir-onboarding"


class TranscriptError(OSError):
    """The transcript cannot be begun; the text is one sentence."""


class Transcript:
    """A transcript that is being written; may be told of exchanges by many threads at once.

    Args:
        path: Where it is begun; nothing is there yet.
        twilio: What answers in Twilio's place, None for Twilio itself.

    Attributes:
        count: How many exchanges it holds.
        ended_early: Why not all exchanges are in it, None if they are.

    Raises:
        TranscriptError: There is such a file, or it cannot be written.
    """

    def __init__(self, path: Path, twilio: str | None) -> None:
        self.path = path
        self.count = 0
        self.ended_early: str | None = None
        self._redaction = Redaction(twilio)
        self._lock = threading.Lock()
        self._length = 0
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, OWNER_ONLY)
        except FileExistsError:
            raise TranscriptError(
                f"The transcript {path} is there already and is not written over; name another file with --transcript."
            ) from None
        except OSError as error:
            raise TranscriptError(
                f"The transcript {path} cannot be written ({error.strerror}); name another file with --transcript."
            ) from None
        self._append(
            {
                "transcript": FORMAT,
                "version": version(DISTRIBUTION),
                "began": datetime.now(UTC).isoformat(timespec="seconds"),
                "rehearsal": twilio is not None,
            }
        )

    def add(self, exchange: Exchange) -> None:
        """Write an exchange down, redacted. Once that fails no other is written: the run goes on without."""
        with self._lock:
            if not self.ended_early and self._append(redacted(exchange, self._redaction)):
                self.count += 1

    def close(self) -> None:
        """Write nothing more."""
        with self._lock:
            self.ended_early = self.ended_early or "closed"
            os.close(self._descriptor)

    def _append(self, line: dict[str, Any]) -> bool:
        text = f"{json.dumps(line)}\n".encode()
        try:
            rest = text
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            self.ended_early = error.strerror
            with suppress(OSError):  # no half line
                os.ftruncate(self._descriptor, self._length)
            return False
        self._length += len(text)
        return True


def redacted(exchange: Exchange, redaction: Redaction) -> dict[str, Any]:
    """Put an exchange into a line of a transcript."""
    asked = {
        "method": exchange.method,
        "url": redaction.address(exchange.url.partition("?")[0]),
        "query": redaction.parameters(exchange.query),
        "form": redaction.parameters(exchange.form),
        "seconds": round(exchange.seconds, 3),
    }
    if exchange.status is None:
        return {**asked, "outage": exchange.outage}
    cut_off = {"outage": exchange.outage} if exchange.outage else {}
    answered = {"status": exchange.status, "headers": redaction.headers(exchange.headers)}
    return {**asked, **answered, **redaction.body(exchange.content), **cut_off}


@contextmanager
def kept(path: Path, twilio: str | None) -> Iterator[Transcript]:
    """Keep a transcript of what the product and Twilio say to each other, until the end of the block.

    Args:
        path: The file, which must not be there yet.
        twilio: What answers in Twilio's place, None for Twilio itself.

    Raises:
        TranscriptError: There is such a file, or it cannot be written.
    """
    transcript = Transcript(path, twilio)
    try:
        with watched(transcript.add):
            yield transcript
    finally:
        transcript.close()
