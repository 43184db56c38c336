"""What is asked of Twilio about the numbers on a profile or a product."""

from collections.abc import Iterator
from typing import Any, cast

from onboarding.twilio.answers import AssignmentAnswer
from onboarding.twilio.api import Api, Query
from onboarding.twilio.assignments import ChannelEndpointAssignments
from tests.world import PRODUCT, phone_number

ELSEWHERE = phone_number(9, 9)


class Listed:
    """Twilio's list of assignments, on which every number is, and one more; each look-up is noted."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def list(self, _: type[AssignmentAnswer], path: str, key: str, query: Query) -> Iterator[Any]:
        sids = str(query["ChannelEndpointSids"]).split(",")
        assert (path, key, query["PageSize"]) == (f"/v1/X/{PRODUCT}/ChannelEndpointAssignments", "results", 1000)
        self.asked.append(sids)
        listed = ({"sid": sid.replace("PN", "RA"), "channel_endpoint_sid": sid} for sid in [*sids, ELSEWHERE])
        return map(AssignmentAnswer.model_validate, listed)


def test_a_look_up_names_a_hundred_numbers_at_the_most() -> None:
    listed, numbers = Listed(), [phone_number(1, index) for index in range(201)]
    assignments = ChannelEndpointAssignments(cast("Api", listed), f"/v1/X/{PRODUCT}", 1, lambda _: None)

    found = assignments.find_all(numbers)

    assert listed.asked == [numbers[:100], numbers[100:200], numbers[200:]]
    assert found == [(sid, sid.replace("PN", "RA")) for sid in numbers]
