from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from shaken_stir.engine.engine import Engine

STACK = Path(__file__).parent / "stack" / "template.yaml"


@pytest.fixture
def deploy() -> Iterator[Callable[..., Engine]]:
    """Starts an engine with the small stack; it is stopped when the test ends."""
    with ExitStack() as stack:

        def start(**options: Any) -> Engine:
            parameters = options.pop("parameters", {})
            return stack.enter_context(
                Engine(
                    STACK, parameters=parameters, twilio_secret={"auth_token": "t"}, **{"time_scale": 0.01, **options}
                )
            )

        yield start


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """An engine with the small stack, shared by the tests of a module."""
    with Engine(STACK, parameters={}, twilio_secret={"auth_token": "t"}, time_scale=0.01) as running:
        yield running
