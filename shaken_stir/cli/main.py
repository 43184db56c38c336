"""The command `shaken-stir`: arguments in, words out."""

import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from shaken_stir.cli.exit_codes import HUNG_UP, INTERRUPTED
from shaken_stir.cli.output import LOST, Output, OutputLostError, after_loss, aside


def main() -> None:
    """Carry out the process's arguments and exit with the code."""
    escape_what_cannot_be_printed()
    if sys.stdout is None:  # `>&-`
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open to the end of the process
    out: Any = Output(sys.stdout)
    sys.stdout = out
    with hang_up_is_ctrl_c() as hung_up:
        try:
            code = execute(sys.argv[1:])
            sys.stdout.flush()
        except OutputLostError as lost:
            code = after_loss(lost)
        except OSError as error:  # of click, which has a stream of its own
            if error.errno not in LOST:
                raise
            code = after_loss(OutputLostError(error))
        sys.exit(HUNG_UP if hung_up.is_set() else code)


@contextmanager
def hang_up_is_ctrl_c() -> Iterator[threading.Event]:
    """Stop as after Ctrl-C when the terminal is closed, unless `nohup` has said not to.

    Yields:
        An event that is set once the terminal was closed.
    """
    hung_up, before = threading.Event(), signal.getsignal(signal.SIGHUP)

    def hang_up(_: int, frame: FrameType | None) -> None:
        hung_up.set()
        stop = signal.getsignal(signal.SIGINT)
        if callable(stop):
            stop(signal.SIGINT, frame)

    def stop_if_output_is_lost(failed: threading.ExceptHookArgs) -> None:
        if not issubclass(failed.exc_type, OutputLostError):
            threading.__excepthook__(failed)
            return
        # A thread of its own draws the rows of a terminal; the main thread is what must stop.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGHUP)

    if before is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, hang_up)
        threading.excepthook = stop_if_output_is_lost
    try:
        yield hung_up
    finally:
        signal.signal(signal.SIGHUP, before)
        threading.excepthook = threading.__excepthook__


def escape_what_cannot_be_printed() -> None:
    """Let standard output take every character: one that its encoding lacks is written as its number.

    Standard error does so by itself.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def execute(arguments: list[str]) -> int:
    """Carry out one command.

    Args:
        arguments: As typed, without the command's own name.

    Returns:
        0 when all went well, 1 when the last run did not succeed, 2 for wrong usage or input, 130 after Ctrl-C.
    """
    try:
        # Imported here, since Ctrl-C may come while it is loaded, too.
        from shaken_stir.cli.group import carry_out  # noqa: PLC0415

        return carry_out(arguments)
    except KeyboardInterrupt:
        # A second Ctrl-C must not turn the clean end into a traceback.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        aside("Stopped. Nothing is left behind: run it again at any time.")
        return INTERRUPTED


if __name__ == "__main__":
    main()
