"""Which Business Profile a run takes, of those that the account has."""

import pytest

from onboarding.business_profiles import BUSINESS, OTHERS, PRIMARY
from tests.steps.conftest import Start
from tests.world import NAMED, PROFILE, told

PARENT = "AC" + "0123456789abcdef" * 2
SECOND = "BU" + "9" * 32
ERROR = "BusinessProfileNotFound"


@pytest.mark.parametrize("policy", PRIMARY)
def test_a_primary_one_of_any_kind_is_taken_and_its_product_is_compliant(start: Start, policy: str) -> None:
    steps = start(profiles=[{"sid": SECOND, "primary": False}, {"sid": PROFILE, "policy": policy}])

    begun = steps.begin(NAMED)
    bundles = {"business_profile_sid": PROFILE, "trust_product_sid": begun["trust_product"]["sid"]}
    steps.invoke("connect_business_profile", **bundles, connection_sid=None)

    assert begun["business_profile"]["sid"] == PROFILE
    assert steps.invoke("evaluate_trust_product", trust_product_sid=bundles["trust_product_sid"])


def test_a_business_comes_first(start: Start) -> None:
    individual = next(policy for policy in PRIMARY if policy != BUSINESS)
    steps = start(profiles=[{"sid": SECOND, "policy": individual}, {"sid": PROFILE}])

    assert steps.invoke("find_business_profile", business_profile_sid=None)["sid"] == PROFILE


@pytest.mark.parametrize("policy", OTHERS)
def test_secondary_and_starter_ones_are_named_but_never_taken(start: Start, policy: str) -> None:
    steps = start(profiles=[{"sid": PROFILE, "policy": policy}])

    sentence = (
        f"The account {PARENT} has no primary Business Profile, only {PROFILE} ({OTHERS[policy]}, twilio-approved); "
        "create one in the Console's Trust Hub."
    )
    assert steps.failure("find_business_profile", business_profile_sid=None) == (ERROR, told(ERROR, sentence))


def test_several_are_named_with_their_kinds(start: Start) -> None:
    steps = start(profiles=[{"sid": PROFILE}, {"sid": SECOND}])

    sentence = (
        f"The account {PARENT} has several approved primary Business Profiles: {PROFILE} (primary Business, "
        f"twilio-approved), {SECOND} (primary Business, twilio-approved); name one as business_profile_sid."
    )
    error = "BusinessProfileAmbiguous"
    assert steps.failure("find_business_profile", business_profile_sid=None) == (error, told(error, sentence))
