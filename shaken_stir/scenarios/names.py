"""What the stories are called, for who completes a name: to load the stories themselves takes a second."""

from typing import Final

NAMES: Final = (
    "first-onboarding",
    "nothing-to-do",
    "number-bought",
    "rejected-and-resubmitted",
    "rejected-for-good",
    "lost-callback",
    "two-at-once",
    "drift",
    "orphans",
)
