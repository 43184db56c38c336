"""The numbers of a fleet as a table of text, for a spreadsheet and for compliance."""

import csv
import re
from collections.abc import Iterable
from typing import Final, TextIO

from shaken_stir.status.model import NumberStatus

COLUMNS: Final = (
    "account_sid",
    "account_name",
    "phone_number_sid",
    "phone_number",
    "stage",
    "signed",
    "reason",
    "move",
    "explanation",
    "since",
    "code",
    "tried_again_at",
    "trust_product_sid",
    "trust_product_status",
    "approved_seen_at",
    "business_profile_sid",
    "valid_until",
    "signed_since",
    "read_at",
)
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""
E164: Final = re.compile(r"\+[1-9]\d{1,14}")


def write_csv(numbers: Iterable[NumberStatus], file: TextIO) -> None:
    """Write a line of names and a line for each number; times are ISO 8601 in UTC.

    Names are those that anybody with access to an account has typed: one that a spreadsheet would take for a formula
    gets an apostrophe before it.
    """
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(map(cells, numbers))


def cells(number: NumberStatus) -> list[str]:
    """Give a number's line, cell by cell."""
    told = number.model_dump(mode="json", include=set(COLUMNS))
    return [_cell(column, told[column]) for column in COLUMNS]


def _cell(column: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    is_number = column == "phone_number" and E164.fullmatch(text)
    return f"'{text}" if text.startswith(FORMULA) and not is_number else text
