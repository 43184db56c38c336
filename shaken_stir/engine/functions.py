"""Runs the template's Lambda functions in this process: JSON in, JSON out, errors as Lambda's runtime reports them."""

import importlib
import json
import sys
import threading
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from onboarding import process
from shaken_stir import news
from shaken_stir.engine.concurrency import Concurrency
from shaken_stir.engine.template import Function

_DRAIN_SECONDS: Final = 5.0


@dataclass(frozen=True)
class LambdaContext:
    """The context object a handler gets."""

    function_name: str
    invoked_function_arn: str
    memory_limit_in_mb: str
    timeout: float
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    function_version: str = "$LATEST"
    log_stream_name: str = "local"
    identity: None = None
    client_context: None = None
    started: float = field(default_factory=time.monotonic)

    @property
    def log_group_name(self) -> str:
        """The log group Lambda would write to."""
        return f"/aws/lambda/{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """Return what is left of the function's timeout, which is never shortened."""
        return max(0, int((self.timeout - (time.monotonic() - self.started)) * 1000))


@dataclass(frozen=True)
class Answer:
    """What an invocation gave: a JSON text, and whether it describes an error."""

    payload: str
    failed: bool = False

    def value(self) -> Any:
        """Return the payload as Python data."""
        return json.loads(self.payload)


class UnknownFunction(LookupError):  # noqa: N818 - named for what it means
    """No function of the template has this name."""


class FunctionFailed(RuntimeError):  # noqa: N818 - named for what it means
    """A handler failed.

    Attributes:
        error: The error as Lambda reports it: errorType, errorMessage, stackTrace, requestId.
    """

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error.get('errorType')}: {error.get('errorMessage')}")
        self.error = error


class Functions:
    """The functions of a template, each found by ARN, name, logical id or handler module.

    Args:
        functions: The functions.
        layers: The folders that their code may import from.
        tell: Told of each function that fails.
        account_concurrency: How many invocations may be under way at once, None for any number.

    Attributes:
        concurrency: What bounds how many invocations are under way.
        invocations: Handler module -> how often it was invoked.
    """

    def __init__(
        self,
        functions: Collection[Function],
        layers: Iterable[Path],
        tell: news.Tell = news.tell_nobody,
        account_concurrency: int | None = None,
    ) -> None:
        self._by_name = {
            key: it for it in functions for key in (it.module, it.logical_id, it.name, it.arn, f"{it.arn}:$LATEST")
        }
        self._functions = functions
        self._code = list(dict.fromkeys(str(function.code.resolve()) for function in functions))
        self._layers = [str(layer.resolve()) for layer in layers]
        self._added: list[str] = []
        self._idle = threading.Condition()
        self._tell = tell
        self._running = 0
        self.concurrency = Concurrency(functions, account_concurrency)
        self.invocations: Counter[str] = Counter()

    def load(self) -> None:
        """Import every handler; what earlier engines have kept in the functions' clients is forgotten."""
        process.forget()
        code = [folder for folder in self._code if folder not in sys.path]
        # Last, so that packages built into a layer for Lambda never stand in for those installed for this machine.
        layers = [folder for folder in self._layers if folder not in sys.path]
        sys.path[:] = [*code, *sys.path, *layers]
        self._added = [*code, *layers]
        importlib.invalidate_caches()
        for function in self._functions:
            _handler(function)

    def unload(self) -> None:
        """Wait a moment for handlers that still run, forget their clients, and put Python's path back."""
        self.drain(_DRAIN_SECONDS)
        process.forget()
        while self._added:
            sys.path.remove(self._added.pop())

    def drain(self, seconds: float) -> bool:
        """Wait until no handler runs, so many seconds at the most, and say whether that is so."""
        with self._idle:
            return self._idle.wait_for(lambda: self._running == 0, timeout=seconds)

    def invoke(self, name: str, payload: str) -> Answer:
        """Invoke one function with a JSON text.

        Raises:
            UnknownFunction: The template has no such function.
            InvocationThrottled: As many invocations are under way as may be.
        """
        function = self._by_name.get(name)
        if function is None:
            raise UnknownFunction(f"The template has no function {name}.")
        with self.concurrency.counted(function):
            return self._invoke(function, payload)

    def _invoke(self, function: Function, payload: str) -> Answer:
        with self._idle:
            self.invocations[function.module] += 1
            self._running += 1
        try:
            answer = _run(function, payload)
            if answer.failed:
                error = answer.value()
                self._tell(news.InvocationFailed(function.logical_id, error["errorType"], error["errorMessage"]))
            return answer
        finally:
            with self._idle:
                self._running -= 1
                self._idle.notify_all()


def _run(function: Function, payload: str) -> Answer:
    context = LambdaContext(function.name, function.arn, str(function.memory), function.timeout)
    handler = _handler(function)
    if isinstance(handler, Answer):
        return handler
    try:
        result = handler(json.loads(payload), context)
    except Exception as error:  # noqa: BLE001 - whatever a handler raises is its answer
        frames = traceback.extract_tb(error.__traceback__)[1:]
        return _error(type(error).__name__, str(error), traceback.format_list(frames), context.aws_request_id)
    try:
        return Answer(json.dumps(result, default=_number))
    except (TypeError, ValueError) as error:
        return _error("Runtime.MarshalError", f"Unable to marshal response: {error}", [], context.aws_request_id)


def _handler(function: Function) -> Callable[[Any, LambdaContext], Any] | Answer:
    """Return the handler, or the error Lambda answers with when there is none."""
    name = function.handler.rpartition(".")[2]
    try:
        module = importlib.import_module(function.module.replace("/", "."))
    except ImportError as error:
        return _error("Runtime.ImportModuleError", f"Unable to import module '{function.module}': {error}", [])
    except SyntaxError as error:
        return _error("Runtime.UserCodeSyntaxError", f"Syntax error in module '{function.module}': {error}", [])
    except Exception as error:  # noqa: BLE001 - whatever a module raises is the function's answer
        return _error(type(error).__name__, str(error), traceback.format_tb(error.__traceback__))
    handler: Callable[[Any, LambdaContext], Any] | None = getattr(module, name, None)
    return handler or _error("Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{function.module}'", [])


def _error(kind: str, message: str, stack: list[str], request_id: str = "") -> Answer:
    error = {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": stack}
    return Answer(json.dumps(error), failed=True)


def _number(value: Any) -> int | float:
    """Lambda's runtime writes a Decimal, as DynamoDB gives it, as a number."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
