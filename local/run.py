"""A fleet and the product, both on this machine: send it events and see what comes of them."""

import json
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from local.addresses import ANY_PORT, Address
from local.aws.engine import Engine
from local.aws.events import EventError
from local.news import News, Tell, tell_nobody
from local.report import AuditReport, OrphansReport, Report, TrustProductReport, subaccounts_of
from local.retries import Unanswered
from local.snapshot import Row, Snapshot, seldom
from local.twilio.fleet import Fleet
from local.twilio.simulator import Simulator
from onboarding import manifest, progress, settings
from onboarding.models import PhoneNumberRecord, Stage, Status, StoredList, left_out_of
from onboarding.progress import Progress

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "template.yaml"
SMALL_FLEET = ROOT / "local/fleets/small.json"
LIST_SUBACCOUNTS = "List Subaccounts"
EXAMPLE_EVENT = ROOT / "events/onboarding.json"


def load_event(path: Path) -> dict[str, Any]:
    """Read an event file.

    Raises:
        EventError: There is none, or it holds no JSON object.
    """
    try:
        event = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EventError(
            f"The event file {path} cannot be read ({error.strerror}); name another with --event."
        ) from None
    except ValueError as error:
        raise EventError(f"The event file {path} is not JSON: {error}.") from None
    if not isinstance(event, dict):
        raise EventError(f"The event file {path} must hold a JSON object: a request, or an EventBridge event.")
    return event


class Stack(ABC):
    """The product on this machine, and a Twilio that its functions speak to.

    Attributes:
        engine: The AWS side.
    """

    engine: Engine

    def __init__(self) -> None:
        self._listed: dict[str, frozenset[str]] = {}
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

    @property
    def table(self) -> Progress:
        """The progress table, read as the functions read it."""
        return progress.connect(settings.load())

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
        arns = [self.engine.start_execution(request) for request in requests]

        def tell() -> None:
            if on_change:
                on_change(self.snapshot(arns, time.monotonic() - started, calls.total()))

        with self._unanswered.listening():
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
        outcomes, data = self.table.outcomes(execution["name"]), self._data(arn)
        numbers: Counter[Stage] = Counter()
        for outcome in outcomes:
            numbers.update(outcome.numbers)
        return Report(
            status=execution["status"],
            error=execution.get("error"),
            cause=execution.get("cause"),
            trust_product=self._trust_product(data),
            subaccounts=subaccounts_of(outcomes),
            numbers=dict(numbers),
            audit=AuditReport.model_validate(data["audit"]) if "audit" in data else None,
            orphans=OrphansReport.model_validate(data["orphans"] | data.get("released_orphans", {}))
            if "orphans" in data
            else None,
            announced=self.announced(execution["name"]),
            left_out=left_out_of(self.table.named_numbers(execution["name"])),
            twilio_calls=twilio_calls,
            state_transitions=self.engine.state_transitions(arn),
            lambda_invocations=invocations,
            seconds=seconds,
        )

    def snapshot(self, arns: Sequence[str], seconds: float, calls_before: int) -> Snapshot:
        """Look where the review stands, and every subaccount that the executions have come to."""
        executions = {arn.rpartition(":")[2] for arn in arns}
        rows = [
            Row(
                sid=item["sk"].removeprefix("SUBACCOUNT#"),
                friendly_name=self.friendly_name(item["sk"].removeprefix("SUBACCOUNT#")),
                status=item["status"],
                numbers=self._numbers(item),
            )
            for item in self.table.fleet()
            if executions & {item.get("lease_execution"), item.get("recorded_by")}
        ]
        return Snapshot(
            seconds=seconds,
            rows=rows,
            subaccounts=self._subaccounts_of(arns),
            review=self.review(arns[0]),
            twilio_calls=self.twilio_calls().total() - calls_before,
            next_look=self.next_look(arns[0]),
            state=self.engine.state(arns[0]),
            retries=[*(it for arn in arns for it in self.engine.retries(arn)), *self._unanswered.under_way()],
        )

    def _subaccounts_of(self, arns: Iterable[str]) -> int | None:
        """Count what the executions work on, by the manifests that they have written; None before there is one."""
        for arn in arns:
            if arn not in self._listed and (left := self.engine.output_of(arn, LIST_SUBACCOUNTS)):
                stored = StoredList.model_validate(left["manifest"])
                listed = manifest.read_subaccounts(self.engine.client("s3"), stored)
                self._listed[arn] = frozenset(it.subaccount_sid for it in listed)
        listed_by_any = [self._listed[arn] for arn in arns if arn in self._listed]
        return len(frozenset().union(*listed_by_any)) if listed_by_any else None

    def phone_numbers(self, subaccount_sid: str) -> list[PhoneNumberRecord]:
        """Read where each number of a subaccount stands."""
        return self.table.all_phone_numbers(subaccount_sid)

    def _numbers(self, item: dict[str, Any]) -> dict[Stage, int]:
        """Counts are recorded at a subaccount's end; while it is worked on they are counted afresh."""
        if item["status"] == "in_progress":
            return self.table.count_stages(item["sk"].removeprefix("SUBACCOUNT#"))
        return {Stage(stage): int(count) for stage, count in item.get("numbers", {}).items()}

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
        record = self.table.trust_product(report.sid)
        if record and record.status is Status.REJECTED and report.status != record.status:
            return report.model_copy(update={"status": record.status, "verdict_by": record.verdict_by})
        return report


