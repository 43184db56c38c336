"""What is asked of Twilio about the numbers on a profile or a product."""

from types import SimpleNamespace
from typing import Any

from onboarding.twilio.assignments import ChannelEndpointAssignments
from tests.world import PRODUCT, phone_number


class Listed:
    """Twilio's list of assignments, on which every number is; each look-up is noted."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def list(self, *, channel_endpoint_sids: str, page_size: int) -> list[Any]:
        sids = channel_endpoint_sids.split(",")
        assert page_size == 1000
        self.asked.append(sids)
        return [SimpleNamespace(channel_endpoint_sid=sid, sid=sid.replace("PN", "RA")) for sid in sids]


def test_a_look_up_names_a_hundred_numbers_at_the_most() -> None:
    listed, numbers = Listed(), [phone_number(1, index) for index in range(201)]
    assignments = ChannelEndpointAssignments(PRODUCT, listed, 1, lambda _: None)

    found = assignments.find_all(numbers)

    assert listed.asked == [numbers[:100], numbers[100:200], numbers[200:]]
    assert found == [(sid, sid.replace("PN", "RA")) for sid in numbers]
