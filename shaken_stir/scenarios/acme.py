"""What the stories begin with: the fleet of `make run`, and its request."""

from typing import Any

from shaken_stir.project import EXAMPLE_EVENT, SMALL_FLEET, load_event
from simulator.fleet import Fleet, ReviewPlan, load_fleet

UNTIL_DECIDED = 300.0
"""Seconds of a review that the story itself ends: should it fail to, the plan does."""


def fleet(review_seconds: float = ReviewPlan().seconds) -> Fleet:
    """Load the small fleet.

    Args:
        review_seconds: How long Twilio's reviews take, before the time scale.
    """
    return load_fleet(SMALL_FLEET).model_copy(update={"review": ReviewPlan(seconds=review_seconds)})


def request() -> dict[str, Any]:
    """Read the request for the whole fleet."""
    return load_event(EXAMPLE_EVENT)
