"""What a story is, and what it is played with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from shaken_stir.report import Report
from shaken_stir.scenarios.names import TITLES
from shaken_stir.simulated.place import SimulatedPlace
from shaken_stir.snapshot import Snapshot
from simulator.fleet import Fleet


class DifferedError(Exception):
    """Something did not come out as the story says; the text says what."""


class RunTogether(Protocol):
    """Starts an execution from each event and show them until they have ended, as `SimulatedPlace.run_together`."""

    def __call__(
        self, events: Sequence[Mapping[str, Any]], on_change: Callable[[Snapshot], None] | None = None
    ) -> list[Report]:
        """Give the report of each."""


@dataclass(frozen=True)
class Play:
    """A story while it is played.

    Attributes:
        local: The stack that it plays on.
        run_together: Runs events, and shows what happens.
        tell: Takes a sentence on what is seen.
    """

    local: SimulatedPlace
    run_together: RunTogether
    tell: Callable[[str], object]

    def run(self, event: Mapping[str, Any], on_change: Callable[[Snapshot], None] | None = None) -> Report:
        """Run one event to its end, as `SimulatedPlace.run`."""
        [report] = self.run_together([event], on_change)
        return report

    def succeed(self, event: Mapping[str, Any], on_change: Callable[[Snapshot], None] | None = None) -> Report:
        """Run one event, which is to succeed.

        Raises:
            DifferedError: It did not.
        """
        report = self.run(event, on_change)
        expect_success(report)
        return report


@dataclass(frozen=True)
class Scenario:
    """A story.

    Attributes:
        name: What it is called on the command line.
        play: Plays it, and gives the sentence on what is to be learned from it; raises `DifferedError`.
        fleet: Gives what exists at Twilio when it begins.
        time_scale: The factor by which its waits take longer than in earnest.
        parameters: The template's parameters that differ from their defaults.
    """

    name: str
    play: Callable[[Play], str]
    fleet: Callable[[], Fleet]
    time_scale: float = 0.1
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What happens in it, in a line."""
        return TITLES[self.name]


def expect(what: str, seen: object, expected: object) -> None:
    """Hold what is seen against what the story says.

    Raises:
        DifferedError: They differ.
    """
    if seen != expected:
        raise DifferedError(f"{what}: the story says {_words(expected)}, seen was {_words(seen)}")


def expect_at_most(what: str, seen: int, most: int) -> None:
    """Hold a count against the most that the story says.

    Raises:
        DifferedError: It is more.
    """
    if seen > most:
        raise DifferedError(f"{what}: the story says at most {most}, seen was {seen}")


def expect_success(report: Report) -> None:
    """Hold a run against success.

    Raises:
        DifferedError: It did not succeed.
    """
    expect("how the run ended", " ".join(filter(None, (report.status, report.error, report.cause))), "SUCCEEDED")


def _words(value: object) -> str:
    if isinstance(value, set | frozenset):
        return ", ".join(sorted(map(str, value))) or "none"
    return str(value)
