"""Where the parts of the bar and of the plot stand, in units of their own. All pure."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from onboarding.phone_numbers import Stage
from shaken_stir.page.words import REASONS, STAGES
from shaken_stir.status.model import Counts, Reason, RunStatus
from shaken_stir.words import day

BAR_WIDTH: Final = 1000.0
NARROWEST: Final = 10.0
"""What the smallest part of the bar takes, so that it is seen."""
PLOT_HEIGHT: Final = 100.0
COLUMN, GAP = 10.0, 3.0
COLUMNS: Final = 30


class Part(NamedTuple):
    """A part of the bar: why, how many, and where it stands."""

    reason: Reason
    numbers: int
    x: float
    width: float


class Piece(NamedTuple):
    """A piece of a column: a stage, how many, and where it stands."""

    stage: Stage
    numbers: int
    y: float
    height: float


class Column(NamedTuple):
    """A run over the whole fleet in the plot."""

    day: str
    x: float
    says: str
    pieces: tuple[Piece, ...]


class Plot(NamedTuple):
    """The numbers by stage over the last runs over the whole fleet."""

    width: float
    highest: int
    columns: tuple[Column, ...]
    stages: tuple[Stage, ...]
    says: str


def bar(counts: Counts) -> list[Part]:
    """Divide the bar among the reasons, in their order."""
    present = {reason: counts.by_reason[reason] for reason in Reason if counts.by_reason.get(reason)}
    total = sum(present.values())
    if not total:
        return []
    widths = [max(NARROWEST, BAR_WIDTH * count / total) for count in present.values()]
    scale = BAR_WIDTH / sum(widths)
    widths = [width * scale for width in widths]
    starts = [0.0, *accumulate(widths)]
    return [
        Part(reason, count, round(start, 2), round(width, 2))
        for (reason, count), start, width in zip(present.items(), starts, widths, strict=False)
    ]


def bar_in_words(counts: Counts) -> str:
    """Return what the bar shows, for a reader who cannot see it."""
    return ", ".join(f"{it.numbers:,} {REASONS[it.reason].lower()}" for it in bar(counts))


def plot(runs: Iterable[RunStatus]) -> Plot | None:
    """Place a column for each of the last runs over the whole fleet; None where fewer than two can be compared."""
    whole = [it for it in runs if it.whole_fleet and _counted(it.numbers)][-COLUMNS:]
    if len(whole) < 2:  # noqa: PLR2004 - one alone shows no change
        return None
    highest = max(_counted(it.numbers) for it in whole)
    stages = tuple(it for it in STAGES if it is not Stage.RELEASED and any(run.numbers.get(it) for run in whole))
    columns = tuple(_column(index, run, stages, highest) for index, run in enumerate(whole))
    first, last = (f"{_says(it, stages)} on {day(it.at)}" for it in (whole[0], whole[-1]))
    says = (
        f"Numbers by assignment after each of the last {len(whole)} runs over the whole fleet: from {first} to {last}."
    )
    return Plot(len(whole) * (COLUMN + GAP) - GAP, highest, columns, stages, says)


def _column(index: int, run: RunStatus, stages: Sequence[Stage], highest: int) -> Column:
    pieces, top = [], PLOT_HEIGHT
    for stage in stages:
        count = run.numbers.get(stage, 0)
        height = PLOT_HEIGHT * count / highest
        top -= height
        if count:
            pieces.append(Piece(stage, count, round(top, 3), round(height, 3)))
    return Column(day(run.at), index * (COLUMN + GAP), f"{day(run.at)}: {_says(run, stages)}", tuple(pieces))


def _says(run: RunStatus, stages: Sequence[Stage]) -> str:
    return ", ".join(f"{count:,} {STAGES[stage]}" for stage in stages if (count := run.numbers.get(stage)))


def _counted(numbers: Mapping[Stage, int]) -> int:
    return sum(count for stage, count in numbers.items() if stage is not Stage.RELEASED)
