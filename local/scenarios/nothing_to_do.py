"""The same request, sent again."""

from local.scenarios import acme
from local.scenarios.play import Play, Scenario, counted, expect
from local.seen import assignments, total


def play(play: Play) -> str:
    """Onboard a fleet, then find nothing to do."""
    first = play.succeed(acme.request())
    before = assignments(play.local.simulator)
    play.tell(
        f"The first run made {counted(len(before), 'assignment')} in {counted(total(first.twilio_calls), 'call')}, "
        f"of which {total(first.twilio_calls, 'POST')} were POSTs."
    )
    second = play.succeed(acme.request())
    posts, reads = (total(second.twilio_calls, method) for method in ("POST", "GET"))
    expect("POSTs of the second run", posts, 0)
    expect("calls of the second run that are no GETs", total(second.twilio_calls) - reads, 0)
    expect("the assignments at Twilio are as before", assignments(play.local.simulator) == before, expected=True)
    play.tell(
        f"The second run read {counted(reads, 'time')} and sent {counted(posts, 'POST')}; "
        f"the {counted(len(before), 'assignment')} at Twilio are the same."
    )
    return (
        f"The same request sent again is harmless: {counted(reads, 'read')} and "
        f"{counted(second.state_transitions, 'state transition')} for {counted(len(second.subaccounts), 'subaccount')}."
    )


SCENARIO = Scenario(
    name="nothing-to-do",
    title="the same request again reads, and changes nothing",
    play=play,
    fleet=acme.fleet,
)
