"""Which orphans the last run over the whole fleet has named, and which run named them before."""

from datetime import UTC, datetime, timedelta

from onboarding.phone_numbers import OrphanRecord
from onboarding.table.dynamodb import Table
from onboarding.table.orphans import forget_orphans, name_orphans, read_orphans

PRODUCT, OTHER = f"BU{1:032x}", f"BU{2:032x}"
ACCOUNT = f"AC{1:032x}"
SIDS = [f"PN{number:032x}" for number in range(30)]
LONG_AGO = datetime.now(UTC) - timedelta(days=1)
LATER = datetime.now(UTC) + timedelta(days=1)


def named_before(orphans: list[OrphanRecord]) -> dict[str, str | None]:
    return {orphan.phone_number_sid: orphan.named_before for orphan in orphans}


def test_orphans_are_named_with_the_account_where_they_were_last(table: Table) -> None:
    named = name_orphans(table, PRODUCT, "run", LONG_AGO, {SIDS[0]: ACCOUNT, SIDS[1]: None})

    assert read_orphans(table, PRODUCT) == named
    assert [(it.phone_number_sid, it.account_sid, it.named_by, it.named_before) for it in named] == [
        (SIDS[0], ACCOUNT, "run", None),
        (SIDS[1], None, "run", None),
    ]


def test_a_run_that_names_its_orphans_again_is_no_earlier_run(table: Table) -> None:
    for _ in range(2):
        named = name_orphans(table, PRODUCT, "run", LATER, {SIDS[0]: None})

    assert named_before(named) == {SIDS[0]: None}
    assert read_orphans(table, PRODUCT) == named


def test_an_orphan_that_was_named_before_the_run_began_was_named_by_that_run(table: Table) -> None:
    name_orphans(table, PRODUCT, "first", LONG_AGO, {SIDS[0]: None})

    named = name_orphans(table, PRODUCT, "second", LATER, {SIDS[0]: None, SIDS[1]: None})

    assert named_before(named) == {SIDS[0]: "first", SIDS[1]: None}
    assert read_orphans(table, PRODUCT) == named


def test_an_orphan_that_was_named_while_the_run_went_on_was_not_named_before_it(table: Table) -> None:
    name_orphans(table, PRODUCT, "first", LONG_AGO, {SIDS[0]: None})

    named = name_orphans(table, PRODUCT, "at once", LONG_AGO, {SIDS[0]: None})

    assert named_before(named) == {SIDS[0]: None}


def test_a_step_that_is_done_again_still_knows_the_earlier_run(table: Table) -> None:
    name_orphans(table, PRODUCT, "first", LONG_AGO, {SIDS[0]: None})

    for _ in range(2):
        named = name_orphans(table, PRODUCT, "second", LATER, {SIDS[0]: None})

    assert named_before(named) == {SIDS[0]: "first"}


def test_of_several_earlier_runs_the_last_one_counts(table: Table) -> None:
    for run in ("first", "second", "third"):
        named = name_orphans(table, PRODUCT, run, LATER, {SIDS[0]: None})

    assert named_before(named) == {SIDS[0]: "second"}


def test_orphans_that_a_run_does_not_find_any_more_are_forgotten(table: Table) -> None:
    name_orphans(table, PRODUCT, "first", LONG_AGO, dict.fromkeys(SIDS))

    name_orphans(table, PRODUCT, "second", LATER, {SIDS[1]: None})
    assert named_before(read_orphans(table, PRODUCT)) == {SIDS[1]: "first"}

    name_orphans(table, PRODUCT, "third", LATER, {})
    assert read_orphans(table, PRODUCT) == []

    named = name_orphans(table, PRODUCT, "fourth", LATER, {SIDS[1]: None})
    assert named_before(named) == {SIDS[1]: None}


def test_orphans_are_forgotten_by_name(table: Table) -> None:
    name_orphans(table, PRODUCT, "run", LONG_AGO, dict.fromkeys(SIDS[:3]))

    forget_orphans(table, PRODUCT, [SIDS[0], SIDS[2], SIDS[3]])

    assert list(named_before(read_orphans(table, PRODUCT))) == [SIDS[1]]


def test_each_product_has_its_own_orphans(table: Table) -> None:
    name_orphans(table, PRODUCT, "first", LONG_AGO, {SIDS[0]: None})

    named = name_orphans(table, OTHER, "second", LATER, {SIDS[0]: None})
    forget_orphans(table, OTHER, [SIDS[0]])

    assert named_before(named) == {SIDS[0]: None}
    assert list(named_before(read_orphans(table, PRODUCT))) == [SIDS[0]]
