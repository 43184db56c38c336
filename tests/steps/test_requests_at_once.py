"""The requests that a run may have under way are shared by the subaccounts that it works on at once."""

from typing import Any

import pytest

from tests.steps.conftest import Start
from tests.steps.steps import BUNDLES, LIST
from tests.steps.whole_fleet import APPROVED
from tests.under_way import UnderWay
from tests.world import account, subaccount

EIGHT_AT_ONCE = {"MAP_CONCURRENCY": "4", "THREADS_PER_FUNCTION": "2"}


@pytest.mark.parametrize(
    ("subaccounts", "each"),
    [(1, 8), (2, 4), (3, 2), (9, 2), (None, 2)],
    ids=["one", "two", "three, of which no two may have three", "many", "an older definition does not tell"],
)
def test_the_fewer_subaccounts_a_run_works_on_the_more_requests_each_has(
    start: Start, subaccounts: int | None, each: int
) -> None:
    steps = start(products=[APPROVED], subaccounts=[subaccount(1, numbers=16)], **EIGHT_AT_ONCE)
    of: dict[str, Any] = {"execution": "first", "subaccount_sid": account(1), "subaccounts": subaccounts}
    page = steps.invoke("list_phone_numbers", **of, **LIST, **BUNDLES)
    under_way = UnderWay(steps.simulator, each)

    steps.invoke(
        "assign_to_business_profile",
        **of,
        business_profile_sid=BUNDLES["business_profile_sid"],
        phone_numbers=page["phone_numbers"],
    )

    assert under_way.most == each
