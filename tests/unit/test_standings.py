"""The rows of a run by how they stand, and their sums."""

from onboarding.phone_numbers import Stage
from shaken_stir.cli.standings import Standings
from shaken_stir.snapshot import Row


def row(number: int, status: str, **numbers: int) -> Row:
    of_stages = {Stage(stage): count for stage, count in numbers.items()}
    return Row(sid=f"AC{number:032x}", friendly_name="n" * number, status=status, numbers=of_stages)


def test_a_row_that_changes_is_counted_once_where_it_stands_now() -> None:
    standings = Standings([row(1, "in_progress", discovered=3), row(2, "in_progress", discovered=4)])
    standings.take_in([row(1, "in_progress", discovered=1, on_trust_product=2)])
    standings.take_in([row(1, "onboarded", on_trust_product=3), row(3, "failed", refused=1)])

    assert (len(standings), standings.through) == (3, 2)
    assert standings.numbers == {Stage.DISCOVERED: 4, Stage.ON_TRUST_PRODUCT: 3, Stage.REFUSED: 1}
    assert standings.under_way.numbers == {Stage.DISCOVERED: 4, Stage.ON_TRUST_PRODUCT: 0}
    assert standings.longest_name == 3


def test_rows_are_in_the_order_of_the_table_however_they_come() -> None:
    rows = [row(3, "onboarded"), row(2, "in_progress"), row(1, "onboarded"), row(5, "failed"), row(4, "failed")]

    shown, folded = Standings(rows).first(most=10, to_come=5)

    assert not folded
    assert [(int(it.sid[2:]), it.status) for it in shown] == [
        (4, "failed"),
        (5, "failed"),
        (2, "in_progress"),
        (1, "onboarded"),
        (3, "onboarded"),
    ]


def test_what_does_not_fit_leaves_room_for_the_row_that_counts_it() -> None:
    standings = Standings([row(1, "onboarded"), *(row(number, "in_progress") for number in range(2, 9))])

    shown, folded = standings.first(most=5, to_come=8)

    assert folded
    assert [int(it.sid[2:]) for it in shown] == [2, 3, 4]
