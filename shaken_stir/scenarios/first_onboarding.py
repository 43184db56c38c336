"""A fleet of which no number is signed."""

from onboarding.phone_numbers import Stage
from shaken_stir.scenarios import acme
from shaken_stir.scenarios.play import Play, Scenario, expect
from shaken_stir.words import plural
from simulator.observe import ASSIGN_TO_PRODUCT, ASSIGN_TO_PROFILE, assigned_twice, signed, total

_LEFT_UNSIGNED = {Stage.REFUSED, Stage.INELIGIBLE}


def play(play: Play) -> str:
    """Take it to signed calls in one run."""
    play.tell(f"Signed before: {plural(len(signed(play.local.simulator)), 'number')}.")
    report = play.succeed(acme.request())
    done, calls = signed(play.local.simulator), report.twilio_calls
    numbers = [number for sid in report.subaccounts for number in play.local.phone_numbers(sid)]
    unsigned = [number for number in numbers if number.phone_number_sid not in done]
    refused = sum(number.stage is Stage.REFUSED for number in unsigned)
    posts = calls[ASSIGN_TO_PROFILE] + calls[ASSIGN_TO_PRODUCT]
    expect("signed numbers, by the report", report.numbers[Stage.ON_TRUST_PRODUCT], len(done))
    expect("stages of the numbers that are not signed", {number.stage for number in unsigned}, _LEFT_UNSIGNED)
    expect("numbers that are assigned twice", assigned_twice(play.local.simulator), set())
    expect("POSTs that assign numbers", posts, 2 * len(done) + refused)
    product = report.trust_product
    play.tell(
        f"Signed now: {plural(len(done), 'number')} of {plural(len(report.subaccounts), 'subaccount')}, each on the "
        f"Business Profile and on the Trust Product {product and product.sid}, which is {product and product.status}. "
        f"Twilio was sent {plural(posts, 'POST')} to assign them."
    )
    for number in unsigned:
        play.tell(f"Not signed: {number.phone_number} is {number.stage}: {number.reason}.")
    return (
        f"A signed number costs {2 * len(done) / len(done):g} POSTs, all else is looked up for many at once: "
        f"{plural(total(calls), 'Trust Hub call')} in all, {total(calls) / len(done):.1f} per number."
    )


SCENARIO = Scenario(
    name="first-onboarding",
    play=play,
    fleet=acme.fleet,
)
