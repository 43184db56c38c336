"""A draft is evaluated before it is submitted; what Twilio finds missing is told."""

from tests.steps.conftest import Start
from tests.world import PRODUCT, PROFILE, product


def test_a_compliant_draft_goes_on(start: Start) -> None:
    steps = start(products=[product(status="draft", business_profile=PROFILE)])

    assert steps.invoke("evaluate_trust_product", trust_product_sid=PRODUCT)["sid"].startswith("EL")


def test_what_twilio_finds_missing_is_told(start: Start) -> None:
    """Here the profile lost its approval after it was found."""
    steps = start(products=[product(status="draft", business_profile=PROFILE)])
    [profile] = steps.simulator.state.customer_profiles
    profile.status = "twilio-rejected"

    error, sentence = steps.failure("evaluate_trust_product", trust_product_sid=PRODUCT)

    assert error == "TrustProductNoncompliant"
    assert f"finds the Trust Product {PRODUCT} noncompliant (" in sentence
