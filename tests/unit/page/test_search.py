"""What a search finds, and in which order subaccounts are."""

import pytest

from shaken_stir.page.search import Search
from shaken_stir.page.words import UNNAMED
from shaken_stir.status.order import by_name
from tests.unit.page.fleets import subaccount

PHONE, SID = "+12125550134", "PN" + "1a2b" * 8


@pytest.mark.parametrize(("typed", "found"), [("", True), (" SUBACCOUNT 1", True), ("ac0000", True), ("2", False)])
def test_a_search_finds_subaccounts_by_parts_of_names_and_sids(typed: str, *, found: bool) -> None:
    assert Search.parse(typed).finds(subaccount(1)) is found


def test_a_subaccount_without_a_name_is_found_by_the_name_that_the_page_shows() -> None:
    assert Search.parse(UNNAMED).finds(subaccount(1, friendly_name=""))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("+12125550134", True),
        ("(212) 555-0134", True),
        (" +1 212.555.01 34 ", True),
        ("\u202a+1\u00a0212\u2011555\u20110134\u202c", True),
        ("0134", True),
        ("013", True),
        ("34", False),
        ("+2125550134", False),
        ("0135", False),
        ("Store 0134", False),
        (SID, True),
        ("pn1A2B", True),
        ("pn1a", False),
        ("1a2b", False),
        ("", False),
    ],
)
def test_a_search_finds_numbers_by_digits_and_by_sid(typed: str, *, found: bool) -> None:
    search = Search.parse(typed)

    assert search.finds_number(PHONE, SID) is found
    assert search.names_numbers or not found


def test_subaccounts_are_in_natural_order_of_names() -> None:
    names = ["acme 2", "Acme 10", "Ácme 10 b", "Acme 010a", "B", "1" * 5_000, ""]
    shuffled = [subaccount(index, friendly_name=name) for index, name in enumerate(names)][::-1]

    assert [it.friendly_name for it in by_name(shuffled)] == [
        "1" * 5_000,
        "acme 2",
        "Acme 10",
        "Ácme 10 b",
        "Acme 010a",
        "B",
        "",
    ]
