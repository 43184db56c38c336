"""What happens while `make serve` is up, for who wants to be told of it as it happens."""

from collections.abc import Callable
from dataclasses import dataclass

from simulator.refusals import RequestRefused


@dataclass(frozen=True)
class ExecutionStarted:
    """An execution of the state machine has started; `execution` is its name."""

    execution: str


@dataclass(frozen=True)
class ExecutionEnded:
    """An execution has ended; `status`, `error` and `cause` are as Step Functions has them."""

    execution: str
    status: str
    error: str | None
    cause: str | None


@dataclass(frozen=True)
class InvocationFailed:
    """A function has failed; `error` and `message` are as Lambda reports them."""

    function: str
    error: str
    message: str


@dataclass(frozen=True)
class WebhookAnswered:
    """The webhook has answered a request; `target` is its path and query, `says` the status that it brought, if any."""

    method: str
    target: str
    says: str | None
    answer: int


type News = ExecutionStarted | ExecutionEnded | InvocationFailed | WebhookAnswered | RequestRefused
type Tell = Callable[[News], object]


def tell_nobody(news: News) -> None:
    """Keep the news to oneself."""
