"""State "Summarise Subaccounts": count how the run's subaccounts came out, and their numbers by stage."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from onboarding import announcements, clients, settings, storage
from onboarding.announcements import (
    LONGEST_MESSAGE,
    MOST_NAMED,
    Announcement,
    SubaccountFailure,
    SubaccountsFailed,
    SubaccountsOnboarded,
)
from onboarding.errors import SubaccountNotReadable, section
from onboarding.models import AccountSid, BundleSid, Model, StepEvent, StoredList
from onboarding.observability import measure
from onboarding.phone_numbers import Stage
from onboarding.requests import LeftOutNumber, left_out_of
from onboarding.settings import Settings
from onboarding.step import step
from onboarding.subaccounts import Subaccount, SubaccountOutcome, SubaccountStatus
from onboarding.table.doubts import read_doubts
from onboarding.table.dynamodb import Table
from onboarding.table.numbers import read_named_numbers
from onboarding.table.outcomes import stream_outcomes
from onboarding.table.runs import RunRecord, record_run
from onboarding.words import first_of, plural

FIRST_TOLD = 3
FLEET_METRICS = {
    Stage.ON_TRUST_PRODUCT: "FleetOnTrustProduct",
    Stage.ON_BUSINESS_PROFILE: "FleetOnBusinessProfile",
    Stage.DISCOVERED: "FleetDiscovered",
    Stage.REFUSED: "FleetRefused",
    Stage.INELIGIBLE: "FleetIneligible",
    Stage.ELSEWHERE: "FleetElsewhere",
}
DAILY_RUN_IS_OFF = "The daily run is off, so later numbers wait for the next request (docs/runbook.md#the-daily-run)."


class SummariseSubaccountsEvent(StepEvent):
    """The run's manifest, and the subaccounts that its request names; None means the whole fleet.

    An execution that an older definition began does not hand on the names, and counts as one that named some. Nor does
    it hand on the profile and the product, and is not checked for duplicates.
    """

    manifest: StoredList
    business_profile_sid: BundleSid | None = None
    trust_product_sid: BundleSid | None = None
    subaccounts: list[AccountSid] | None = Field(default_factory=list)


class Summary(Model):
    """How many subaccounts came out how, their numbers by stage, and a sentence on the failed ones.

    `duplicates` is a sentence on what the run has created twice, empty if nothing is known to be.
    `unlisted` counts those that failed although Twilio lets their numbers be read: one that is never readable does not
    keep a run from the search for orphans. `left_out` are the phone numbers that the request names but the account does
    not have.
    """

    onboarded: int
    failed: int
    unlisted: int
    busy: int
    numbers: dict[Stage, int]
    message: str
    left_out: list[LeftOutNumber]
    duplicates: str = ""


@dataclass(slots=True)
class Tally:
    """The outcomes of a run, added one by one: their count stays, they themselves do not.

    Attributes:
        statuses: How many subaccounts came out how.
        numbers: Their numbers by stage.
        numbers_before: The same, as they were recorded before the run.
        changed: How many subaccounts have other numbers than before.
        unlisted: How many failed although Twilio lets their numbers be read.
        failures: The first 100 that failed.
    """

    statuses: Counter[SubaccountStatus] = field(default_factory=Counter)
    numbers: Counter[Stage] = field(default_factory=Counter)
    numbers_before: Counter[Stage] = field(default_factory=Counter)
    changed: int = 0
    unlisted: int = 0
    failures: list[SubaccountFailure] = field(default_factory=list)

    def add(self, outcome: SubaccountOutcome) -> None:
        """Add the outcome of one more subaccount."""
        self.statuses[outcome.status] += 1
        self.numbers.update(outcome.numbers)
        self.numbers_before.update(outcome.numbers_before)
        self.changed += outcome.changed
        if outcome.status is not SubaccountStatus.FAILED:
            return
        self.unlisted += outcome.error != SubaccountNotReadable.__name__
        if len(self.failures) < MOST_NAMED:
            message = _shortened(outcome.message or "")
            failure = SubaccountFailure(subaccount_sid=outcome.subaccount_sid, error=outcome.error, message=message)
            self.failures.append(failure)


@step(SummariseSubaccountsEvent)
def handler(event: SummariseSubaccountsEvent) -> Summary:
    """Handle the state's event; what came of the subaccounts is announced at once, however long the review takes."""
    environment = settings.load()
    table = clients.table(environment)
    tally = count(storage.read_subaccounts(clients.s3(), event.manifest), stream_outcomes(table, event.execution))
    summary = summarise(tally, left_out_of(read_named_numbers(table, event.execution)))
    summary = summary.model_copy(update={"duplicates": duplicates(event, environment, table)})
    record_run(table, run_of(event, summary, tally))
    if event.subaccounts is None:
        measure_fleet(summary)
    announced = announcement(event.execution, summary, tally)
    if event.subaccounts is None and not summary.failed and not environment.daily_run:
        announced = announced.model_copy(update={"message": f"{announced.message} {DAILY_RUN_IS_OFF}"})
    if summary.duplicates:
        announced = announced.model_copy(update={"message": f"{announced.message} {summary.duplicates}"})
    announcements.try_to_announce(clients.event_bridge(), environment.event_bus_name, announced)
    return summary


