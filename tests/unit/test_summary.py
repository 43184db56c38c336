"""What a run came to, in words."""

from io import StringIO
from typing import Any
from unittest.mock import Mock

import pytest
from rich.console import Console

from shaken_stir.cli.summary import summarise
from shaken_stir.place import Place
from shaken_stir.report import AuditReport, OrphansReport, Report

NOTHING: dict[str, Any] = {"trust_product": None, "subaccounts": {}, "numbers": {}, "twilio_calls": {}}
COSTS = {"state_transitions": 0, "lambda_invocations": 0, "seconds": 0.0}


def told(**found: Any) -> str:
    out = Console(file=StringIO(), width=200)
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
