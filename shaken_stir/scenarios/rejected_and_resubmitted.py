"""Twilio rejects the Trust Product, a person corrects what it names, and it is submitted again."""

from onboarding.errors import TrustProductRejected
from onboarding.trust_products import REJECTION_REMEDIES
from shaken_stir.scenarios import acme
from shaken_stir.scenarios.play import Play, Scenario, expect
from shaken_stir.simulated.meanwhile import once_awaited
from shaken_stir.words import plural
from simulator.fleet import Verdict
from simulator.observe import assignments, signed, total

CODES = [18601, 18606]


def play(play: Play) -> str:
    """Be rejected, stay rejected, and be approved once the request says `resubmit`."""
    simulator = play.local.simulator
    products = simulator.state.trust_products

    def decide(verdict: Verdict, errors: list[int] | None = None) -> None:
        [product] = products
        simulator.controls.decide(product.sid, verdict, errors)

    rejected = play.run(acme.request(), once_awaited(play.local, lambda: decide("rejected", CODES)))
    expect("how the run ended", rejected.error, TrustProductRejected.__name__)
    named = [code for code in REJECTION_REMEDIES if f"{code}: " in str(rejected.cause)]
    expect("codes in the cause", named, CODES)
    before = assignments(simulator)
    play.tell(f"The run ended as {rejected.status}. {rejected.cause}")
    play.tell(f"What was done is kept: {plural(len(before), 'assignment')}; signed: {len(signed(simulator))}.")

    again = play.run(acme.request())
    expect("how the same request ended", again.error, TrustProductRejected.__name__)
    expect("POSTs of the same request", total(again.twilio_calls, "POST"), 0)
    play.tell(
        "The same request, with nothing corrected, says the same and sent "
        f"{plural(total(again.twilio_calls, 'POST'), 'POST')}: nobody hands a rejected product in again by accident."
    )

    corrected = {**acme.request(), "resubmit": True}
    resubmitted = play.succeed(corrected, once_awaited(play.local, lambda: decide("approved")))
    posts = {call: count for call, count in resubmitted.twilio_calls.items() if call.startswith("POST")}
    expect("assignments made anew", assignments(simulator).keys() - before.keys(), set())
    expect("Trust Products", len(products), 1)
    product = resubmitted.trust_product
    play.tell(
        f'Corrected, and sent with "resubmit": true: the product is {product and product.status} after '
        f"{plural(sum(posts.values()), 'POST')} (it is evaluated and submitted), and "
        f"{plural(len(signed(simulator)), 'number')} are signed."
    )
    return (
        f"A rejection costs no work: of {plural(len(before), 'assignment')}, "
        f"{len(assignments(simulator).keys() - before.keys())} had to be made again."
    )


SCENARIO = Scenario(
    name="rejected-and-resubmitted",
    play=play,
    fleet=lambda: acme.fleet(acme.UNTIL_DECIDED),
)
