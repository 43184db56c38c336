"""What a state reads, the states before it gave, whichever way the execution came."""

from typing import Any

import pytest

from tests.template.machine import MACHINE, MAP, changed
from tools.data import data_faults


def test_every_path_that_a_state_reads_was_given_on_every_way_to_it() -> None:
    assert list(data_faults(MACHINE)) == []


@pytest.mark.parametrize(
    ("place", "value", "fault"),
    [
        ("Whole Fleet Listed?/Choices/0/And/3/IsPresent", False, "Find Orphans reads $.audit.assigned"),
        ("Find Business Profile/ResultPath", None, "Connect Business Profile reads $.business_profile.sid"),
        ("List Subaccounts/ResultSelector", {"key.$": "$.Payload.key"}, f"{MAP} reads $.manifest.bucket"),
        ("Approved?/Choices/0/IsPresent", True, "Subaccounts Failed reads $.summary.message"),
        (
            f"{MAP}/ItemProcessor/States/List Phone Numbers/Parameters/Payload/regions.$",
            "$.request.regions",
            "List Phone Numbers reads $.request.regions",
        ),
    ],
)
def test_a_path_that_nobody_gave_is_reported(place: str, value: Any, fault: str) -> None:
    assert fault in list(data_faults(changed(place, value)))
