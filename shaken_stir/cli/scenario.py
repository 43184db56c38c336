"""`shaken-stir run --scenario`: stories, told while they are played."""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, redirect_stdout
from pathlib import Path
from typing import Any

from rich.console import Console

from shaken_stir.cli.log import open_log
from shaken_stir.cli.prose import complain, say_lines
from shaken_stir.cli.view import shown
from shaken_stir.engine.events import EventError
from shaken_stir.engine.intrinsics import TemplateError
from shaken_stir.report import Report
from shaken_stir.scenarios.catalogue import SCENARIOS
from shaken_stir.scenarios.play import DifferedError, Play, Scenario
from shaken_stir.simulated.place import SimulatedPlace
from shaken_stir.snapshot import Snapshot
from simulator.fleet import FleetError


def play(
    name: str,
    *,
    time_scale: float | None,
    as_json: bool,
    log: Path | None,
    on_start: Callable[[], object],
) -> int:
    """Play a story and tell it.

    Args:
        name: The story.
        time_scale: By what every wait is multiplied, None for the story's own.
        as_json: Whether a JSON object is printed per run instead of words.
        log: Where the functions' log is kept, None for nowhere.
        on_start: Called once AWS and Twilio are up, before anything is printed.

    Returns:
        The exit code.
    """
    try:
        return _play(SCENARIOS[name], time_scale, log, as_json=as_json, on_start=on_start)
    except (EventError, FleetError, TemplateError, OSError) as error:
        complain("run", error)
        return 2


def _play(
    scenario: Scenario, time_scale: float | None, log: Path | None, *, as_json: bool, on_start: Callable[[], object]
) -> int:
    out = Console(file=sys.stdout, highlight=False)
    with ExitStack() as stack:
        stack.callback(on_start)
        stack.enter_context(redirect_stdout(stack.enter_context(open_log(log))))
        local = stack.enter_context(
            SimulatedPlace(scenario.fleet(), time_scale or scenario.time_scale, scenario.parameters)
        )
        on_start()
        teller = JsonLines(out, local) if as_json else Words(out, local)
        teller.tell(f"{scenario.name}: {scenario.title}.")
        try:
            learned = scenario.play(Play(local, teller.run_together, teller.tell))
        except DifferedError as differed:
            complain("run", f"{scenario.name} did not come out as told: {differed}.")
            return 1
        teller.tell(f"\nLearned: {learned}")
    return 0


class Words:
    """Shows each run as it happens, and tells every sentence."""

    def __init__(self, out: Console, local: SimulatedPlace) -> None:
        self._out = out
        self._local = local
        self._runs = 0

    def tell(self, sentence: str) -> None:
        """Print a sentence."""
        say_lines(self._out, sentence)

    def run_together(
        self, events: Sequence[Mapping[str, Any]], on_change: Callable[[Snapshot], None] | None = None
    ) -> list[Report]:
        """Run events as `SimulatedPlace.run_together` does, with their rows."""
        numbers = range(self._runs + 1, self._runs + 1 + len(events))
        self._runs += len(events)
        self._out.print(f"\n[bold]Run {' and '.join(map(str, numbers))}[/bold]")
        with shown(self._out) as show:

            def update(snapshot: Snapshot) -> None:
                show.update(snapshot)
                if on_change:
                    on_change(snapshot)

            return self._local.run_together(events, update)


class JsonLines:
    """Prints one JSON object per run, and nothing else."""

    def __init__(self, out: Console, local: SimulatedPlace) -> None:
        self._out = out
        self._local = local

    def tell(self, sentence: str) -> None:
        """Keep the sentence back: it is for people."""

    def run_together(
        self, events: Sequence[Mapping[str, Any]], on_change: Callable[[Snapshot], None] | None = None
    ) -> list[Report]:
        """Run events as `SimulatedPlace.run_together` does, and print their reports."""
        reports = self._local.run_together(events, on_change)
        for report in reports:
            self._out.file.write(report.model_dump_json(ensure_ascii=True) + "\n")
        self._out.file.flush()
        return reports
