from collections.abc import Iterator

import pytest

from tests.unit.simulator.simulated import TrustHub, fleet


@pytest.fixture
def trust_hub() -> Iterator[TrustHub]:
    hub = TrustHub(fleet())
    yield hub
    hub.reviews.stop()
