"""Handlers as in `tests/steps`, and how many examples there are: `make faults` names the profile."""

from hypothesis import settings

from tests.steps.conftest import client, pauses, start, template, told
from tests.steps.examples import FAULTS

__all__ = ["client", "pauses", "start", "template", "told"]

settings.register_profile(FAULTS)
