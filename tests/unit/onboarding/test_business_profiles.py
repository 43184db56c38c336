"""Which Business Profile is taken: a business's primary one, one of another kind only if there is none."""

from dataclasses import dataclass

import pytest

from onboarding.business_profiles import (
    BUSINESS,
    OTHERS,
    PRIMARY,
    approved_primary_ones,
    describe_profiles,
    primary_ones,
)
from onboarding.trust_products import Status

INDIVIDUAL, GOVERNMENT, NONPROFIT = [policy for policy in PRIMARY if policy != BUSINESS]


@dataclass(frozen=True)
class Profile:
    policy_sid: str
    status: Status = Status.APPROVED
    sid: str = "BU1"


def test_an_approved_business_comes_before_any_other_kind() -> None:
    business = Profile(BUSINESS)

    assert approved_primary_ones([Profile(INDIVIDUAL), business, Profile(NONPROFIT)]) == [business]


@pytest.mark.parametrize("policy", [INDIVIDUAL, GOVERNMENT, NONPROFIT])
def test_another_kind_is_taken_if_no_business_is_approved(policy: str) -> None:
    other = Profile(policy)

    assert approved_primary_ones([Profile(BUSINESS, Status.IN_REVIEW), other]) == [other]


@pytest.mark.parametrize("policy", [*OTHERS, "RN" + "9" * 32])
def test_secondary_starter_and_unknown_ones_are_never_taken(policy: str) -> None:
    assert approved_primary_ones([Profile(policy)]) == primary_ones([Profile(policy)]) == []


def test_what_is_not_approved_is_not_taken() -> None:
    draft = Profile(BUSINESS, Status.DRAFT)

    assert approved_primary_ones([draft]) == []
    assert primary_ones([draft, Profile(INDIVIDUAL)]) == [draft]


def test_each_is_described_by_kind_and_status() -> None:
    seen = [Profile(GOVERNMENT, Status.IN_REVIEW, "BU1"), Profile([*OTHERS][-1], sid="BU2"), Profile("RN0", sid="BU3")]

    assert describe_profiles(seen) == (
        "BU1 (primary Government, in-review), BU2 (starter, twilio-approved), BU3 (of the policy RN0, twilio-approved)"
    )
