"""The same request, sent again."""

from shaken_stir.scenarios import acme
from shaken_stir.scenarios.play import Play, Scenario, expect
from shaken_stir.words import plural
from simulator.observe import assignments, total


def play(play: Play) -> str:
    """Onboard a fleet, then find nothing to do."""
    first = play.succeed(acme.request())
    before = assignments(play.local.simulator)
    play.tell(
        f"The first run made {plural(len(before), 'assignment')} in {plural(total(first.twilio_calls), 'call')}, "
        f"of which {total(first.twilio_calls, 'POST')} were POSTs."
    )
    second = play.succeed(acme.request())
    posts, reads = (total(second.twilio_calls, method) for method in ("POST", "GET"))
    expect("POSTs of the second run", posts, 0)
    expect("calls of the second run that are no GETs", total(second.twilio_calls) - reads, 0)
    expect("the assignments at Twilio are as before", assignments(play.local.simulator) == before, expected=True)
    play.tell(
        f"The second run read {plural(reads, 'time')} and sent {plural(posts, 'POST')}; "
        f"the {plural(len(before), 'assignment')} at Twilio are the same."
    )
    return (
        f"The same request sent again is harmless: {plural(reads, 'read')} and "
        f"{plural(second.state_transitions, 'state transition')} for {plural(len(second.subaccounts), 'subaccount')}."
    )


SCENARIO = Scenario(
    name="nothing-to-do",
    play=play,
    fleet=acme.fleet,
)
