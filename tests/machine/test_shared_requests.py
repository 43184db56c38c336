"""How many requests a run has under way at Twilio at once."""

from tests.machine.conftest import Start
from tests.under_way import UnderWay
from tests.world import PROFILE, product, subaccount


def test_two_subaccounts_share_all_the_requests_that_a_run_may_have_under_way(start: Start) -> None:
    local = start(
        products=[product(business_profile=PROFILE)], subaccounts=[subaccount(1, numbers=20), subaccount(2, numbers=20)]
    )
    under_way = UnderWay(local.simulator, 16)

    report = local.run({})

    assert report.status == "SUCCEEDED"
    assert under_way.most == 16
