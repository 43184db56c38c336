"""What the documents say of AWS's charges is what docs/costs.md has worked out."""

import re

import pytest

from shaken_stir.project import ROOT
from tests.docs.markdown import sections
from tools.costs import DOCUMENT, SIZES

QUOTING = {"README.md": "Deploy", "docs/faq.md": "What does it cost?"}


def figures(section: str, row: str) -> list[float]:
    [line] = [it for it in sections(DOCUMENT)[section].splitlines() if it.startswith(f"| {row} |")]
    return [float(it.replace("*", "").replace(",", "")) for it in re.findall(r"\*{0,2}[\d,]+\.\d+\*{0,2}", line)]


@pytest.mark.parametrize("document", QUOTING)
def test_what_is_quoted_is_what_is_worked_out(document: str) -> None:
    said = " ".join(sections(ROOT / document)[QUOTING[document]].split())
    quoted = re.search(r"about (\d+) US dollars a month by (?:AWS's )?list prices, and about (\d+) within", said)

    assert quoted
    assert f"{SIZES[-1]:,} subaccounts" in said
    assert [int(it) for it in quoted.groups()] == [
        round(it) for it in figures("A month of daily runs, by size", f"{SIZES[-1]:,}")
    ]


def test_the_lines_come_to_what_is_told_by_size() -> None:
    assert figures("A month of daily runs, line by line", "**in all** |") == figures(
        "A month of daily runs, by size", f"{SIZES[-1]:,}"
    )
