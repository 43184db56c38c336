"""How many examples a property is tried with: few, always the same, in `make test`; many new ones in `make faults`."""

from hypothesis import HealthCheck, Phase, settings

FAULTS = "faults"
"""The profile of `make faults`, see `tests/faults/conftest.py`."""


def examples(few: int, many: int, *, steps: int = 20) -> settings:
    """Give the settings of a property.

    Args:
        few: How many examples `make test` tries.
        many: How many `make faults` does.
        steps: How many rules of a state machine an example takes at the most.
    """
    thorough = settings.get_current_profile_name() == FAULTS
    return settings(
        max_examples=many if thorough else few,
        derandomize=not thorough,
        print_blob=thorough,
        database=None,
        phases=[Phase.generate],  # an example is short as it is, and a shorter one would take minutes
        deadline=None,
        stateful_step_count=steps,
        suppress_health_check=list(HealthCheck),
    )
