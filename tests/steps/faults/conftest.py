"""How many examples there are: `make faults` names the profile."""

from hypothesis import settings

from tests.steps.examples import FAULTS

settings.register_profile(FAULTS)
