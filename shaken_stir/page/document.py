"""The page as one file that stands by itself: nothing is fetched, and nothing in it speaks to anybody."""

import base64
import hashlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from shaken_stir.page import rendering
from shaken_stir.page.documents import Documents
from shaken_stir.status.csv_file import COLUMNS
from shaken_stir.status.model import FleetStatus, NumberStatus
from shaken_stir.words import moment

ALL_NAMED_BY = "shaken-stir status --unsigned"


def document(fleet: FleetStatus, numbers: Sequence[NumberStatus]) -> str:
    """Write the page as one HTML document.

    Args:
        fleet: What was read of the fleet.
        numbers: Those that it holds: of all subaccounts, or of those with numbers that are not signed.

    Returns:
        The document, whose own policy lets run and apply nothing but what it came with.
    """
    documents = Documents(embedded=True)
    by_account: dict[str, list[NumberStatus]] = defaultdict(list)
    for number in numbers:
        by_account[number.account_sid].append(number)
    data: dict[str, Any] = {
        "rows": rendering.rows(fleet, documents),
        "reasons": rendering.labels(),
        "columns": COLUMNS,
        "numbers": {sid: rendering.numbers_of(of_one, documents) for sid, of_one in by_account.items()},
    }
    sections = rendering.sections(fleet, numbers, ALL_NAMED_BY, documents)
    return rendering.draw(
        rendering.Page(
            place=fleet.place,
            read=f"Read at {moment(fleet.read_at)}",
            problem="",
            sections=sections,
            data=data,
            footer="This file does not update. It contains phone numbers.",
            documents=documents.sections(),
            policy=_policy(rendering.script(), rendering.stylesheet()),
        )
    )


def _policy(script: str, stylesheet: str) -> str:
    """Give the Content-Security-Policy by which this script and this style sheet count, and nothing else."""
    return (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(stylesheet)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"
