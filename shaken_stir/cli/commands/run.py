"""`shaken-stir run`: a fleet from nothing to approved, simulated, as a story, or on a real account."""

from pathlib import Path
from typing import Final

import click

from shaken_stir.cli.command import WRONG_USAGE, Command
from shaken_stir.cli.notice import STARTING, STARTING_LIVE, noticed
from shaken_stir.cli.options import COUNT, FILE, FLEET, MINUTES, TIME_SCALE, Headed, Read, of_the_account, some
from shaken_stir.scenarios.names import NAMES, unknown

REAL_ACCOUNT: Final = "On the real account of TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"
FOR_LIVE: Final = ("dry_run", "yes", "wait", "state", "numbers", "twilio", "transcript")
SCENARIO: Final = Read("name", some("the name"), words=NAMES)


@click.command(
    "run",
    cls=Command,
    help="Takes a fleet from nothing to approved with the state machine and functions of template.yaml: against a "
    "simulated Twilio, or with --live on your own account.",
    examples=["run --fleet 100x10 --time-scale 0.1", "run --scenario drift", "run --live --dry-run"],
    exit_codes={
        0: "the last run succeeded or awaits the review (--dry-run: nothing is in the way)",
        1: "the last run failed, or a scenario did not go as described (--live: or the run did not start)",
        **WRONG_USAGE,
    },
)
@click.option(
    "--event",
    type=FILE,
    metavar="FILE",
    help="a request, or an EventBridge event with one (events/onboarding.json; with --live the whole fleet)",
)
@click.option(
    "--fleet",
    type=FLEET,
    metavar="FILE|NxM",
    help="what exists at Twilio: a fleet file (simulator/fleets/small.json), or N subaccounts with M numbers each",
)
@click.option("--repeat", type=COUNT, metavar="K", help="send the event K times (1)")
@click.option(
    "--time-scale",
    type=TIME_SCALE,
    metavar="F",
    help="multiply every wait by F (1, less for a scenario): retries, polls, leases, the review; at most 1000",
)
@click.option(
    "--json", "as_json", is_flag=True, help="print one JSON object per run, or per story of --list, and nothing else"
)
@click.option("--log", type=FILE, metavar="FILE", help="keep what the functions log")
@click.option("--scenario", type=SCENARIO, metavar="NAME", help="play a story instead, and say what is seen in it")
@click.option("--list", "list_", is_flag=True, help="list the stories")
@click.option(
    "--live",
    cls=Headed,
    heading=REAL_ACCOUNT,
    is_flag=True,
    help="use it, not a simulated one; no AWS account is needed",
)
@click.option(
    "--dry-run", cls=Headed, heading=REAL_ACCOUNT, is_flag=True, help="send GETs only, and say what would be changed"
)
@click.option("--yes", cls=Headed, heading=REAL_ACCOUNT, is_flag=True, help="do not ask before something is changed")
@click.option(
    "--wait",
    cls=Headed,
    heading=REAL_ACCOUNT,
    type=MINUTES,
    is_flag=False,
    flag_value="15",
    metavar="[MINUTES]",
    help="wait for the verdict, and ask Twilio for it every so many minutes (15)",
)
@of_the_account(REAL_ACCOUNT)
def command(
    *,
    event: Path | None,
    fleet: str | None,
    repeat: int | None,
    time_scale: float | None,
    as_json: bool,
    log: Path | None,
    scenario: str | None,
    list_: bool,
    live: bool,
    dry_run: bool,
    yes: bool,
    wait: int | None,
    state: Path | None,
    numbers: bool,
    twilio: str | None,
    transcript: Path | None,
) -> int:
    """Run what the options ask for; give the exit code."""
    given = [name for name, value in click.get_current_context().params.items() if value not in {None, False}]
    if misused := _misused(given) or (unknown(scenario) if scenario else None):
        from shaken_stir.cli.prose import complain

        complain("run", misused)
        return 2
    if live:
        with noticed(STARTING_LIVE, quiet=as_json, only_in_terminal=True):
            from shaken_stir.cli.live import LiveOptions, run_live

        return run_live(LiveOptions(event, state, log, wait, twilio, as_json, dry_run, yes, numbers, transcript))
    if list_:
        from shaken_stir.cli.scenario_list import list_scenarios

        return list_scenarios(as_json=as_json)
    with noticed(STARTING, quiet=as_json) as on_start:
        if scenario:
            from shaken_stir.cli.scenario import play

            return play(scenario, time_scale=time_scale, as_json=as_json, log=log, on_start=on_start)
        from shaken_stir.cli.run import run_simulated

        return run_simulated(
            event=event,
            fleet=fleet,
            repeat=repeat or 1,
            time_scale=time_scale or 1.0,
            as_json=as_json,
            log=log,
            on_start=on_start,
        )


def _misused(given: list[str]) -> str | None:
    """Say which of the options that are given do not go together."""
    story = "--list" if "list_" in given else "--scenario" if "scenario" in given else None
    alien, why = list(FOR_LIVE), "is for --live only"
    if "live" in given:
        alien, why = ["fleet", "repeat", "time_scale", "scenario", "list_"], "cannot be used with --live"
    elif story:
        alien, why = ["event", "fleet", "repeat", *FOR_LIVE], f"cannot be used with {story}"
        alien += ["scenario", "time_scale", "log"] if story == "--list" else []
    words = [f"--{name.strip('_').replace('_', '-')}" for name in alien if name in given]
    return f"{' and '.join(words)} {why}; leave it out." if words else None