class LocalStack(Stack):
    """The simulator and the engine, as a context manager.

    Args:
        fleet: What exists at Twilio.
        time_scale: The factor by which all waiting takes longer than in earnest: retries, polls, the review.
        parameters: The template's parameters that differ from their defaults.
        twilio: Where the simulator listens.
        webhook: Where the webhook listens.

    Attributes:
        tell: Called with what happens, from any thread; may be set at any time.
    """

    def __init__(
        self,
        fleet: Fleet,
        time_scale: float = 1.0,
        parameters: Mapping[str, str] | None = None,
        *,
        twilio: Address = ANY_PORT,
        webhook: Address = ANY_PORT,
    ) -> None:
        super().__init__()
        self.fleet = fleet
        self.simulator = Simulator(
            fleet,
            host=twilio.host,
            port=twilio.port,
            time_scale=time_scale,
            tell=self._hand_on,
        )
        self.tell: Tell = tell_nobody
        self._webhook = webhook
        self._time_scale = time_scale
        self._parameters = parameters or {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._stack.enter_context(self.simulator)
            self.engine = self._stack.enter_context(
                Engine(
                    TEMPLATE,
                    parameters={"TwilioBaseUrl": self.simulator.url, **self._parameters},
                    twilio_secret={
                        "account_sid": self.simulator.account_sid,
                        "auth_token": self.simulator.auth_token,
                    },
                    time_scale=self._time_scale,
                    webhook=self._webhook,
                )
            )
            self.engine.tell = self._hand_on
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def _hand_on(self, news: News) -> None:
        self.tell(news)

    def twilio_calls(self) -> Counter[str]:
        """Count the requests to the simulator so far, by method and route."""
        return Counter(self.simulator.calls)

    def review(self, arn: str) -> str | None:  # noqa: ARG002 - there is one product at a time
        """Say what the status of the newest Trust Product is, None before there is one."""
        products = [product.status for product in self.simulator.state.trust_products]
        return products[-1] if products else None

    def friendly_name(self, sid: str) -> str:
        """Give the name of an account (`AC…`), as the fleet has it."""
        names = {subaccount.sid: subaccount.friendly_name for subaccount in self.fleet.subaccounts}
        return names.get(sid, "parent account")

    def left_out(self) -> dict[str, str]:
        """The subaccounts that cannot be worked on: their status by SID (`AC…`)."""
        accounts = self.simulator.state.accounts
        return {account.sid: account.status for account in accounts if account.status != "active"}
