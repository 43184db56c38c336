"""How much is tried: little, always the same, in `make test`; many new examples and whole walks in `make faults`."""

from hypothesis import HealthCheck, Phase, settings

FAULTS = "faults"
"""The profile of `make faults`, see `tests/steps/faults/conftest.py`."""


def thorough() -> bool:
    """Whether this is `make faults`; known from pytest's configuration on."""
    return settings.get_current_profile_name() == FAULTS


def examples(few: int, many: int, *, steps: int = 20) -> settings:
    """Give the settings of a property.

    Args:
        few: How many examples `make test` tries.
        many: How many `make faults` does.
        steps: How many rules of a state machine an example takes at the most.
    """
    all_of_them = thorough()
    return settings(
        max_examples=many if all_of_them else few,
        derandomize=not all_of_them,
        print_blob=all_of_them,
        database=None,
        phases=[Phase.generate],  # an example is short as it is, and a shorter one would take minutes
        deadline=None,
        stateful_step_count=steps,
        suppress_health_check=list(HealthCheck),
    )
