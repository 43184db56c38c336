"""The list for compliance: what a spreadsheet makes of it."""

import csv
import io
from datetime import UTC, datetime

import pytest

from onboarding.phone_numbers import Stage
from shaken_stir.status.csv_file import COLUMNS, write_csv
from shaken_stir.status.model import NumberStatus, Reason


def number(**more: object) -> NumberStatus:
    given = {
        "account_sid": f"AC{1:032x}",
        "account_name": "Shop",
        "phone_number_sid": f"PN{1:032x}",
        "phone_number": "+15125550100",
        "stage": Stage.REFUSED,
        "reason": Reason.REFUSED,
        "explanation": "Twilio refused it",
        **more,
    }
    return NumberStatus.model_validate(given)


def written(*numbers: NumberStatus) -> list[dict[str, str]]:
    file = io.StringIO()
    write_csv(numbers, file)
    return list(csv.DictReader(io.StringIO(file.getvalue())))


def test_a_number_is_a_line_with_all_that_is_known_of_it() -> None:
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)

    [line] = written(number(since=at, code=22205, tried_again_at=at))

    assert list(line) == list(COLUMNS)
    assert line["signed"] == "no"
    assert line["move"] == "operator"
    assert (line["code"], line["since"], line["tried_again_at"]) == ("22205", *["2026-11-24T12:00:00Z"] * 2)
    assert line["phone_number"] == "+15125550100"


def test_what_is_not_known_is_empty() -> None:
    [line] = written(number())
    assert (line["code"], line["since"], line["tried_again_at"]) == ("", "", "")


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "  '=1"),
        ('Ann";=1', "Ann\";'=1"),
        ("Ann, -1", "Ann, '-1"),
        ("Ann|@x", "Ann|'@x"),
        ('"=1', "\"'=1"),
        ("'=1", "''=1"),
        ("\uff1d1", "'\uff1d1"),
        ("Ann;\uff0b1", "Ann;'\uff0b1"),
        ("a:=1", "a:'=1"),
        ("a\uff1b=1", "a\uff1b'=1"),
        ("\u201c=1", "\u201c'=1"),
        ("\ufe62" + "1", "'\ufe62" + "1"),
        ("\tx", r"\tx"),
        ("\n=1", r"\n=1"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\x9b31m", r"\x9b31m"),
        ("a\u202eb", r"a\u202eb"),
    ],
)
def test_a_name_is_no_formula_and_no_control_sequence(name: str, cell: str) -> None:
    [line] = written(number(account_name=name))
    assert line["account_name"] == cell


@pytest.mark.parametrize("name", ['Ann "the boss", Inc.', "Größe 東京", "A-1 + B", ""])
def test_a_name_comes_back_as_it_was(name: str) -> None:
    [line] = written(number(account_name=name))
    assert line["account_name"] == name


@pytest.mark.parametrize(("told", "cell"), [("+15125550101", "+15125550101"), ("+1+cmd", "'+1+cmd")])
def test_a_phone_number_stays_and_what_is_none_is_no_formula(told: str, cell: str) -> None:
    [line] = written(number(phone_number=told))
    assert line["phone_number"] == cell
