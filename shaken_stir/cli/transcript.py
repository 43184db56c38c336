"""Where a transcript is kept: `--transcript FILE`, else nowhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from shaken_stir.cli.prose import say
from shaken_stir.live import transcript
from shaken_stir.words import plural


@contextmanager
def transcribed(path: Path | None, twilio: str | None, out: Console) -> Iterator[None]:
    """Keep a transcript until the end of the block, and say then where it is, however the block ends.

    Args:
        path: What `--transcript` names, None to keep none.
        twilio: What answers in Twilio's place, None for Twilio itself.
        out: Where that is said.

    Raises:
        TranscriptError: There is such a file, or it cannot be written.
    """
    if path is None:
        yield
        return
    with transcript.kept(path, twilio) as kept:
        try:
            yield
        finally:
            missing = f" The rest is missing: it could not be written ({kept.ended_early})." if kept.ended_early else ""
            say(
                out,
                f"The transcript {path} holds {plural(kept.count, 'request')} with what came back, redacted. Read it "
                f"before you send it to anybody.{missing}",
            )
