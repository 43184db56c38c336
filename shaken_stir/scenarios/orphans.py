"""Numbers are released, and leave their assignments behind."""

from shaken_stir.report import OrphansReport, Report
from shaken_stir.scenarios import acme
from shaken_stir.scenarios.play import DifferedError, Play, Scenario, expect
from shaken_stir.words import plural
from simulator.observe import UNASSIGN, orphans, signed, total

RELEASED = 2


def play(play: Play) -> str:
    """Onboard a fleet, release numbers, and remove what they left behind once two runs have named it."""
    simulator = play.local.simulator
    play.succeed(acme.request())
    before = signed(simulator)
    gone = set(sorted(before)[:RELEASED])
    for sid in sorted(gone):
        simulator.controls.release(sid)
    expect("numbers that left assignments behind", orphans(simulator), gone)
    play.tell(
        f"{plural(len(gone), 'number')} are released, and are still assigned at Twilio: {', '.join(sorted(gone))}."
    )

    releasing = {**acme.request(), "release_orphans": True}
    for request, named_before in ((releasing, 0), (acme.request(), len(gone))):
        report = play.succeed(request)
        found = _found(report)
        asked = "with" if request is releasing else "without"
        expect("orphans that the run names", found.found, len(gone))
        expect("orphans that a run before has named", found.named_before, named_before)
        expect("DELETEs", total(report.twilio_calls, "DELETE"), 0)
        expect("numbers that are still assigned", orphans(simulator), gone)
        play.tell(
            f'A run {asked} "release_orphans": true names {plural(found.found, "orphan")}, {found.named_before} of '
            f"which a run before has named; it removes {plural(found.released, 'number')}."
        )

    report = play.succeed(releasing)
    found, calls = _found(report), report.twilio_calls
    deletes = {call: count for call, count in calls.items() if call.startswith("DELETE")}
    expect("numbers that were released, by the report", found.released, len(gone))
    expect("numbers that are still assigned", orphans(simulator), set())
    expect("DELETEs, in the order of the first of each kind", list(deletes), list(UNASSIGN))
    expect("numbers that are signed", signed(simulator), before - gone)
    off_product, off_profile = deletes.values()
    play.tell(
        f'Named twice before, and asked for with "release_orphans": true: {plural(found.released, "number")} went off '
        f"the Trust Product ({plural(off_product, 'DELETE')}), then off the Business Profile ({off_profile}); the "
        f"other {len(signed(simulator)):,} are signed as before."
    )
    return (
        "Nothing is removed on one look: two runs must have named it, and a person must ask. "
        f"It took {plural(sum(deletes.values()), 'DELETE')} to remove what {plural(len(gone), 'number')} left behind."
    )


def _found(report: Report) -> OrphansReport:
    if not report.orphans:
        raise DifferedError("orphans: the story says that the run looks for them, seen was that it did not")
    return report.orphans


SCENARIO = Scenario(
    name="orphans",
    play=play,
    fleet=acme.fleet,
)
