"""A run in a terminal: rows that change in place, made to fit the screen."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import NamedTuple, Self

from rich import live
from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from onboarding.phone_numbers import Stage
from onboarding.subaccounts import SubaccountStatus
from shaken_stir.cli.lines import Lines
from shaken_stir.cli.show import PATIENCE_ON_SCREEN, STAGES, STATUSES, awaited, status, tried_again, under_way
from shaken_stir.cli.standings import FAILED, UNDER_WAY, Standings
from shaken_stir.snapshot import Row, Snapshot
from shaken_stir.words import plural, visible

STATUS_STYLES = {"onboarded": "green", FAILED: "red", UNDER_WAY: "yellow"}
WORKING = len(STATUSES[SubaccountStatus.IN_PROGRESS])
"""The fewest cells of a status: `working`."""
SHORT = {**STAGES, Stage.ON_BUSINESS_PROFILE: "profile", Stage.ON_TRUST_PRODUCT: "product", Stage.INELIGIBLE: "inelig."}
ALWAYS = (Stage.DISCOVERED, Stage.ON_BUSINESS_PROFILE, Stage.ON_TRUST_PRODUCT)
NOT_SIGNED = (Stage.REFUSED, Stage.INELIGIBLE, Stage.ELSEWHERE, Stage.RELEASED)
GAP = 2
NAME = 14
"""The fewest cells of a name."""
BAR, LONGEST_BAR = 8, 40
MOST_SENTENCES = 3
ENOUGH_TO_ESTIMATE = 3


def shown(console: Console) -> "View | Lines":
    """Show a run as fits where it goes: rows in a terminal, lines elsewhere, and where each cell may be escaped."""
    return View(console) if console.is_terminal and not console.options.ascii_only else Lines(console)


class View:
    """Rows that change in place: the subaccounts, their numbers by stage, the review, and what is tried again."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._pace = Pace()
        self._standings = Standings()
        # What the functions print goes to their log, not between the rows.
        self._live = live.Live(console=console, refresh_per_second=4, redirect_stdout=False, redirect_stderr=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def update(self, snapshot: Snapshot) -> None:
        """Show a snapshot instead of the last one."""
        self._standings.take_in(snapshot.rows)
        width, height = self._console.size
        left = self._pace.left(snapshot, self._standings.through)
        self._live.update(picture(snapshot, self._standings, width, height - 1, left))


class Estimate(NamedTuple):
    """The time until all subaccounts are through.

    Attributes:
        seconds: From now on; 0 or less if this time has passed.
        overdue: Whether the run takes longer than the first estimate said.
    """

    seconds: float
    overdue: bool

    def __str__(self) -> str:
        left = f"{about(self.seconds)} left" if self.seconds > 0 else ""
        return ", ".join(filter(None, (left, "longer than estimated" if self.overdue else "")))


class Pace:
    """Estimates the time left, from how long the subaccounts that are through have taken together."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._done = 0
        self._first_end = self._end = 0.0

    def left(self, snapshot: Snapshot, done: int) -> Estimate | None:
        """Estimate the time until all subaccounts are through, None if that cannot be said yet or is over.

        A subaccount that gets through makes a new estimate. Until the next one the time runs down.

        Args:
            snapshot: Where the run stands.
            done: How many subaccounts are through.
        """
        if snapshot.subaccounts is None:
            return None
        if self._began is None:
            self._began = snapshot.seconds
        if done < ENOUGH_TO_ESTIMATE or done >= snapshot.subaccounts:
            return None
        if done != self._done:
            self._end = snapshot.seconds + (snapshot.seconds - self._began) / done * (snapshot.subaccounts - done)
            self._first_end = self._first_end or self._end
            self._done = done
        left = self._end - snapshot.seconds
        return Estimate(left, overdue=left <= 0 or snapshot.seconds > self._first_end)


class Layout(NamedTuple):
    """The columns that fit, and the cells of a status."""

    columns: Sequence["Column"]
    status: int


class Column(NamedTuple):
    """A column of numbers: what it is headed, and which stages it counts."""

    heading: str
    stages: tuple[Stage, ...]

    def cell(self, numbers: Counter[Stage]) -> str:
        """Count the numbers of these stages."""
        count = sum(numbers[stage] for stage in self.stages)
        return f"{count:,}" if count else "·"


def picture(snapshot: Snapshot, standings: Standings, width: int, height: int, left: Estimate | None) -> Group:
    """Draw a snapshot.

    What failed comes first, then what is under way. What is finished is one row where not all of it fits. Names are
    shortened, and rows left out, before anything of the rest is.

    Args:
        snapshot: Where the run stands.
        standings: Its rows so far.
        width: The cells of the screen.
        height: The lines of the screen.
        left: The time until all subaccounts are through, None if it cannot be estimated.
    """
    progress, said = bar(snapshot, standings, width, left), sentences(snapshot, width)
    if not standings:
        return Group(*progress, *said)
    layout = layout_for(standings, width)
    explained = of_others(standings.numbers, layout.columns)
    used = 2 + len(progress) + lines([*explained, *said], width)
    shown = standings.first(max(1, height - used), snapshot.subaccounts or 0)
    return Group(table(standings, shown, layout, width), *explained, *progress, *said)


def layout_for(standings: Standings, width: int) -> Layout:
    """Choose the columns that leave room for names: all, else those with numbers, else one for all unsigned ones."""
    totals, longest = standings.numbers, max(WORKING, standings.longest_status)
    short = [Column(SHORT[stage], (stage,)) for stage in STAGES if stage in ALWAYS or totals[stage]]
    candidates = (
        [Column(heading, (stage,)) for stage, heading in STAGES.items()],
        [Column(heading, (stage,)) for stage, heading in SHORT.items()],
        short,
    )
    narrowest = [*(Column(SHORT[stage], (stage,)) for stage in ALWAYS), Column("other", NOT_SIGNED)]
    layouts = (Layout(it, longest) for it in candidates)
    return next((it for it in layouts if room_for_names(it, totals, width) >= NAME), Layout(narrowest, WORKING))


def of_others(totals: Counter[Stage], columns: Sequence[Column]) -> list[Text]:
    """Say what the numbers are that share a column."""
    if all(len(column.stages) == 1 for column in columns):
        return []
    words = ", ".join(f"{totals[stage]:,} {STAGES[stage]}" for stage in NOT_SIGNED if totals[stage])
    return [Text(f"other: {words}", style="dim")] if words else []


def table(standings: Standings, shown: tuple[Sequence[Row], bool], layout: Layout, width: int) -> Table:
    """Draw the rows that fit, one for those that are finished, one for those left out, and the totals."""
    totals, (first, folded) = standings.numbers, shown
    names = min(max(NAME, standings.longest_name), room_for_names(layout, totals, width))
    drawn = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    drawn.add_column("Subaccount", width=names, no_wrap=True, overflow="ellipsis")
    drawn.add_column("Status", width=layout.status, no_wrap=True)
    for column in layout.columns:
        drawn.add_column(column.heading, justify="right", no_wrap=True, width=cells(column, totals))

    def add(name: str, status: Text | str, numbers: Counter[Stage], style: str = "") -> None:
        drawn.add_row(Text(name), status, *(column.cell(numbers) for column in layout.columns), style=style)

    for row in first:
        add(visible(row.friendly_name), standing_of(row, layout.status), Counter(row.numbers))
    finished = standings.finished.numbers if folded else Counter[Stage]()
    left_out = len(standings) - len(first) - folded * len(standings.finished)
    if left_out:
        add(f"… {left_out:,} more", "", totals - finished - summed(first))
    if folded:
        add(f"{len(standings.finished):,} finished", "", finished, style=style_of("onboarded", finished))
    add("In all", "", totals, style="bold")
    return drawn


def standing_of(row: Row, cells: int) -> Text:
    """Return a subaccount's status in words, without its refused numbers where they do not fit."""
    words = status(row.status, row.numbers)
    return Text(words if len(words) <= cells else words.partition(",")[0], style=style_of(row.status, row.numbers))


def style_of(status: str, numbers: Mapping[Stage, int]) -> str:
    """Return the style of a status: nothing with a refused number is green."""
    style = STATUS_STYLES.get(status, "")
    return "yellow" if style == "green" and numbers.get(Stage.REFUSED) else style


def bar(snapshot: Snapshot, standings: Standings, width: int, left: Estimate | None) -> list[RenderableType]:
    """Draw how many of the subaccounts are through, once it is known how many there are."""
    if snapshot.subaccounts is None:
        return []
    done, failed = standings.through, len(standings.failed)
    words = f"{done:,} of {plural(snapshot.subaccounts, 'subaccount')}"
    words += f", {failed:,} failed" if failed else ""
    words += f", {left}" if left else ""
    room = min(LONGEST_BAR, width - len(words) - GAP)
    line = Table.grid(padding=(0, GAP, 0, 0))
    if room >= BAR:
        line.add_row(ProgressBar(total=max(1, snapshot.subaccounts), completed=done, width=room), Text(words))
    else:
        line.add_row(Text(words))
    return [line]


def sentences(snapshot: Snapshot, width: int) -> list[Text]:
    """Say where the review stands, what it has cost, and what is tried again or awaited."""
    said = [standing(snapshot, width)]
    again = tried_again(snapshot)
    said += [Text(visible(sentence), style="yellow") for sentence in again[:MOST_SENTENCES]]
    said += [Text(it) for it in (awaited(snapshot), under_way(snapshot, PATIENCE_ON_SCREEN)) if it]
    return said


def standing(snapshot: Snapshot, width: int) -> Text:
    """Say where the review stands and what the run has cost, on one line if that is possible."""
    product, calls = f"Trust Product: {snapshot.review or 'none yet'}", plural(snapshot.twilio_calls, "Trust Hub call")
    parts = [product, calls, f"{snapshot.seconds:,.1f} s"]
    gaps = (" " * gap for gap in (4, GAP))
    return Text(next((line for gap in gaps if len(line := gap.join(parts)) <= width), ", ".join(parts)))


def lines(texts: Iterable[Text], width: int) -> int:
    """Count the lines of texts that are wrapped at words."""
    console = Console(width=width)
    return sum(len(text.wrap(console, width)) for text in texts)


def about(seconds: float) -> str:
    """Put an estimate into words: `about 40 s`, `about 12 min`, `about 3 h`."""
    if seconds < 90:  # noqa: PLR2004 - above that, tens of seconds say nothing
        return f"about {max(10, math.ceil(seconds / 10) * 10)} s"
    minutes = math.ceil(seconds / 60)
    return f"about {minutes} min" if minutes < 90 else f"about {math.ceil(minutes / 60)} h"  # noqa: PLR2004 - as above


def summed(rows: Iterable[Row]) -> Counter[Stage]:
    """Sum the numbers of rows by stage."""
    total: Counter[Stage] = Counter()
    for row in rows:
        total.update(row.numbers)
    return total


def cells(column: Column, totals: Counter[Stage]) -> int:
    """Give the width of a column: no number in it is larger than its total."""
    return max(len(column.heading), len(column.cell(totals)))


def room_for_names(layout: Layout, totals: Counter[Stage], width: int) -> int:
    """Give what the other columns leave for names."""
    return width - GAP - layout.status - sum(GAP + cells(column, totals) for column in layout.columns)
