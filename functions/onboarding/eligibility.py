"""Which phone numbers can be signed: voice-capable ones of the regions asked for, toll-free ones among them."""

import json
from collections.abc import Collection
from typing import TYPE_CHECKING

import phonenumbers

if TYPE_CHECKING:
    from onboarding.phone_numbers import PhoneNumber


NORTH_AMERICA = 1
"""The country code of the US, its territories, Canada and the Caribbean."""
US_TERRITORIES = frozenset({"AS", "GU", "MP", "PR", "VI"})
"""Regions of their own to libphonenumber."""


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
        parsed = phonenumbers.parse(number.phone_number)
    except phonenumbers.NumberParseException:
        return _not_of(None, regions)
    region = phonenumbers.region_code_for_number(parsed)
    if region in regions:
        return None
    if region is None and parsed.country_code == NORTH_AMERICA:
        return (
            f"libphonenumber {phonenumbers.__version__} does not know its area code {str(parsed.national_number)[:3]}; "
            "a new build takes the current version"
        )
    if region in US_TERRITORIES and "US" in regions:
        also = json.dumps([*regions, region])
        return f'its region is {region}, not {" or ".join(sorted(regions))}; to sign it, send "regions": {also}'
    return _not_of(region, regions)


def _not_of(region: str | None, regions: Collection[str]) -> str:
    return f"its region is {region or 'unknown'}, not {' or '.join(sorted(regions))}"


def unknown_regions(regions: Collection[str]) -> list[str]:
    """Pick the regions that libphonenumber does not know."""
    return [region for region in regions if region not in phonenumbers.SUPPORTED_REGIONS]
