"""A local AWS for one template: deploy it, start executions, look at them."""

import json
import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from unittest.mock import patch

from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from moto.stepfunctions.parser.utils import TMP_THREADS

from shaken_stir.engine import event_buses, events, moto_patches, state_machine, surroundings
from shaken_stir.engine.functions import FunctionFailed, Functions
from shaken_stir.engine.intrinsics import ACCOUNT, REGION
from shaken_stir.engine.storage import create_storage
from shaken_stir.engine.template import Template
from shaken_stir.engine.webhook import Webhook
from shaken_stir.news import News, Tell, tell_nobody
from shaken_stir.retries import Retry
from simulator.addresses import ANY_PORT, Address

# Environment variables of the template that hold times to wait, which are scaled too. What bounds a function's own work
# is none of them: it works in real seconds.
SCALED_VARIABLES: Final = ("FUNCTION_SECONDS", "LEASE_SECONDS", "LIST_SETTLE_SECONDS", "REVIEW_TIMEOUT_DAYS")
_MOTO: Final[Any] = {
    "stepfunctions": {"execute_state_machine": True},
    "lambda": {"use_docker": False},
    "batch": {"use_docker": False},
}
_POLL_SECONDS: Final = 0.02
_STOP_SECONDS: Final = 2.0


class Engine:
    """The resources, functions, routes, rules and state machine of a template, alive in this process.

    Use it as a context manager, or start and stop it. moto keeps one AWS per process, so one engine runs at a time.

    Attributes:
        public_url: Where the webhook is reached, once started.
        environment: The environment variables as the functions see them, once started.
        skipped: Logical id -> type of the template's resources that a local run does without.
        events: Each event that was put on a bus: the bus's name, and the event as a receiver sees it.
        tell: Called with each execution, each answer of the webhook and each function that fails, from any thread; may
            be set at any time.
    """

    _one_at_a_time = threading.Lock()

    def __init__(  # noqa: PLR0913 - each by its name
        self,
        template: Path,
        *,
        parameters: Mapping[str, str],
        twilio_secret: Mapping[str, str],
        time_scale: float = 1.0,
        webhook: Address = ANY_PORT,
        account_concurrency: int | None = None,
    ) -> None:
        """Take what differs from run to run.

        Args:
            template: The SAM template.
            parameters: Values of its parameters; `PublicBaseUrl` is the webhook's own address unless given.
            twilio_secret: What the template's secret holds.
            time_scale: Scales Wait, Retry and the wait for a task token: 0.01 makes 100 seconds one. Handlers get
                all their real seconds.
            webhook: Where the webhook listens.
            account_concurrency: How many invocations may be under way at once, None for any number; a function's own
                limit is the template's.
        """
        self._path = template
        self._parameters = dict(parameters)
        self._secret = dict(twilio_secret)
        self._time_scale = time_scale
        self._address = webhook
        self._account_concurrency = account_concurrency
        self.tell: Tell = tell_nobody
        self._stack = ExitStack()
        self._transitions = state_machine.Transitions()
        self._retries = state_machine.Retries()
        self.public_url = ""
        self.environment: dict[str, str] = {}
        self.skipped: dict[str, str] = {}
        self.events: list[tuple[str, dict[str, Any]]] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Deploy the template.

        Raises:
            TemplateError: The template or the definition cannot be used.
            PortInUse: The webhook's port is taken.
            RuntimeError: Another engine runs in this process.
        """
        if not Engine._one_at_a_time.acquire(blocking=False):
            raise RuntimeError("Another engine runs in this process; stop it first: moto keeps one AWS per process.")
        with ExitStack() as stack:
            stack.callback(Engine._one_at_a_time.release)
            self._deploy(stack)
            self._stack = stack.pop_all()

    def stop(self) -> None:
        """Abort what still runs and leave nothing behind; harmless when the engine is not running."""
        self._stack.close()

    def _deploy(self, stack: ExitStack) -> None:
        webhook = Webhook(self._address, self._hand_on)
        stack.callback(webhook.close)
        self.public_url = webhook.url
        self._template = Template(self._path, self._parameters, self.public_url)
        self.skipped = self._template.skipped
        self._functions = Functions(
            self._template.functions.values(), self._template.layers, self._hand_on, self._account_concurrency
        )
        for layer in (
            surroundings.quiet(),
            surroundings.models_read_once(),
            self._retries.noted(),
            moto_patches.fixed(),
            state_machine.tasks_run(self._functions),
            state_machine.time_runs(self._time_scale),
            self._retries.waits_noted(self._time_scale),
            self._transitions.counted(),
            state_machine.executions_told(self._hand_on),
            surroundings.of_aws(),
            mock_aws(config=_MOTO),
            surroundings.clients_kept(),
            event_buses.handing_on(self._template.rules, self.start_execution, self.events),
        ):
            stack.enter_context(layer)
        for bus in self._template.event_buses:
            self.client("events").create_event_bus(Name=bus)
        create_storage(self._template, self.client, self._secret)
        self.environment = self._scaled(self._template.environment())
        stack.enter_context(patch.dict(os.environ, self.environment))
        self.client("stepfunctions").create_state_machine(
            name=self._template.state_machine_name,
            definition=self._template.definition(),
            roleArn=f"arn:aws:iam::{ACCOUNT}:role/local",
        )
        stack.callback(self._functions.unload)
        self._functions.load()
        stack.callback(self._abort_all)
        webhook.serve(self._template.routes, self._functions)
        stack.callback(webhook.close)

    def _hand_on(self, news: News) -> None:
        self.tell(news)

    def _scaled(self, environment: dict[str, str]) -> dict[str, str]:
        times = {name: float(environment[name]) for name in SCALED_VARIABLES if name in environment}
        return {**environment, **{name: f"{value * self._time_scale:g}" for name, value in times.items()}}

    @property
    def state_machine_arn(self) -> str:
        """The state machine's ARN."""
        return self._template.state_machine_arn

    @property
    def invocations(self) -> dict[str, int]:
        """How often each function was invoked, by the name of its handler's module."""
        return dict(self._functions.invocations)

    @property
    def throttles(self) -> dict[str, int]:
        """How many invocations of each function were turned away, by the name of its handler's module."""
        return dict(self._functions.concurrency.throttles)

    def client(self, service: str) -> Any:
        """Return the boto3 client for a service of the local AWS."""
        return surroundings.client(service)

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        """Invoke one function, by logical id, name, ARN or handler module, and return its result.

        Raises:
            FunctionFailed: The handler failed.
            UnknownFunction: The template has no such function.
            InvocationThrottled: As many invocations are under way as may be.
        """
        answer = self._functions.invoke(function, json.dumps(dict(event)))
        if answer.failed:
            raise FunctionFailed(answer.value())
        return answer.value()

    def execution_input(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return the state machine's input for a plain request or an EventBridge event.

        Raises:
            EventError: No rule of the template takes the event.
        """
        return events.execution_input(event, self._template.rules)

    @property
    def announced(self) -> list[dict[str, Any]]:
        """The events that were put on the template's own buses."""
        return [event for bus, event in self.events if bus in self._template.event_buses]

    def start_execution(self, request: Mapping[str, Any], name: str | None = None) -> str:
        """Start an execution and return its ARN."""
        started = self.client("stepfunctions").start_execution(
            stateMachineArn=self.state_machine_arn, name=name or str(uuid.uuid4()), input=json.dumps(dict(request))
        )
        return str(started["executionArn"])

    def describe_execution(self, arn: str) -> dict[str, Any]:
        """Return what Step Functions says about an execution."""
        described: dict[str, Any] = self.client("stepfunctions").describe_execution(executionArn=arn)
        return described

    def wait(
        self, arn: str, on_poll: Callable[[], object] | None = None, timeout: float | None = None
    ) -> dict[str, Any]:
        """Wait until an execution has ended and return its description; call `on_poll` now and then.

        Raises:
            TimeoutError: The execution still runs after `timeout` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        # Not through the client, which takes a hundred times as long to say what is asked all the time.
        execution = _backend().describe_execution(arn)
        while execution.status == "RUNNING":
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError(f"The execution {execution.name} still runs after {timeout:g} seconds.")
            if on_poll is not None:
                on_poll()
            time.sleep(_POLL_SECONDS)
        return self.describe_execution(arn)

    def stop_execution(self, arn: str) -> None:
        """Abort an execution; a handler that runs is not interrupted."""
        self.client("stepfunctions").stop_execution(executionArn=arn)

    def drain(self, seconds: float) -> bool:
        """Wait until no handler runs, so many seconds at the most, and say whether that is so."""
        return self._functions.drain(seconds)

    def waiting_since(self, arn: str) -> datetime | None:
        """Return since when an execution has waited for its task token, None if it does not."""
        events = self.history(arn)
        last = events[-1] if events else None
        if last is None or last["type"] != HistoryEventType.TaskSubmitted:
            return None
        return datetime.fromisoformat(last["timestamp"])

    def state_transitions(self, arn: str) -> int:
        """Return how many states an execution has entered, those within the Map's items included."""
        return self._transitions.of(_backend().describe_execution(arn))

    def retries(self, arn: str) -> list[Retry]:
        """Return the states that an execution tries again, and why."""
        return self._retries.of(_backend().describe_execution(arn))

    def output_of(self, arn: str, state: str) -> dict[str, Any] | None:
        """Return what a state at the machine's top level has left of the data, None if it has not ended yet."""
        for event in self.history(arn):
            details = event.get("stateExitedEventDetails") or {}
            if details.get("name") == state:
                return dict(json.loads(details["output"]))
        return None

    def state(self, arn: str) -> tuple[str, datetime] | None:
        """Return which state at the machine's top level was entered last, and when; None before the first."""
        for event in reversed(self.history(arn)):
            if details := event.get("stateEnteredEventDetails"):
                return details["name"], datetime.fromisoformat(event["timestamp"])
        return None

    def history(self, arn: str) -> list[dict[str, Any]]:
        """Return the events of an execution so far; those of a Distributed Map's items are not kept by moto.

        They are moto's own: its answer to GetExecutionHistory copies all of them, for as long as the run itself takes.
        """
        env = _backend().describe_execution(arn).exec_worker.env
        return list(env.event_manager._history_event_list) if env else []  # noqa: SLF001

    def _abort_all(self) -> None:
        running = [it for it in _backend()._get_executions() if it.status == "RUNNING"]  # noqa: SLF001
        for execution in running:
            self.stop_execution(execution.exec_arn)
        deadline = time.monotonic() + _STOP_SECONDS
        while any(it.status == "RUNNING" for it in running) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        TMP_THREADS.clear()


def _backend() -> Any:
    return stepfunctions_parser_backends[DEFAULT_ACCOUNT_ID][REGION]
