"""State "Summarise Subaccounts": count how the run's subaccounts came out, and their numbers by stage."""

from collections import Counter

from onboarding import manifest, progress, settings
from onboarding.models import Manifest, Model, Stage, StepEvent, Subaccount, SubaccountOutcome, SubaccountStatus
from onboarding.step import step

FAILURES_TOLD = 3


class SummariseSubaccountsEvent(StepEvent):
    """The run's manifest."""

    manifest: Manifest


class Summary(Model):
    """How many subaccounts came out how, their numbers by stage, and a sentence on the failed ones."""

    onboarded: int
    failed: int
    busy: int
    numbers: dict[Stage, int]
    message: str


@step(SummariseSubaccountsEvent)
def handler(event: SummariseSubaccountsEvent) -> Summary:
    """Handle the state's event."""
    subaccounts = manifest.read(manifest.connect(), event.manifest)
    return summarise(subaccounts, progress.connect(settings.load()).outcomes(event.execution))


def summarise(subaccounts: list[Subaccount], outcomes: list[SubaccountOutcome]) -> Summary:
    """Sum up; a subaccount of the manifest without an outcome of this run counts as failed."""
    known = {outcome.subaccount_sid: outcome for outcome in outcomes}
    results = [known.get(entry.subaccount_sid) or _lost(entry) for entry in subaccounts]
    statuses = Counter(result.status for result in results)
    numbers: Counter[Stage] = Counter()
    for result in results:
        numbers.update(result.numbers)
    failed = [result for result in results if result.status is SubaccountStatus.FAILED]
    told = "; ".join(f"{it.subaccount_sid}: {(it.message or '').rstrip('.')}" for it in failed[:FAILURES_TOLD])
    more = f"; and {len(failed) - FAILURES_TOLD} more" if len(failed) > FAILURES_TOLD else ""
    message = f"{len(failed)} of {len(results)} subaccounts failed: {told}{more}."
    return Summary(
        onboarded=statuses[SubaccountStatus.ONBOARDED],
        failed=len(failed),
        busy=statuses[SubaccountStatus.BUSY],
        numbers=dict(numbers),
        message=message if failed else "",
    )


def _lost(subaccount: Subaccount) -> SubaccountOutcome:
    return SubaccountOutcome(
        subaccount_sid=subaccount.subaccount_sid,
        friendly_name=subaccount.friendly_name,
        status=SubaccountStatus.FAILED,
        message="its outcome was not recorded; look at its child execution, then send the request again",
    )
