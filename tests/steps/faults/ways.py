"""What is sent to which fleet, so that each operation of Twilio is used."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.steps.steps import Steps
from tests.steps.whole_run import run
from tests.world import NAMED, PRODUCT, PROFILE, account, phone_number, product, subaccount

APPROVED: dict[str, Any] = {"products": [product(business_profile=PROFILE)]}
REJECTED: dict[str, Any] = {"products": [product(status="twilio-rejected", business_profile=PROFILE)]}
NUMBERS = [phone_number(1, 0), phone_number(1, 1)]
ASSIGNED: dict[str, Any] = {
    "profiles": [{"sid": PROFILE, "status": "twilio-approved", "primary": True, "numbers": NUMBERS}],
    "products": [product(business_profile=PROFILE, numbers=NUMBERS)],
}
TWO_NUMBERS = {"subaccounts": [account(1)], "phone_numbers": NUMBERS}


def nothing(_: Steps) -> None:
    """What most ways need to happen first."""


def an_orphan_is_named(steps: Steps) -> None:
    """A number that a run has seen is released, and another run names it; the one that follows may remove it."""
    run(steps, {}, "sees-it")
    steps.simulator.controls.release(phone_number(1, 0))
    run(steps, {}, "names-it")


@dataclass(frozen=True)
class Way:
    """A request and its fleet.

    Attributes:
        request: What is sent while something goes wrong.
        afterwards: What is sent once all is well again: over the whole fleet.
        fleet: What Twilio begins with, besides one subaccount with two numbers.
        before: What happens before.
    """

    request: dict[str, Any]
    afterwards: dict[str, Any] = field(default_factory=dict)
    fleet: dict[str, Any] = field(default_factory=dict)
    before: Callable[[Steps], None] = nothing


ONE_SUBACCOUNT = [subaccount(1)]
WAYS = {
    "first": Way(NAMED, afterwards=NAMED),
    "named": Way(
        {"business_profile_sid": PROFILE, "trust_product": {"sid": PRODUCT}, **TWO_NUMBERS},
        fleet=APPROVED,
    ),
    "orphans": Way(
        {"release_orphans": True},
        afterwards={"release_orphans": True},
        fleet=ASSIGNED,
        before=an_orphan_is_named,
    ),
    "rejected": Way({}, afterwards={"resubmit": True}, fleet=REJECTED),
}
