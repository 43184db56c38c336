"""Two executions that want the same at the same time."""

from onboarding.phone_numbers import Stage
from shaken_stir.scenarios import acme
from shaken_stir.scenarios.play import Play, Scenario, expect, expect_success
from shaken_stir.words import plural
from simulator.observe import ASSIGN_TO_PRODUCT, ASSIGN_TO_PROFILE, assigned_twice, signed

CREATE, CONNECT = "POST /v1/TrustProducts", "POST /v1/TrustProducts/{Sid}/EntityAssignments"


def play(play: Play) -> str:
    """Start the same request twice at once, for a fleet that has nothing yet."""
    simulator = play.local.simulator
    reports = play.run_together([acme.request(), acme.request()])
    for report in reports:
        expect_success(report)
    calls = reports[0].twilio_calls
    done, twice = signed(simulator), assigned_twice(simulator)
    products = len(simulator.state.trust_products)
    posts = calls[ASSIGN_TO_PROFILE] + calls[ASSIGN_TO_PRODUCT]
    refused = sum(
        number.stage is Stage.REFUSED for sid in reports[0].subaccounts for number in play.local.phone_numbers(sid)
    )
    creators = sum(report.trust_product is not None and report.trust_product.created for report in reports)
    expect("Trust Products", products, 1)
    expect("requests that create one", calls[CREATE], 1)
    expect("requests that connect it", calls[CONNECT], 1)
    expect("executions that created it", creators, 1)
    expect("numbers that are assigned twice", twice, set())
    expect("POSTs that assign numbers", posts, 2 * len(done) + refused)
    play.tell(
        f"{plural(len(reports), 'execution')}, {plural(products, 'Trust Product')}: {creators} created it, "
        f"the others found it."
    )
    play.tell(
        f"{plural(len(done), 'number')} are signed, {len(twice)} of them assigned twice, although Twilio would accept "
        f"that: {plural(posts, 'POST')} assign them, as many as one execution sends by itself."
    )
    return (
        "Whoever works on a subaccount, or creates the product, holds a lease; the other waits, looks again, and finds "
        f"it done: {plural(sum(report.state_transitions for report in reports), 'state transition')} for both."
    )


SCENARIO = Scenario(
    name="two-at-once",
    play=play,
    fleet=acme.fleet,
    time_scale=0.05,
)
