"""What the functions take from their environment."""

import pytest

from onboarding.settings import MOST_REQUESTS_EACH, Settings
from shaken_stir.engine.template import Template
from shaken_stir.project import TEMPLATE


def settings(map_concurrency: int, threads_per_function: int) -> Settings:
    parameters = {"MapConcurrency": str(map_concurrency), "ThreadsPerFunction": str(threads_per_function)}
    environment = Template(TEMPLATE, parameters).environment()
    return Settings.model_validate({name: value for name, value in environment.items() if value})


@pytest.mark.parametrize("map_concurrency", [1, 2, 5, 8, 16, 100])
@pytest.mark.parametrize("threads_per_function", [1, 2, 3, 8, 32])
def test_subaccounts_at_work_never_have_more_requests_together_than_the_two_parameters_allow(
    map_concurrency: int, threads_per_function: int
) -> None:
    given = settings(map_concurrency, threads_per_function)

    for subaccounts in range(1, 120):
        each = given.requests_each(subaccounts)
        assert 1 <= each <= MOST_REQUESTS_EACH
        assert min(subaccounts, map_concurrency) * each <= map_concurrency * threads_per_function


@pytest.mark.parametrize(("subaccounts", "each"), [(1, 16), (4, 4), (5, 3), (8, 2), (40, 2), (None, 2)])
def test_few_subaccounts_have_more_requests_each(subaccounts: int | None, each: int) -> None:
    assert settings(8, 2).requests_each(subaccounts) == each


def test_by_default_a_run_has_sixteen_requests_under_way_at_the_most() -> None:
    environment = Template(TEMPLATE, {}).environment()

    assert int(environment["MAP_CONCURRENCY"]) * int(environment["THREADS_PER_FUNCTION"]) == 16
