"""All stories, by name."""

from difflib import get_close_matches
from typing import Final

from shaken_stir.scenarios import (
    drift,
    first_onboarding,
    lost_callback,
    nothing_to_do,
    number_bought,
    orphans,
    rejected_and_resubmitted,
    rejected_for_good,
    two_at_once,
)
from shaken_stir.scenarios.play import Scenario

_MODULES: Final = (
    first_onboarding,
    nothing_to_do,
    number_bought,
    rejected_and_resubmitted,
    rejected_for_good,
    lost_callback,
    two_at_once,
    drift,
    orphans,
)
SCENARIOS: Final[dict[str, Scenario]] = {module.SCENARIO.name: module.SCENARIO for module in _MODULES}


class UnknownScenarioError(LookupError):
    """There is no such story; the text is a sentence that names those that there are."""


def find(name: str) -> Scenario:
    """Find a story by its name.

    Raises:
        UnknownScenarioError: None is called so; what may be meant is named first.
    """
    if name in SCENARIOS:
        return SCENARIOS[name]
    names = dict.fromkeys([*get_close_matches(name, SCENARIOS), *SCENARIOS])
    raise UnknownScenarioError(f"There is no scenario {name}; choose one of {', '.join(names)}.")
