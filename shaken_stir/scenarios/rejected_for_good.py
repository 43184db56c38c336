"""Twilio rejects the Trust Product and does not take it again: a person makes another one, and names it."""

from onboarding import settings
from onboarding.errors import TrustProductNotResubmitted, TrustProductRejected
from onboarding.twilio import trust_hub
from shaken_stir.scenarios import acme
from shaken_stir.scenarios.play import Play, Scenario, expect
from shaken_stir.simulated.meanwhile import once_awaited
from shaken_stir.words import plural
from simulator.observe import assigned_twice, signed

REASON = "The website could not be reached."


def play(play: Play) -> str:
    """Be rejected for good, make a new product by hand, and have the numbers signed by it."""
    simulator = play.local.simulator
    controls, products = simulator.controls, simulator.state.trust_products

    def reject() -> None:
        [product] = products
        controls.decide(product.sid, "rejected", [], REASON)

    rejected = play.run(acme.request(), once_awaited(play.local, reject))
    expect("how the run ended", rejected.error, TrustProductRejected.__name__)
    expect("Twilio's words in the cause", REASON.rstrip(".") in str(rejected.cause), expected=True)
    play.tell(f"Twilio names no code, only words in its callback. {rejected.cause}")

    [old] = products
    controls.plan_fault(
        operation=f"POST /v1/TrustProducts/{old.sid}",
        status=400,
        code=22203,
        message="User cannot perform this status update",
        times=0,
    )
    refused = play.run({**acme.request(), "resubmit": True})
    expect("how the request to submit it again ended", refused.error, TrustProductNotResubmitted.__name__)
    play.tell(f"This account cannot submit it again. {refused.cause}")

    hub = trust_hub.of_parent(settings.load())
    [connection] = old.entities
    new = hub.create_trust_product("Acme, once more", "trust@acme.example")
    hub.connect(new.sid, connection.object_sid)
    numbers = {assignment.number_sid for assignment in old.endpoints}
    for number_sid in numbers:
        controls.drop_assignment(old.sid, number_sid)
    play.tell(f"By hand: a new product, connected to the profile; {plural(len(numbers), 'number')} off the old one.")

    named = {**acme.request(), "trust_product": {"sid": new.sid}}
    approved = play.succeed(named, once_awaited(play.local, lambda: controls.decide(new.sid, "approved")))
    expect("the product of the run", approved.trust_product and approved.trust_product.sid, new.sid)
    expect("signed numbers", signed(simulator), numbers)
    expect("numbers that are assigned twice", assigned_twice(simulator), set())
    play.tell(f"The request that names it puts {plural(len(numbers), 'number')} on it, and they are signed.")

    later = play.succeed(acme.request())
    expect("the product of a later request", later.trust_product and later.trust_product.sid, new.sid)
    return "A product that Twilio does not take again is replaced by hand; later requests need not name the new one."


SCENARIO = Scenario(
    name="rejected-for-good",
    play=play,
    fleet=lambda: acme.fleet(acme.UNTIL_DECIDED),
)