def duplicates(event: SummariseSubaccountsEvent, environment: Settings, table: Table) -> str:
    """Say what the run has created twice, as `tell_doubles`; without doubts Twilio is not asked."""
    doubts = read_doubts(table, event.execution)
    if not doubts or not event.business_profile_sid or not event.trust_product_sid:
        return ""
    # Imported here: without doubts, nothing asks Twilio, and its library takes long to load.
    from onboarding.doubles import Bundles, tell_doubles  # noqa: PLC0415
    from onboarding.twilio import trust_hub  # noqa: PLC0415

    bundles = Bundles(event.business_profile_sid, event.trust_product_sid)
    return tell_doubles(trust_hub.of_parent(environment), table, doubts, bundles, environment.list_settle_seconds)


def count(subaccounts: Iterable[Subaccount], recorded: Iterable[SubaccountOutcome]) -> Tally:
    """Count the outcomes of a run; a subaccount of the manifest without an outcome of this run counts as failed.

    Accounts that `List Subaccounts` could not read are not in the manifest, and have an outcome all the same.
    """
    lost = {entry.subaccount_sid: entry.friendly_name for entry in subaccounts}
    tally = Tally()
    for outcome in recorded:
        lost.pop(outcome.subaccount_sid, None)
        tally.add(outcome)
    for sid, friendly_name in lost.items():
        tally.add(_lost(sid, friendly_name))
    return tally


def summarise(tally: Tally, left_out: Sequence[LeftOutNumber] = ()) -> Summary:
    """Sum up."""
    failed = tally.statuses[SubaccountStatus.FAILED]
    first = tally.failures[:FIRST_TOLD]
    told = "; ".join(f"{it.subaccount_sid}: {it.message.rstrip('.')}" for it in first)
    more = f"; and {failed - FIRST_TOLD:,} more" if failed > FIRST_TOLD else ""
    also = f". {left_out_words(left_out)}" if left_out else ""
    see = section(SubaccountsFailed.__name__)
    message = f"{failed:,} of {plural(tally.statuses.total(), 'subaccount')} failed: {told}{more}{also} ({see})."
    return Summary(
        onboarded=tally.statuses[SubaccountStatus.ONBOARDED],
        failed=failed,
        unlisted=tally.unlisted,
        busy=tally.statuses[SubaccountStatus.BUSY],
        numbers=dict(tally.numbers),
        message=message if failed else "",
        left_out=list(left_out),
    )


def run_of(event: SummariseSubaccountsEvent, summary: Summary, tally: Tally) -> RunRecord:
    """Say what the run came to, to be kept."""
    return RunRecord(
        execution=event.execution,
        summarised_at=datetime.now(UTC),
        whole_fleet=event.subaccounts is None,
        onboarded=summary.onboarded,
        failed=summary.failed,
        busy=summary.busy,
        changed=tally.changed,
        numbers=summary.numbers,
        numbers_before=dict(tally.numbers_before),
    )


def measure_fleet(summary: Summary) -> None:
    """Measure how far the numbers of the whole fleet have come, and what needs a person; the dashboard shows it."""
    for stage, name in FLEET_METRICS.items():
        measure(name=name, value=summary.numbers.get(stage, 0))
    measure(name="NeedAPerson", value=summary.numbers.get(Stage.REFUSED, 0) + summary.failed)


def announcement(execution: str, summary: Summary, tally: Tally) -> Announcement:
    """Say how the subaccounts came out."""
    said: dict[str, Any] = {
        "id": f"{execution}/subaccounts",
        "execution": execution,
        "onboarded": summary.onboarded,
        "busy": summary.busy,
        "numbers_left_out": len(summary.left_out),
        "left_out": summary.left_out[:MOST_NAMED],
    }
    if summary.failed:
        return SubaccountsFailed(**said, failed=summary.failed, failures=tally.failures, message=summary.message)
    on_product = summary.numbers.get(Stage.ON_TRUST_PRODUCT, 0)
    also = f" {left_out_words(summary.left_out)}." if summary.left_out else ""
    return SubaccountsOnboarded(
        **said,
        changed=tally.changed,
        numbers=summary.numbers,
        message=(
            f"Onboarded {plural(summary.onboarded, 'subaccount')}, "
            f"with {plural(on_product, 'number')} on the Trust Product.{also}"
        ),
    )


def left_out_words(left_out: Sequence[LeftOutNumber]) -> str:
    """Say which of the phone numbers that the request names are left out, and why; the first 3 by name."""
    first = first_of([f"{it.phone_number_sid} ({it.reason})" for it in left_out], FIRST_TOLD)
    return f"Left out of the request: {first}"


def _shortened(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else f"{message[: LONGEST_MESSAGE - 1]}…"


def _lost(sid: str, friendly_name: str | None) -> SubaccountOutcome:
    return SubaccountOutcome(
        subaccount_sid=sid,
        friendly_name=friendly_name,
        status=SubaccountStatus.FAILED,
        message="its outcome was not recorded; look at its child execution, then send the request again",
    )
