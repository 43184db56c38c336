"""What docs/costs.md says of AWS's charges is what is measured."""

import pytest

from tools import usage
from tools.costs import DOCUMENT, SMALLEST, document, measured_first_run
from tools.prices import ASSUMED, PRICES

LINES_OF_LAMBDA = 500
"""The bytes of START, END and REPORT, which Lambda writes for each invocation."""


@pytest.fixture(scope="module")
def first_run() -> usage.Usage:
    """The run from which the document is told, too."""
    return measured_first_run(SMALLEST)


def test_the_document_says_what_is_measured() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run `make docs`"


def test_everything_that_is_used_has_a_price(first_run: usage.Usage) -> None:
    assert set(first_run) - PRICES.keys() == {"bytes_printed"}
    assert all(first_run.values())


def test_functions_log_no_more_than_is_assumed(first_run: usage.Usage) -> None:
    each = first_run["bytes_printed"] / first_run["lambda_requests"] + LINES_OF_LAMBDA

    assert each < ASSUMED["bytes_logged_per_invocation"]
