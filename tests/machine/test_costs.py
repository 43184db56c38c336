"""What docs/costs.md says of AWS's charges is what is measured."""

import pytest

from shaken_stir.project import EXAMPLE_EVENT, load_event
from simulator.fleet import load_fleet
from tools import calls, usage
from tools.costs import DOCUMENT, document
from tools.prices import ASSUMED, PRICES

LINES_OF_LAMBDA = 500
"""The bytes of START, END and REPORT, which Lambda writes for each invocation."""


@pytest.fixture(scope="module")
def first_run() -> usage.Usage:
    with calls.place(load_fleet("1x10")) as local:
        return usage.of_a_run(local, load_event(EXAMPLE_EVENT), calls.deciding(local, "approved"))


def test_the_document_says_what_is_measured() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run `make docs`"


def test_everything_that_is_used_has_a_price(first_run: usage.Usage) -> None:
    assert set(first_run) - PRICES.keys() == {"bytes_printed"}
    assert all(first_run.values())


def test_functions_log_no_more_than_is_assumed(first_run: usage.Usage) -> None:
    each = first_run["bytes_printed"] / first_run["lambda_requests"] + LINES_OF_LAMBDA

    assert each < ASSUMED["bytes_logged_per_invocation"]
