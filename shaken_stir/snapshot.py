"""Where a run stands while it goes on."""

import time
from collections.abc import Callable
from datetime import datetime

from pydantic import BaseModel

from onboarding.phone_numbers import Stage
from shaken_stir.retries import Retry


def seldom(tell: Callable[[], object]) -> Callable[[], None]:
    """Have something that is called all the time take a fifth of the time at the most."""
    next_at = 0.0

    def tell_now_and_then() -> None:
        nonlocal next_at
        began = time.monotonic()
        if began >= next_at:
            tell()
            ended = time.monotonic()
            next_at = ended + 4 * (ended - began)

    return tell_now_and_then


class Row(BaseModel):
    """Where a subaccount stands while the run goes on."""

    sid: str
    friendly_name: str
    status: str
    numbers: dict[Stage, int]


class Snapshot(BaseModel):
    """Where a run stands.

    Attributes:
        seconds: How long it has gone on.
        rows: The subaccounts that it works on and that have changed since the last snapshot.
        subaccounts: How many it works on, None until they are listed.
        review: The Trust Product's status at Twilio, None before there is a product.
        twilio_calls: How many requests were sent to Twilio.
        awaited: The Trust Product (`BU…`) whose review the run waits for, None if it does not wait.
        review_seconds: How long a review takes at the simulated Twilio, None at Twilio itself.
        next_look: When Twilio is asked next for the verdict, None if nothing waits for it.
        state: The state at the machine's top level, and since when; None before the first.
        retries: What is tried again, since Twilio or AWS did not do it.
    """

    seconds: float
    rows: list[Row]
    subaccounts: int | None = None
    review: str | None
    twilio_calls: int
    awaited: str | None = None
    review_seconds: float | None = None
    next_look: datetime | None = None
    state: tuple[str, datetime] | None = None
    retries: list[Retry] = []
