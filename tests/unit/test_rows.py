"""What of the table's changes becomes rows of a run."""

from typing import Any

from onboarding.phone_numbers import Stage
from shaken_stir.engine.items import Change, ItemKey
from shaken_stir.rows import Rows
from shaken_stir.snapshot import Row

FIRST, SECOND = "AC" + "1" * 32, "AC" + "2" * 32
OURS = {"ours"}


def subaccount(sid: str, status: str, **attributes: Any) -> Change:
    return Change(ItemKey("FLEET", f"SUBACCOUNT#{sid}"), {"status": {"S": status}, **attributes})


def held(sid: str, execution: str = "ours") -> Change:
    return subaccount(sid, "in_progress", lease_execution={"S": execution})


def number(sid: str, name: str, stage: str | None) -> Change:
    return Change(ItemKey(f"SUBACCOUNT#{sid}", f"NUMBER#{name}"), {"stage": {"S": stage}} if stage else None)


def row(sid: str, status: str, **numbers: int) -> Row:
    of_stages = {Stage(stage): count for stage, count in numbers.items()}
    return Row(sid=sid, friendly_name=f"name of {sid}", status=status, numbers=of_stages)


def rows(*changes: Change) -> Rows:
    made = Rows(lambda sid: f"name of {sid}")
    made.take_in(changes)
    return made


def test_the_numbers_of_a_subaccount_that_is_worked_on_are_counted_as_they_are_written() -> None:
    standing = rows(held(FIRST), number(FIRST, "A", "discovered"), number(FIRST, "B", "discovered"))
    assert standing.changed(OURS) == [row(FIRST, "in_progress", discovered=2)]

    standing.take_in([number(FIRST, "A", "on_business_profile"), number(FIRST, "B", None)])
    assert standing.changed(OURS) == [row(FIRST, "in_progress", on_business_profile=1)]


def test_what_was_recorded_counts_once_a_subaccount_is_through() -> None:
    recorded = {"numbers": {"M": {"on_trust_product": {"N": "7"}}}, "recorded_by": {"S": "ours"}}

    standing = rows(held(FIRST), number(FIRST, "A", "refused"), subaccount(FIRST, "onboarded", **recorded))

    assert standing.changed(OURS) == [row(FIRST, "onboarded", on_trust_product=7)]


def test_only_what_has_changed_is_given_in_the_order_of_the_table() -> None:
    standing = rows(held(SECOND), held(FIRST))
    assert [it.sid for it in standing.changed(OURS)] == [FIRST, SECOND]
    assert standing.changed(OURS) == []

    standing.take_in([number(SECOND, "A", "discovered")])
    assert [it.sid for it in standing.changed(OURS)] == [SECOND]


def test_a_subaccount_of_another_execution_is_no_row_until_it_is_ours() -> None:
    standing = rows(held(FIRST, "theirs"), number(FIRST, "A", "discovered"))
    assert standing.changed(OURS) == []

    standing.take_in([held(FIRST)])
    assert standing.changed(OURS) == [row(FIRST, "in_progress", discovered=1)]


def test_what_is_no_subaccount_s_is_no_row() -> None:
    lease = Change(ItemKey("FLEET", "TRUST_PRODUCT"), {"lease_execution": {"S": "ours"}})
    listing = Change(ItemKey(f"SUBACCOUNT#{FIRST}", "LISTING#ours#PN1"), {"phone_number_sids": {"L": []}})

    assert rows(lease, listing).changed(OURS) == []
