"""Twilio's callback gets lost."""

from shaken_stir.scenarios import acme
from shaken_stir.scenarios.play import Play, Scenario, expect
from shaken_stir.simulated.meanwhile import once_awaited
from shaken_stir.words import plural
from simulator.observe import signed

POLL_SECONDS = 3600


def play(play: Play) -> str:
    """Have the verdict while nothing of it arrives."""
    simulator = play.local.simulator
    simulator.controls.callbacks(drop=True)

    def approve() -> None:
        [product] = simulator.state.trust_products
        simulator.controls.decide(product.sid, "approved")

    before = play.local.engine.invocations.get("check_trust_product", 0)
    report = play.succeed(acme.request(), once_awaited(play.local, approve))
    polls = play.local.engine.invocations["check_trust_product"] - before
    lost = [callback for callback in simulator.state.callbacks if callback.response_status is None]
    arrived = play.local.engine.invocations.get("status_callback", 0)
    product = report.trust_product
    expect("callbacks that arrived", arrived, 0)
    expect("callbacks that were lost", len(lost), 1)
    expect("how the verdict was learned", product and product.verdict_by, "poll")
    play.tell(
        f"Twilio decided and sent {plural(len(simulator.state.callbacks), 'callback')}: {len(lost)} got lost, "
        f"{arrived} arrived."
    )
    play.tell(
        f"The run asked Twilio by itself, {plural(polls, 'time')}, one poll being due every {POLL_SECONDS:,} seconds "
        f"in earnest: the product is {product and product.status}, learned by {product and product.verdict_by}, and "
        f"{plural(len(signed(simulator)), 'number')} are signed."
    )
    return "The callback is only a hint, Twilio's API is the truth: a lost callback costs time, never the verdict."


SCENARIO = Scenario(
    name="lost-callback",
    play=play,
    fleet=lambda: acme.fleet(10 * POLL_SECONDS),
    time_scale=0.0005,
    parameters={"PollSeconds": str(POLL_SECONDS)},
)
