"""What a spreadsheet would take for a formula is text."""

import csv
import io

import pytest

from shaken_stir.status.csv_file import COLUMNS, write_csv
from shaken_stir.status.model import Reason
from tests.unit.page.test_needs import number, subaccount


def row(name: str, phone_number: str = "+15125550101") -> dict[str, str]:
    told = number(subaccount(1, friendly_name=name), 1, Reason.REFUSED).model_copy(
        update={"phone_number": phone_number}
    )
    text = io.StringIO(newline="")
    write_csv([told], text)
    names, cells = csv.reader(io.StringIO(text.getvalue(), newline=""))
    assert tuple(names) == COLUMNS
    return dict(zip(names, cells, strict=True))


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_name_that_begins_a_formula_gets_an_apostrophe(name: str) -> None:
    assert row(name)["account_name"] == f"'{name}"


@pytest.mark.parametrize("name", ["Acme", "1=1", 'a "b", c', "two\nlines", "", "שלום"])
def test_any_other_name_stays(name: str) -> None:
    assert row(name)["account_name"] == name


def test_a_phone_number_stays_and_what_is_none_does_not() -> None:
    assert row("Acme")["phone_number"] == "+15125550101"
    assert row("Acme", "+1+cmd")["phone_number"] == "'+1+cmd"
