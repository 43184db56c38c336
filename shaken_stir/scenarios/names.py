"""Names and titles of the scenarios, for completion and `run --list`: the scenarios themselves load the engine."""

from difflib import get_close_matches
from typing import Final

TITLES: Final = {
    "first-onboarding": "a fleet of which no number is signed is taken to full (A) attestation",
    "nothing-to-do": "the same request again reads, and changes nothing",
    "number-bought": "a number is bought, and an EventBridge event takes it through by itself",
    "rejected-and-resubmitted": "Twilio rejects the Trust Product and says why; corrected, it is submitted again",
    "rejected-for-good": "Twilio rejects the Trust Product for good; another one is made by hand and named",
    "lost-callback": "Twilio's callback never arrives, and the poll finds the verdict",
    "two-at-once": "two executions start together: one Trust Product, and no number is assigned twice",
    "drift": "somebody removes and makes assignments by hand; the next run notices and puts it right",
    "orphans": "released numbers leave assignments behind; two runs name them before one may remove them",
}
NAMES: Final = tuple(TITLES)


def unknown(name: str) -> str | None:
    """Return a sentence that names the scenarios, the most similar first, or None if there is one of this name."""
    if name in TITLES:
        return None
    names = dict.fromkeys([*get_close_matches(name, NAMES), *NAMES])
    return f"There is no scenario {name}; choose one of {', '.join(names)}."
