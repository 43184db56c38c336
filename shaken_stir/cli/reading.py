"""How far the reading of an account is, and why it stands still."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from datetime import UTC, datetime

from rich.console import Console
from rich.text import Text

from shaken_stir.cli.log import open_log
from shaken_stir.cli.prose import say
from shaken_stir.live.survey import OnProgress
from shaken_stir.retries import Retry, Unanswered, told
from shaken_stir.words import visible


class Standing:
    """What is read, and what gets no answer: drawn afresh whenever the terminal is."""

    def __init__(self, unanswered: Unanswered) -> None:
        self.words = "Reading the account"
        self._unanswered = unanswered

    def on_progress(self, what: str, done: int, total: int | None) -> None:
        """Take in what is read, how much of it was, and of how much."""
        count = f": {done:,} of {total:,}" if total is not None else f": {done:,}" if done else ""
        self.words = f"Reading {what}{count}"

    def __rich__(self) -> Text:
        waited_for = self._unanswered.under_way()
        why = f" ({visible(told(waited_for, datetime.now(UTC)))})" if waited_for else ""
        return Text(self.words + why)


@contextmanager
def reading(screen: Console) -> Iterator[OnProgress]:
    """Show how far a reading is, on a line that changes in a terminal; elsewhere only what gets no answer is a line.

    The functions' log, which is on standard output, goes nowhere: standard output is for what a command prints.

    Args:
        screen: Where to.

    Yields:
        What is to be told of progress.
    """

    def tell(retry: Retry) -> None:
        if retry.attempt == 1 and not screen.is_terminal:
            say(screen, f"{told([retry], datetime.now(UTC))}.")

    unanswered = Unanswered(tell)
    standing = Standing(unanswered)
    with ExitStack() as stack:
        stack.enter_context(unanswered.listening())
        if screen.is_terminal:
            stack.enter_context(screen.status(standing))
        stack.enter_context(redirect_stdout(stack.enter_context(open_log(None))))
        yield standing.on_progress
