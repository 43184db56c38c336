"""What a run came to, in words."""

from io import StringIO
from typing import Any
from unittest.mock import Mock

import pytest
from rich.console import Console

from onboarding.phone_numbers import Stage
from shaken_stir.cli.summary import MOST_NUMBERS_TOLD, summarise
from shaken_stir.place import Place
from shaken_stir.report import AuditReport, OrphansReport, Report
from shaken_stir.status.model import NumberStatus, Reason
from tests.world import account, phone_number

NOTHING: dict[str, Any] = {"trust_product": None, "subaccounts": {}, "numbers": {}, "twilio_calls": {}}
COSTS = {"state_transitions": 0, "lambda_invocations": 0, "seconds": 0.0}


def told(width: int = 200, *, terminal: bool = False, **found: Any) -> str:
    out = Console(file=StringIO(), width=width, force_terminal=terminal, color_system=None)
    report = Report(status="SUCCEEDED", error=None, cause=None, **NOTHING, **COSTS, **found)
    summarise(out, report, Mock(spec=Place), whole_fleet=False)
    written: StringIO = out.file  # type: ignore[assignment]
    return written.getvalue()


@pytest.mark.parametrize(
    "found",
    [
        {"audit": AuditReport(vanished=0, adopted=0, message="So it was left out.")},
        {"orphans": OrphansReport(found=0, named_before=0, message="So it was left out.")},
        {"orphans": OrphansReport(found=2, named_before=1, release_message="So it was left out.")},
    ],
    ids=["audit", "orphans", "release"],
)
def test_what_a_run_left_out_is_said(found: dict[str, Any]) -> None:
    assert "\nSo it was left out.\n" in told(**found)


def test_of_many_numbers_the_first_are_named_and_all_are_counted() -> None:
    many = [
        NumberStatus(
            account_sid=account(1),
            account_name="Subaccount 1",
            phone_number_sid=phone_number(1, index),
            phone_number="+15125550100",
            stage=Stage.INELIGIBLE,
            reason=Reason.INELIGIBLE,
            explanation="its region is CA, not US",
        )
        for index in range(1030)
    ]

    words = told(unsigned=many)

    assert "1,030 numbers not on the Trust Product:\n" in words
    assert words.count("its region is CA, not US") == MOST_NUMBERS_TOLD
    assert "  … and 1,010 more (--json names them)\n" in words


def test_in_a_narrow_terminal_what_is_said_is_wrapped_at_words() -> None:
    lines = told(60, terminal=True).splitlines()

    assert max(len(line) for line in lines) <= 60
    assert "Next: nothing; the same request finds the numbers that come" in [line.rstrip() for line in lines]
