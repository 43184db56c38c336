"""A run against the simulated Twilio, shown as it happens."""

import sys
from collections.abc import Callable
from contextlib import ExitStack, redirect_stdout
from pathlib import Path

from rich.console import Console

from shaken_stir.cli.log import open_log
from shaken_stir.cli.prose import complain
from shaken_stir.cli.summary import summarise
from shaken_stir.cli.view import shown
from shaken_stir.engine.events import EventError
from shaken_stir.engine.intrinsics import TemplateError
from shaken_stir.project import EXAMPLE_EVENT, SMALL_FLEET, load_event
from shaken_stir.simulated.place import SimulatedPlace
from simulator.fleet import FleetError, load_fleet


def run_simulated(  # noqa: PLR0913 - each by its name
    *,
    event: Path | None,
    fleet: str | None,
    repeat: int,
    time_scale: float,
    as_json: bool,
    log: Path | None,
    on_start: Callable[[], object],
) -> int:
    """Run an event against a fleet as often as asked.

    Args:
        event: The file of the event, None for the example.
        fleet: What exists at Twilio, None for the small fleet.
        repeat: How often.
        time_scale: By what every wait is multiplied.
        as_json: Whether a JSON object is printed per run instead of words.
        log: Where the functions' log is kept, None for nowhere.
        on_start: Called once AWS and Twilio are up, before anything is printed.

    Returns:
        The exit code.
    """
    out = Console(file=sys.stdout, highlight=False)
    try:
        with ExitStack() as stack:
            stack.callback(on_start)
            sent, at_twilio = load_event(event or EXAMPLE_EVENT), load_fleet(fleet or SMALL_FLEET)
            stack.enter_context(redirect_stdout(stack.enter_context(open_log(log))))
            local = stack.enter_context(SimulatedPlace(at_twilio, time_scale))
            on_start()
            for number in range(1, repeat + 1):
                if as_json:
                    report = local.run(sent)
                    out.file.write(report.model_dump_json(ensure_ascii=True) + "\n")
                    out.file.flush()
                    continue
                if repeat > 1:
                    out.print(f"\n[bold]Run {number} of {repeat}[/bold]")
                with shown(out) as show:
                    report = local.run(sent, on_change=show.update)
                whole_fleet = not local.engine.execution_input(sent).get("subaccounts")
                summarise(out, report, local, whole_fleet=whole_fleet)
    except (EventError, FleetError, TemplateError, OSError) as error:
        complain("run", error)
        return 2
    return 0 if report.status == "SUCCEEDED" else 1
