"""State "Record Subaccount": record how a subaccount came out, and give its lease back."""

import json
from typing import Any

from onboarding import progress, settings
from onboarding.errors import SubaccountBusy
from onboarding.models import AccountSid, StepEvent, SubaccountOutcome, SubaccountStatus
from onboarding.step import step


class RecordSubaccountEvent(StepEvent):
    """The subaccount, and the error that its item was caught with: Step Functions' `{"Error", "Cause"}`."""

    subaccount_sid: AccountSid
    friendly_name: str
    error: dict[str, str] | None


@step(RecordSubaccountEvent)
def handler(event: RecordSubaccountEvent) -> None:
    """Handle the state's event."""
    table = progress.connect(settings.load())
    outcome = SubaccountOutcome(
        subaccount_sid=event.subaccount_sid,
        friendly_name=event.friendly_name,
        status=status_of(event.error),
        numbers=table.count_stages(event.subaccount_sid),
        error=event.error["Error"] if event.error else None,
        message=message_of(event.error) if event.error else None,
    )
    table.record_outcome(event.execution, outcome)


def status_of(error: dict[str, str] | None) -> SubaccountStatus:
    """Say how the subaccount came out."""
    if not error:
        return SubaccountStatus.ONBOARDED
    return SubaccountStatus.BUSY if error["Error"] == SubaccountBusy.__name__ else SubaccountStatus.FAILED


def message_of(error: dict[str, str]) -> str:
    """Take the sentence out of a cause; Lambda's is JSON, that of Step Functions' own errors is not."""
    cause = error.get("Cause") or error["Error"]
    try:
        report: Any = json.loads(cause)
    except ValueError:
        return cause
    return str(report.get("errorMessage", cause)) if isinstance(report, dict) else cause
