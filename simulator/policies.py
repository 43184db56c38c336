"""The Trust Hub policies that the simulator knows, and what each asks for."""

from typing import Any, Final

SHAKEN_STIR: Final = "RN7a97559effdf62d00f4298208492a5ea"
PRIMARY_BUSINESS_PROFILE: Final = "RN6433641899984f951173ef1738c3bdd0"
SECONDARY_BUSINESS_PROFILE: Final = "RNdfbf3fae0e1107f8aded0e7cead80bf5"
OTHER_PRIMARY_PROFILES: Final = {
    "RNffcb02a20420c81caf596ffc44f69712": "Primary customer profile for individual",
    "RN92dc6c39189b4d5ad9c6664f39769f90": "Primary Customer Profile of type Government",
    "RN936f6140f1864391adca88df5d84cb6d": "Primary Customer Profile of type Nonprofit",
}
STARTER_PROFILE: Final = "RN806dd6cd175f314e1f96a9727ee271f4"

PRIMARY_PROFILE_TYPE: Final = "primary_customer_profile_type_business"
SECONDARY_PROFILE_TYPE: Final = "secondary_customer_profile_type_business"
STARTER_PROFILE_TYPE: Final = "starter_customer_profile"
BUSINESS_INFORMATION_TYPE: Final = "customer_profile_business_information"
ADDRESS_TYPE: Final = "customer_profile_address"

FRIENDLY_NAMES: Final = {
    SHAKEN_STIR: "SHAKEN/STIR",
    PRIMARY_BUSINESS_PROFILE: "Primary Customer Profile of type Business",
    SECONDARY_BUSINESS_PROFILE: "Secondary Customer Profile of type Business",
    STARTER_PROFILE: "Starter Customer Profile",
    **OTHER_PRIMARY_PROFILES,
}

_PRIMARY_PROFILE: Final = {
    "type": PRIMARY_PROFILE_TYPE,
    "name": "Primary Customer Profile Bundle",
    "requirement_name": "primary_customer_profile",
}


def requirements(policy_sid: str) -> dict[str, Any]:
    """What a bundle of this policy must hold, in the shape of Twilio's Policies resource."""
    if policy_sid == SHAKEN_STIR:
        return _requirements(profiles=[_PRIMARY_PROFILE])
    if policy_sid in (SECONDARY_BUSINESS_PROFILE, STARTER_PROFILE):
        return _requirements(profiles=[_PRIMARY_PROFILE], business=True)
    return _requirements(profiles=[], business=policy_sid == PRIMARY_BUSINESS_PROFILE)


def profile_types(policy_sid: str, required_type: str) -> frozenset[str]:
    """Return the types of profile that meet a policy's requirement for a profile of this type.

    Twilio's guides for ISVs connect a SHAKEN/STIR product to the customer's secondary profile.
    """
    also = {SECONDARY_PROFILE_TYPE} if policy_sid == SHAKEN_STIR else set()
    return frozenset({required_type, *also})


def _requirements(*, profiles: list[dict[str, str]], business: bool = False) -> dict[str, Any]:
    business_information = {
        "url": f"/EndUserTypes/{BUSINESS_INFORMATION_TYPE}",
        "fields": ["business_name", "business_type", "business_registration_number", "website_url"],
        "type": BUSINESS_INFORMATION_TYPE,
        "name": "Business Information",
        "requirement_name": BUSINESS_INFORMATION_TYPE,
    }
    address = {
        "description": "Customer Profile HQ Physical Address",
        "type": "document",
        "name": "Physical Business Address",
        "accepted_documents": [
            {
                "url": f"/SupportingDocumentTypes/{ADDRESS_TYPE}",
                "fields": ["address_sids"],
                "type": ADDRESS_TYPE,
                "name": "Physical Business Address",
            }
        ],
        "requirement_name": ADDRESS_TYPE,
    }
    return {
        "end_user": [business_information] if business else [],
        "supporting_trust_products": [],
        "supporting_document": [[address]] if business else [[]],
        "supporting_customer_profiles": profiles,
    }
