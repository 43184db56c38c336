"""How a run is shown while it goes on: live rows in a terminal, one line per change elsewhere."""

from types import TracebackType
from typing import Self

from rich import live
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from cli.prose import say
from local.run import Row, Snapshot
from local.words import visible
from onboarding.models import Stage

STAGES = {
    Stage.DISCOVERED: "to do",
    Stage.ON_BUSINESS_PROFILE: "on profile",
    Stage.ON_TRUST_PRODUCT: "on product",
    Stage.REFUSED: "refused",
    Stage.INELIGIBLE: "ineligible",
    Stage.RELEASED: "released",
}
STATUS_STYLES = {"onboarded": "green", "failed": "red", "in_progress": "yellow"}
LINES_AROUND_THE_ROWS = 9


class Lines:
    """One line per change, for pipes and logs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rows: dict[str, Row] = {}
        self._review: str | None = None
        self._awaited = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def update(self, snapshot: Snapshot) -> None:
        """Print what changed since the last snapshot."""
        if snapshot.review != self._review:
            self._review = snapshot.review
            self._line(snapshot, f"Trust Product: {snapshot.review}")
        for row in snapshot.rows:
            if self._rows.get(row.sid) != row:
                self._rows[row.sid] = row
                self._line(snapshot, f"{row.friendly_name} ({row.sid}): {row.status}{_counts(row)}")
        awaited = _awaited(snapshot)
        if awaited and awaited != self._awaited:
            self._awaited = awaited
            self._line(snapshot, awaited)

    def _line(self, snapshot: Snapshot, text: str) -> None:
        say(self._console, text, lead=f"{snapshot.seconds:6.1f} s  ")


class Live:
    """Rows that change in place: the subaccounts, their numbers by stage, the review."""

    def __init__(self, console: Console) -> None:
        self._console = console
        # What the functions print goes to their log, not between the rows.
        self._live = live.Live(console=console, refresh_per_second=8, redirect_stdout=False, redirect_stderr=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def update(self, snapshot: Snapshot) -> None:
        """Show a snapshot instead of the last one."""
        self._live.update(picture(snapshot, most_rows=max(3, self._console.height - LINES_AROUND_THE_ROWS)))


def picture(snapshot: Snapshot, most_rows: int) -> Group:
    """Draw a snapshot; of a fleet that is longer than the screen, what is under way or failed comes first.

    Args:
        snapshot: Where the run stands.
        most_rows: How many subaccounts fit on the screen.
    """
    table = Table("Subaccount", "Status", *STAGES.values(), box=None, pad_edge=False, header_style="bold")
    for column in table.columns[2:]:
        column.justify = "right"
    finished_last = sorted(snapshot.rows, key=lambda row: row.status == "onboarded")
    for row in finished_last[:most_rows]:
        cells = [str(row.numbers.get(stage) or "·") for stage in STAGES]
        name, status = Text(visible(row.friendly_name)), Text(row.status, style=STATUS_STYLES.get(row.status, ""))
        table.add_row(name, status, *cells)
    totals = [str(sum(row.numbers.get(stage, 0) for row in snapshot.rows)) for stage in STAGES]
    table.add_section()
    table.add_row(f"{len(snapshot.rows)} subaccounts", "", *totals, style="bold")
    hidden = len(finished_last) - most_rows
    return Group(
        table,
        Text(f"… {hidden} more subaccounts" if hidden > 0 else ""),
        Text(
            f"Trust Product: {snapshot.review or 'none yet'}    "
            f"{snapshot.twilio_calls} Trust Hub calls    {snapshot.seconds:.1f} s"
        ),
        Text(_awaited(snapshot)),
    )


def _awaited(snapshot: Snapshot) -> str:
    if not snapshot.next_look:
        return ""
    when = f"{snapshot.next_look.astimezone():%H:%M:%S}"
    return f"Twilio's verdict is awaited; asked for again at {when} (Ctrl-C ends the wait)"


def _counts(row: Row) -> str:
    counts = [f"{count} {STAGES[stage]}" for stage, count in row.numbers.items() if count]
    return f" ({', '.join(counts)})" if counts else ""
