"""State "Record Subaccount": record how a subaccount came out, and give its lease back."""

import json

from onboarding import clients, errors, settings
from onboarding.errors import SubaccountBusy
from onboarding.models import AccountSid, BundleSid, StepEvent
from onboarding.step import step
from onboarding.subaccounts import SubaccountOutcome, SubaccountStatus
from onboarding.table.numbers import count_stages
from onboarding.table.outcomes import record_outcome


class RecordSubaccountEvent(StepEvent):
    """The subaccount, the run's bundles, and the error that its item was caught with: `{"Error", "Cause"}`."""

    subaccount_sid: AccountSid
    friendly_name: str | None
    business_profile_sid: BundleSid | None = None
    trust_product_sid: BundleSid | None = None
    error: dict[str, str] | None


@step(RecordSubaccountEvent)
def handler(event: RecordSubaccountEvent) -> None:
    """Count the subaccount's numbers by stage and record how it came out."""
    table = clients.table(settings.load())
    profile_sid, product_sid = event.business_profile_sid, event.trust_product_sid
    outcome = SubaccountOutcome(
        subaccount_sid=event.subaccount_sid,
        friendly_name=event.friendly_name,
        status=status_of(event.error),
        business_profile_sid=profile_sid,
        trust_product_sid=product_sid,
        numbers=count_stages(
            table, event.subaccount_sid, (profile_sid, product_sid) if profile_sid and product_sid else None
        ),
        error=event.error["Error"] if event.error else None,
        message=message_of(event.error) if event.error else None,
    )
    record_outcome(table, event.execution, outcome)


def status_of(error: dict[str, str] | None) -> SubaccountStatus:
    """Say how the subaccount came out."""
    if not error:
        return SubaccountStatus.ONBOARDED
    return SubaccountStatus.BUSY if error["Error"] == SubaccountBusy.__name__ else SubaccountStatus.FAILED


def message_of(error: dict[str, str]) -> str:
    """Take the sentence out of a cause: a function's is JSON, that of Step Functions itself is not."""
    name, cause = error["Error"], error.get("Cause", "")
    try:
        cause = json.loads(cause)["errorMessage"]
    except (ValueError, TypeError, KeyError):
        pass
    else:
        if hasattr(errors, name):
            return str(cause)
    return f"{name}: {cause or 'no cause was given'}; look at the functions' log, then send the request again."
