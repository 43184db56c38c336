"""All stories, by name."""

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
