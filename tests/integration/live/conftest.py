"""The product as it is on a real account: it is told nothing of a test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from local.twilio.fleet import Fleet
from tests.integration.live.certificate import certify
from tests.integration.live.twilio_itself import HOSTS, TwilioItself
from tests.integration.onboarding.world import a_fleet

type Start = Callable[..., TwilioItself]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The certificate of an authority, and one by it for Twilio's hosts."""
    return certify(HOSTS, tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def twilio(certificates: tuple[Path, Path]) -> Iterator[Start]:
    """Start a simulated Twilio behind Twilio's host names; it is stopped after the test."""
    with ExitStack() as stack:

        def start(time_scale: float = 1.0, **fleet: Any) -> TwilioItself:
            return stack.enter_context(
                TwilioItself(Fleet.model_validate(a_fleet(**fleet)), certificates, time_scale=time_scale)
            )

        yield start
