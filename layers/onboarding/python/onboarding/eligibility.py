"""Which phone numbers can be signed: voice-capable ones of the regions asked for, toll-free ones among them."""

from collections.abc import Collection
from typing import TYPE_CHECKING

import phonenumbers

if TYPE_CHECKING:
    from onboarding.phone_numbers import PhoneNumber


def ineligible_because(number: "PhoneNumber", regions: Collection[str]) -> str | None:
    """Say why a phone number is not to be signed.

    Args:
        number: The number, as Twilio lists it.
        regions: libphonenumber regions, such as US.

    Returns:
        The reason, None if the number is eligible.
    """
    if not number.voice:
        return "it has no voice capability"
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(number.phone_number))
    except phonenumbers.NumberParseException:
        region = None
    if region in regions:
        return None
    return f"its region is {region or 'unknown'}, not {' or '.join(sorted(regions))}"


def unknown_regions(regions: Collection[str]) -> list[str]:
    """Pick the regions that libphonenumber does not know."""
    return [region for region in regions if region not in phonenumbers.SUPPORTED_REGIONS]
