"""The numbers of a fleet as a table of text, for a spreadsheet and for compliance."""

import csv
import re
from collections.abc import Iterable
from typing import Final, TextIO

from shaken_stir.status.model import NumberStatus
from shaken_stir.words import visible

MEANINGS: Final = {
    "account_sid": "SID of the account that has the number",
    "account_name": "friendly name of that account",
    "phone_number_sid": "SID of the number",
    "phone_number": "the number in E.164 form",
    "stage": "the last step of onboarding that the number reached",
    "signed": "`yes` if calls from the number get full (A) attestation, else `no`",
    "reason": "why the number is signed or not, as a word that `--reason` accepts",
    "move": "who must act next: `nobody`, `twilio`, `customer` or `operator`; `never` if the number cannot be signed",
    "explanation": "the reason as a sentence",
    "since": "when the reason began to apply",
    "code": "Twilio's error code, if Twilio refused the number",
    "tried_again_at": "when runs retry a number that Twilio refused",
    "trust_product_sid": "SID of the Trust Product that the number is assigned to",
    "trust_product_status": "status of that Trust Product; empty if runs use another one",
    "approved_seen_at": "when a run first saw that Trust Product approved",
    "business_profile_sid": "SID of the Business Profile that the number is assigned to",
    "valid_until": "when the Trust Product or the Business Profile expires, whichever is first",
    "signed_since": "when the number's signature began; empty if the number is not signed",
    "read_at": "when the command read the progress table",
}
"""The columns in their order, and the meaning of each."""
COLUMNS: Final = tuple(MEANINGS)
FORMULA: Final = re.compile(r"(^|[^\w\s])( *)(?=[=+\-@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b])")
"""The place before the beginning of a formula: of the text, or of a cell for a program that splits it there."""
E164: Final = re.compile(r"\+[1-9]\d{1,14}")


def write_csv(numbers: Iterable[NumberStatus], file: TextIO) -> None:
    """Write a line of names and a line for each number; times are ISO 8601 in UTC.

    Anybody with access to an account may have typed the names. Control characters become visible, and what a
    spreadsheet would take for a formula gets an apostrophe before it.
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
    text = visible(str(value))
    is_number = column == "phone_number" and E164.fullmatch(text)
    return text if is_number else FORMULA.sub(r"\1\2'", text)
