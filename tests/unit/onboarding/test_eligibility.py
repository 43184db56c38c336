"""Which numbers are to be signed."""

import phonenumbers
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
        ("+17875550100", True, ["US"], 'its region is PR, not US; to sign it, send "regions": ["US", "PR"]'),
        ("+16715550100", True, ["US"], 'its region is GU, not US; to sign it, send "regions": ["US", "GU"]'),
        ("+13405550100", True, ["US"], 'its region is VI, not US; to sign it, send "regions": ["US", "VI"]'),
        ("+17875550100", True, ["US", "PR"], None),
        ("+17875550100", True, ["CA"], "its region is PR, not CA"),
    ],
)
def test_voice_numbers_of_the_regions_asked_for_are_eligible(
    phone_number: str,
    voice: bool,  # noqa: FBT001
    regions: list[str],
    reason: str | None,
) -> None:
    assert ineligible_because(PhoneNumber("PN1", phone_number, voice), regions) == reason


def test_an_area_code_that_libphonenumber_does_not_know_is_named_with_its_version() -> None:
    reason = ineligible_because(PhoneNumber("PN1", "+19995550100", voice=True), ["US"])

    known = f"libphonenumber {phonenumbers.__version__} does not know its area code 999"
    assert reason == f"{known}; a new build takes the current version"
