"""One subaccount's numbers, step by step."""

from tests.steps.conftest import Start
from tests.world import PROFILE, phone_number, product


def test_each_number_is_on_the_profile_and_the_product(start: Start) -> None:
    steps = start(products=[product(business_profile=PROFILE)])

    steps.onboard()

    numbers = [phone_number(1, 0), phone_number(1, 1)]
    assert steps.stages() == dict.fromkeys(numbers, "on_trust_product")
    assert [sorted(it) for it in steps.assignments()] == [numbers, numbers]
