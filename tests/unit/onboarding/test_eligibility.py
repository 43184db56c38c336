"""Which numbers are to be signed."""

import pytest

from onboarding.eligibility import ineligible_because
from onboarding.phone_numbers import PhoneNumber


@pytest.mark.parametrize(
    ("phone_number", "voice", "regions", "reason"),
    [
        ("+15125550100", True, ["US"], None),
        ("+18885550100", True, ["US"], None),
        ("+14165550100", True, ["US"], "its region is CA, not US"),
        ("+14165550100", True, ["US", "CA"], None),
        ("+442079460000", True, ["US", "CA"], "its region is GB, not CA or US"),
        ("+15125550100", False, ["US"], "it has no voice capability"),
        ("12345", True, ["US"], "its region is unknown, not US"),
        ("+19995550100", True, ["US"], "its region is unknown, not US"),
    ],
)
def test_voice_numbers_of_the_regions_asked_for_are_eligible(
    phone_number: str,
    voice: bool,  # noqa: FBT001
    regions: list[str],
    reason: str | None,
) -> None:
    assert ineligible_because(PhoneNumber("PN1", phone_number, voice), regions) == reason
