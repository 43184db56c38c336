"""Where a run takes place: the product on this machine, and a Twilio, sent events and looked at."""

import json
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Any

from onboarding import clients, settings, storage
from onboarding.models import StoredList
from onboarding.phone_numbers import PhoneNumberRecord, Stage
from onboarding.requests import left_out_of
from onboarding.table.dynamodb import Table
from onboarding.table.numbers import read_all_numbers, read_named_numbers
from onboarding.table.outcomes import read_outcomes
from onboarding.table.products import read_trust_product
from onboarding.table.validities import read_validity
from onboarding.trust_products import Status
from shaken_stir.engine import stream
from shaken_stir.engine.engine import Engine
from shaken_stir.report import (
    AuditReport,
    OrphansReport,
    Report,
    TrustProductReport,
    ValidityReport,
    subaccounts_of,
)
from shaken_stir.retries import Unanswered
from shaken_stir.rows import Rows
from shaken_stir.snapshot import Snapshot, seldom
from shaken_stir.status.model import FleetStatus, NumberStatus, SubaccountStanding, counts_together
from shaken_stir.status.reading import read_numbers_of, read_status, with_unsigned

LIST_SUBACCOUNTS = "List Subaccounts"


class Place(ABC):
    """The product on this machine, and a Twilio that its functions speak to.

    Attributes:
        engine: The AWS side.
        review_seconds: How long a review takes at the simulated Twilio, None at Twilio itself.
    """

    engine: Engine
    review_seconds: float | None = None

    def __init__(self) -> None:
        self._listed: dict[str, frozenset[str]] = {}
        self._counted: dict[frozenset[str], int] = {}
        self._unanswered = Unanswered()

    @abstractmethod
    def twilio_calls(self) -> Counter[str]:
        """Count the requests to Twilio so far, by method and route."""

    @abstractmethod
    def review(self, arn: str) -> str | None:
        """Say what the status of an execution's Trust Product is, None before there is one."""

    @abstractmethod
    def friendly_name(self, sid: str) -> str:
        """Give the name of an account (`AC…`)."""

    @abstractmethod
    def left_out(self) -> dict[str, str]:
        """The subaccounts that cannot be worked on: their status by SID (`AC…`)."""

    def announced(self, execution: str) -> list[str]:
        """Name what an execution has announced on the event bus, by detail-type."""
        return [it["detail-type"] for it in self.engine.announced if it["detail"].get("execution") == execution]

    def wait(self, arn: str, tell: Callable[[], object]) -> dict[str, Any]:
        """Wait until an execution has ended.

        Args:
            arn: The execution.
            tell: Called now and then.

        Returns:
            What Step Functions says of it.
        """
        try:
            return self.engine.wait(arn, on_poll=tell)
        except KeyboardInterrupt:
            self.engine.stop_execution(arn)
            raise

    def next_look(self, arn: str) -> datetime | None:  # noqa: ARG002 - for those who know
        """Say when Twilio is asked next for the verdict that an execution waits for, None if nobody knows."""
        return None

    def awaited(self, arn: str) -> str | None:
        """Return the Trust Product (`BU…`) whose review an execution waits for, None if it does not wait."""
        product = self._data(arn).get("trust_product") if self.engine.waiting_since(arn) else None
        return product["sid"] if product else None

    @property
    def table(self) -> Table:
        """The progress table, read as the functions read it."""
        return clients.table(settings.load())

    def run(self, event: Mapping[str, Any], on_change: Callable[[Snapshot], None] | None = None) -> Report:
        """Start an execution from an event and wait until it has ended.

        Args:
            event: A plain request, or an EventBridge event that carries one.
            on_change: Called now and then with where the run stands.

        Raises:
            EventError: No rule of the template matches the event.
        """
        [report] = self.run_together([event], on_change)
        return report

    def run_together(
        self, events: Sequence[Mapping[str, Any]], on_change: Callable[[Snapshot], None] | None = None
    ) -> list[Report]:
        """Start an execution from each event, and wait until all have ended.

        What is counted outside the executions, Trust Hub calls and invocations, counts for all of them together.

        Args:
            events: As in `run`.
            on_change: Called now and then with where the runs stand.

        Raises:
            EventError: No rule of the template matches an event.
        """
        requests = [self.engine.execution_input(event) for event in events]
        calls = self.twilio_calls()
        invocations = sum(self.engine.invocations.values())
        started = time.monotonic()
        rows = Rows(self.friendly_name)

        def tell() -> None:
            if on_change:
                on_change(self._snapshot(arns, rows, time.monotonic() - started, calls.total()))

        with ExitStack() as stack:
            stack.enter_context(self._unanswered.listening())
            if on_change:
                stack.enter_context(stream.heard(self.engine.environment["TABLE_NAME"], rows.take_in))
            arns = [self.engine.start_execution(request) for request in requests]
            executions = [self.wait(arn, seldom(tell)) for arn in arns]
        tell()
        twilio_calls = dict(self.twilio_calls() - calls)
        invocations = sum(self.engine.invocations.values()) - invocations
        seconds = round(time.monotonic() - started, 2)
        return [self._report(execution, twilio_calls, invocations, seconds) for execution in executions]

    def _report(
        self, execution: dict[str, Any], twilio_calls: dict[str, int], invocations: int, seconds: float
    ) -> Report:
        arn = execution["executionArn"]
        outcomes, data = read_outcomes(self.table, execution["name"]), self._data(arn)
        numbers: Counter[Stage] = Counter()
        for outcome in outcomes:
            numbers.update(outcome.numbers)
        fleet = read_status(self.table, "")
        worked_on = {outcome.subaccount_sid for outcome in outcomes}
        of = [it for it in fleet.subaccounts if it.sid in worked_on or not worked_on]
        return Report(
            status=execution["status"],
            error=execution.get("error"),
            cause=execution.get("cause"),
            trust_product=self._trust_product(data),
            subaccounts=subaccounts_of(outcomes),
            numbers=dict(numbers),
            audit=AuditReport.model_validate(data["audit"]) if "audit" in data else None,
            orphans=_orphans(data) if "orphans" in data else None,
            announced=self.announced(execution["name"]),
            left_out=left_out_of(read_named_numbers(self.table, execution["name"])),
            duplicates=data.get("summary", {}).get("duplicates", ""),
            counts=counts_together(it.counts for it in of),
            unsigned=self._unsigned(fleet, of),
            validities=self._validities(data),
            twilio_calls=twilio_calls,
            state_transitions=self.engine.state_transitions(arn),
            lambda_invocations=invocations,
            seconds=seconds,
        )

    def _validities(self, data: Mapping[str, Any]) -> list[ValidityReport]:
        """What the run has recorded of its profile and its product, as far as there is an end."""
        sids = [data[bundle]["sid"] for bundle in ("business_profile", "trust_product") if bundle in data]
        recorded = [it for sid in sids if (it := read_validity(self.table, sid))]
        return [
            ValidityReport(kind=it.kind, sid=it.sid, valid_until=it.valid_until) for it in recorded if it.valid_until
        ]

    def _unsigned(self, fleet: FleetStatus, subaccounts: Iterable[SubaccountStanding]) -> list[NumberStatus]:
        """Read the numbers of subaccounts that are not signed."""
        numbers = read_numbers_of(self.table, fleet, with_unsigned(subaccounts))
        return [it for it in numbers if not it.signed and it.stage is not Stage.RELEASED]

    def _snapshot(self, arns: Sequence[str], rows: Rows, seconds: float, calls_before: int) -> Snapshot:
        """Look where the review stands, and at every subaccount of the executions that has changed."""
        return Snapshot(
            seconds=seconds,
            rows=rows.changed({arn.rpartition(":")[2] for arn in arns}),
            subaccounts=self._subaccounts_of(arns),
            review=self.review(arns[0]),
            twilio_calls=self.twilio_calls().total() - calls_before,
            awaited=self.awaited(arns[0]),
            review_seconds=self.review_seconds,
            next_look=self.next_look(arns[0]),
            state=self.engine.state(arns[0]),
            retries=[*(it for arn in arns for it in self.engine.retries(arn)), *self._unanswered.under_way()],
        )

    def _subaccounts_of(self, arns: Iterable[str]) -> int | None:
        """Count what the executions work on, by the manifests that they have written; None before there is one."""
        for arn in arns:
            left = {} if arn in self._listed else self.engine.output_of(arn, LIST_SUBACCOUNTS) or {}
            if "manifest" in left:  # not where the state refused the request
                stored = StoredList.model_validate(left["manifest"])
                listed = storage.read_subaccounts(self.engine.client("s3"), stored)
                self._listed[arn] = frozenset(it.subaccount_sid for it in listed)
        known = frozenset(arn for arn in arns if arn in self._listed)
        if known and known not in self._counted:
            self._counted[known] = len(frozenset().union(*(self._listed[arn] for arn in known)))
        return self._counted.get(known)

    def phone_numbers(self, subaccount_sid: str) -> list[PhoneNumberRecord]:
        """Read where each number of a subaccount stands."""
        return read_all_numbers(self.table, subaccount_sid)

    def trust_product(self, arn: str) -> TrustProductReport | None:
        """Report the Trust Product of an execution, None before there is one."""
        return self._trust_product(self._data(arn))

    def _data(self, arn: str) -> dict[str, Any]:
        """The data of the last state at the machine's top level that left any of Twilio's in it."""
        for event in reversed(self.engine.history(arn)):
            data = json.loads(event.get("stateExitedEventDetails", {}).get("output", "{}"))
            if "trust_product" in data:
                return dict(data)
        return {}

    def _trust_product(self, data: dict[str, Any]) -> TrustProductReport | None:
        """The Trust Product of the run; the state that finds a rejection fails, so it leaves its news in the table."""
        if "trust_product" not in data:
            return None
        report = TrustProductReport.model_validate(data["trust_product"])
        record = read_trust_product(self.table, report.sid)
        if record and record.status is Status.REJECTED and report.status != record.status:
            return report.model_copy(update={"status": record.status, "verdict_by": record.verdict_by})
        return report


def _orphans(data: Mapping[str, Any]) -> OrphansReport:
    """What the run found of orphans, and what it released of them, if it was to."""
    released = data.get("released_orphans", {})
    report = OrphansReport.model_validate(data["orphans"])
    return report.model_copy(
        update={"released": released.get("released", 0), "release_message": released.get("message", "")}
    )
