"""`shaken-stir run`: a fleet from nothing to approved, shown as it happens."""

import argparse
import sys
from contextlib import ExitStack, redirect_stdout

from rich.console import Console

from shaken_stir.cli import live, scenario
from shaken_stir.cli.log import open_log
from shaken_stir.cli.prose import complain
from shaken_stir.cli.summary import summarise
from shaken_stir.cli.view import shown
from shaken_stir.engine.events import EventError
from shaken_stir.engine.intrinsics import TemplateError
from shaken_stir.project import EXAMPLE_EVENT, SMALL_FLEET, load_event
from shaken_stir.scenarios.catalogue import UnknownScenarioError
from shaken_stir.simulated.place import SimulatedPlace
from simulator.fleet import FleetError, load_fleet

FOR_LIVE = ["dry_run", "yes", "wait", "state", "numbers", "twilio"]


def command(options: argparse.Namespace) -> int:
    """Run the event against the fleet as often as asked; returns the exit code."""
    if misused := _misused(options):
        complain("run", misused)
        return 2
    if options.live:
        return live.command(options)
    out = Console(file=sys.stdout, highlight=False)
    try:
        if options.list:
            return scenario.list_scenarios(out, as_json=options.json)
        if options.scenario:
            return scenario.command(options, out)
        event, fleet = load_event(options.event or EXAMPLE_EVENT), load_fleet(options.fleet or SMALL_FLEET)
        with ExitStack() as stack:
            log = stack.enter_context(open_log(options.log))
            stack.enter_context(redirect_stdout(log))
            local = stack.enter_context(SimulatedPlace(fleet, options.time_scale or 1.0))
            repeat = options.repeat or 1
            for number in range(1, repeat + 1):
                if options.json:
                    report = local.run(event)
                    out.file.write(report.model_dump_json() + "\n")
                    out.file.flush()
                    continue
                if repeat > 1:
                    out.print(f"\n[bold]Run {number} of {repeat}[/bold]")
                with shown(out) as show:
                    report = local.run(event, on_change=show.update)
                whole_fleet = not local.engine.execution_input(event).get("subaccounts")
                summarise(out, report, local, whole_fleet=whole_fleet)
    except (EventError, FleetError, TemplateError, UnknownScenarioError, OSError) as error:
        complain("run", error)
        return 2
    return 0 if report.status == "SUCCEEDED" else 1


def _misused(options: argparse.Namespace) -> str | None:
    """Say what options do not go together."""
    story = "--list" if options.list else "--scenario" if options.scenario else None
    alien, why = FOR_LIVE, "is for --live only"
    if options.live:
        alien, why = ["fleet", "repeat", "time_scale", "scenario", "list"], "cannot be used with --live"
    elif story:
        alien, why = ["event", "fleet", "repeat", *FOR_LIVE], f"cannot be used with {story}"
        alien += ["scenario", "time_scale", "log"] if options.list else []
    given = [f"--{name.replace('_', '-')}" for name in alien if getattr(options, name) not in {None, False}]
    return f"{' and '.join(given)} {why}; leave it out." if given else None
