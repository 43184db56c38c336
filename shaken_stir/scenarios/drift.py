"""Somebody changes assignments at Twilio by hand."""

from onboarding import settings
from onboarding.phone_numbers import Stage
from onboarding.twilio import trust_hub
from shaken_stir.scenarios import acme
from shaken_stir.scenarios.play import DifferedError, Play, Scenario, expect
from shaken_stir.words import plural
from simulator.observe import assigned_twice, signed, total

OFF_PRODUCT, OFF_BOTH = 2, 1


def play(play: Play) -> str:
    """Onboard a fleet, take some numbers off and put one on by hand, and have the next run put it right."""
    simulator = play.local.simulator
    first = play.succeed(acme.request())
    before, twice = signed(simulator), assigned_twice(simulator)
    numbers = [number for sid in first.subaccounts for number in play.local.phone_numbers(sid)]
    taken_off = [number for number in numbers if number.phone_number_sid in before][: OFF_PRODUCT + OFF_BOTH]
    by_hand = next(number for number in numbers if number.stage is Stage.INELIGIBLE)
    [product], profile_sid = simulator.state.trust_products, str(taken_off[0].business_profile_sid)
    for number in taken_off:
        simulator.controls.drop_assignment(product.sid, number.phone_number_sid)
    for number in taken_off[OFF_PRODUCT:]:
        simulator.controls.drop_assignment(profile_sid, number.phone_number_sid)
    hub = trust_hub.of_parent(settings.load())
    for bundle in (hub.on_business_profile(profile_sid), hub.on_trust_product(product.sid)):
        bundle.create(by_hand.phone_number_sid)
    drifted = signed(simulator)
    play.tell(
        f"By hand, {plural(len(taken_off), 'number')} went off the Trust Product, {OFF_BOTH} of them off the Business "
        f"Profile, too; {by_hand.phone_number} ({by_hand.reason}) was put on both. Of the {len(before)} numbers that "
        f"were signed, {len(before & drifted)} are."
    )

    report = play.succeed(acme.request())
    if not report.audit:
        raise DifferedError("audit: the story says that the run looks at all assignments, seen was that it did not")
    posts = total(report.twilio_calls, "POST")
    expect("numbers that lost an assignment, by the audit", report.audit.vanished, len(taken_off))
    expect("numbers with an assignment unknown before, by the audit", report.audit.adopted, 1)
    expect("signed numbers", signed(simulator), before | {by_hand.phone_number_sid})
    expect("numbers that are assigned twice", assigned_twice(simulator), twice)
    expect("POSTs", posts, OFF_PRODUCT + 2 * OFF_BOTH)
    play.tell(
        f"The next run compared all assignments: {plural(report.audit.vanished, 'number')} had lost one, and "
        f"{report.audit.adopted} had one that was not known. {plural(posts, 'POST')} later "
        f"{len(before & signed(simulator))} of the {len(before)} are signed again."
    )
    return (
        f"A run over the whole fleet believes Twilio, not its own notes: what was removed is put back, in one POST for "
        f"each missing assignment ({posts}), and what was added is taken over."
    )


SCENARIO = Scenario(
    name="drift",
    play=play,
    fleet=acme.fleet,
)
