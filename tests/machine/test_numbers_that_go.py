"""Numbers that leave a subaccount: they are not counted as signed, and come back as new."""

import pytest

from onboarding.phone_numbers import Stage
from tests.machine.conftest import Start
from tests.world import (
    NAMED,
    account,
    assignments,
    phone_number,
    small_pages,
    stages,
    subaccount,
)


def test_a_released_number_is_no_longer_counted_as_signed(start: Start) -> None:
    local = start()
    local.run(NAMED)
    local.simulator.controls.release(phone_number(1, 0))

    report = local.run({})

    assert report.numbers == {Stage.ON_TRUST_PRODUCT: 3, Stage.RELEASED: 1}
    assert stages(local, account(1))[phone_number(1, 0)] == "released"
    assert sum(local.run({}).twilio_calls.values()) <= 2 + 2 + 10  # it is looked for once only


def test_a_number_released_from_any_of_several_pages_is_noticed(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    local = start(subaccounts=[subaccount(1, numbers=11)])
    small_pages(monkeypatch, phone_numbers=5)
    local.run(NAMED)
    for number in (0, 7, 10):
        local.simulator.controls.release(phone_number(1, number))

    assert local.run({}).numbers == {Stage.ON_TRUST_PRODUCT: 8, Stage.RELEASED: 3}


def test_a_moved_number_is_followed_and_counted_once(start: Start) -> None:
    local = start()
    local.run(NAMED)
    local.simulator.controls.move(phone_number(1, 0), account(2))

    report = local.run({})

    assert report.subaccounts[account(1)].numbers == {Stage.ON_TRUST_PRODUCT: 1, Stage.RELEASED: 1}
    assert report.subaccounts[account(2)].numbers == {Stage.ON_TRUST_PRODUCT: 3}
    assert report.numbers[Stage.ON_TRUST_PRODUCT] == 4


def test_a_number_that_comes_back_is_taken_to_the_product_again(start: Start) -> None:
    local = start()
    local.run(NAMED)
    local.simulator.controls.move(phone_number(1, 0), account(2))
    local.run({})
    local.simulator.controls.move(phone_number(1, 0), account(1))

    report = local.run({})

    assert report.subaccounts[account(1)].numbers == {Stage.ON_TRUST_PRODUCT: 2}
    assert report.subaccounts[account(2)].numbers == {Stage.ON_TRUST_PRODUCT: 2, Stage.RELEASED: 1}


def test_a_request_that_names_numbers_says_nothing_of_the_others(start: Start) -> None:
    local = start()
    local.run(NAMED)
    local.simulator.controls.release(phone_number(1, 0))

    local.run({"subaccounts": [account(1)], "phone_numbers": [phone_number(1, 1)]})

    assert stages(local, account(1))[phone_number(1, 0)] == "on_trust_product"


@pytest.mark.parametrize(("moved", "to"), [(phone_number(1, 0), account(9)), (phone_number(9, 0), account(1))])
def test_a_number_that_moves_between_the_parent_and_a_subaccount_is_counted_once(
    start: Start, moved: str, to: str
) -> None:
    local = start(parent={"sid": account(9), "numbers": [{"sid": phone_number(9, 0)}]}, subaccounts=[subaccount(1)])
    local.run({**NAMED, "include_parent": True})
    local.simulator.controls.move(moved, to)

    report = local.run({"include_parent": True})

    assert report.numbers == {Stage.ON_TRUST_PRODUCT: 3, Stage.RELEASED: 1}
    assert stages(local, to)[moved] == "on_trust_product"
    assert [bundle.count(moved) for bundle in assignments(local)] == [1, 1]
