"""A number is bought, and an event says so."""

from shaken_stir.project import ROOT, load_event
from shaken_stir.scenarios import acme
from shaken_stir.scenarios.play import Play, Scenario, expect, expect_at_most
from shaken_stir.words import plural
from simulator.observe import LIST_NUMBERS, assigned_twice, signed, total

EVENT = ROOT / "events/number_purchased.json"
BOUGHT = "+17205550177"
MOST_CALLS = 9


def play(play: Play) -> str:
    """Onboard a fleet, buy a number, and take that one through."""
    simulator = play.local.simulator
    first = play.succeed(acme.request())
    before = signed(simulator)
    subaccount = next(iter(first.subaccounts))
    number = simulator.controls.buy(subaccount, phone_number=BOUGHT)
    expect("the number is signed as soon as it is bought", number in signed(simulator), expected=False)
    play.tell(f"{subaccount} buys {BOUGHT} ({number}): {plural(len(before), 'number')} are signed, this one is not.")
    event = load_event(EVENT)
    report = play.succeed(
        {**event, "detail": {**event["detail"], "subaccounts": [subaccount], "phone_numbers": [number]}}
    )
    calls, posts = total(report.twilio_calls), total(report.twilio_calls, "POST")
    lists = report.twilio_calls.get(LIST_NUMBERS, 0)
    expect("newly signed numbers", signed(simulator) - before, {number})
    expect("numbers that are assigned twice", assigned_twice(simulator), set())
    expect("POSTs", posts, 2)
    expect("lists of numbers that were read", lists, 0)
    expect_at_most("Trust Hub calls", calls, MOST_CALLS)
    play.tell(
        f'The event "{event["detail-type"]}" names it: {plural(calls, "Trust Hub call")} '
        f"({plural(posts, 'POST')}), and it is signed."
    )
    return (
        f"A number that is bought need not wait for the daily run: {plural(calls, 'call')} and "
        f"{plural(report.state_transitions, 'state transition')}, with {plural(lists, 'list')} of numbers read, "
        "however many others there are."
    )


SCENARIO = Scenario(
    name="number-bought",
    play=play,
    fleet=acme.fleet,
)
