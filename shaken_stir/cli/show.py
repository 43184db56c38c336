"""What of a run is shown while it goes on, in words that the rows of a terminal and the lines of a pipe share."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from onboarding.phone_numbers import Stage
from onboarding.subaccounts import SubaccountStatus
from shaken_stir.retries import together, told
from shaken_stir.snapshot import Snapshot
from shaken_stir.words import clock, plural

STAGES = {
    Stage.DISCOVERED: "to do",
    Stage.ON_BUSINESS_PROFILE: "on the profile",
    Stage.ON_TRUST_PRODUCT: "on the Trust Product",
    Stage.REFUSED: "refused",
    Stage.INELIGIBLE: "ineligible",
    Stage.ELSEWHERE: "elsewhere",
    Stage.RELEASED: "released",
}
STATUSES = {
    SubaccountStatus.IN_PROGRESS: "working",
    SubaccountStatus.ONBOARDED: "done",
    SubaccountStatus.BUSY: "left to another run",
    SubaccountStatus.FAILED: "failed",
}
TELL_THEMSELVES = frozenset({"Onboard Subaccounts", "Await Review"})
"""The states that take long and are not silent: one has rows, of the other it is told what is awaited."""
PATIENCE_ON_SCREEN, PATIENCE_IN_LINES = timedelta(seconds=2), timedelta(seconds=10)
"""After which silence the state that is under way is named: sooner where that line goes away by itself."""


def counts(numbers: Mapping[Stage, int]) -> str:
    """Count numbers by stage: ` (4 on the Trust Product, 1 refused)`, or nothing if there are none."""
    words = [f"{count:,} {words}" for stage, words in STAGES.items() if (count := numbers.get(stage))]
    return f" ({', '.join(words)})" if words else ""


def status_and_counts(status: str, numbers: Mapping[Stage, int]) -> str:
    """Return a subaccount's status and its numbers by stage: `done (4 on the Trust Product, 1 refused)`."""
    return f"{STATUSES[SubaccountStatus(status)]}{counts(numbers)}"


def status(status: str, numbers: Mapping[Stage, int]) -> str:
    """Return a subaccount's status in words: `working`, `done`, `done, 1 refused`, `failed`."""
    words = STATUSES[SubaccountStatus(status)]
    refused = numbers.get(Stage.REFUSED, 0)
    return f"{words}, {refused:,} refused" if status == SubaccountStatus.ONBOARDED and refused else words


def awaited(snapshot: Snapshot) -> str:
    """Say that the run waits for Twilio's review, and until when."""
    if not snapshot.awaited:
        return ""
    review = f"Waiting for Twilio to review the Trust Product {snapshot.awaited}"
    if snapshot.next_look:
        return f"{review}; next poll at {clock(snapshot.next_look)} (Ctrl-C ends the wait)"
    if snapshot.review_seconds is not None:
        return f"{review}; in this simulation that takes up to {lasting(snapshot.review_seconds)}"
    return ""


def lasting(seconds: float) -> str:
    """Put a time span into words: `3 seconds`, `0.5 seconds`, `10 minutes`."""
    if seconds >= 120:  # noqa: PLR2004 - below that, seconds are easier to read
        return plural(math.ceil(seconds / 60), "minute")
    return f"{seconds:g} second{'' if seconds == 1 else 's'}"


def tried_again(snapshot: Snapshot) -> list[str]:
    """Say what is tried again and why, in a sentence for each state."""
    now = datetime.now(UTC)
    return [told(group, now) for group in together(snapshot.retries)]


def under_way(snapshot: Snapshot, patience: timedelta) -> str:
    """Name the state that has been silent for longer than this."""
    if not snapshot.state or snapshot.retries:
        return ""
    name, since = snapshot.state
    silent = name not in TELL_THEMSELVES and datetime.now(UTC) - since > patience
    return f"{name} is under way since {clock(since)}" if silent else ""
