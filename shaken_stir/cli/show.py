"""What of a run is shown while it goes on, in words that the rows of a terminal and the lines of a pipe share."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from onboarding.phone_numbers import Stage
from shaken_stir.retries import together, told
from shaken_stir.snapshot import Snapshot
from shaken_stir.words import clock

STAGES = {
    Stage.DISCOVERED: "to do",
    Stage.ON_BUSINESS_PROFILE: "on profile",
    Stage.ON_TRUST_PRODUCT: "on product",
    Stage.REFUSED: "refused",
    Stage.INELIGIBLE: "ineligible",
    Stage.RELEASED: "released",
}
TELL_THEMSELVES = frozenset({"Onboard Subaccounts", "Await Review"})
"""The states that take long and are not silent: one has rows, of the other it is told what is awaited."""
PATIENCE_ON_SCREEN, PATIENCE_IN_LINES = timedelta(seconds=2), timedelta(seconds=10)
"""After which silence the state that is under way is named: sooner where that line goes away by itself."""


def counts(numbers: Mapping[Stage, int]) -> str:
    """Count numbers by stage: ` (4 on product, 1 refused)`, or nothing if there are none."""
    words = [f"{count:,} {words}" for stage, words in STAGES.items() if (count := numbers.get(stage))]
    return f" ({', '.join(words)})" if words else ""


def awaited(snapshot: Snapshot) -> str:
    """Say when Twilio is asked for the verdict, if it is awaited."""
    if not snapshot.next_look:
        return ""
    when = f"{clock(snapshot.next_look)}"
    return f"Twilio's verdict is awaited; asked for again at {when} (Ctrl-C ends the wait)"


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
