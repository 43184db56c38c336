"""What happens on the local stack, for who wants to be told of it as it happens."""

from collections.abc import Callable
from dataclasses import dataclass


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


@dataclass(frozen=True)
class TwilioRefused:
    """The simulated Twilio has answered a request with an error; `message` is its own."""

    method: str
    path: str
    answer: int
    message: str


type News = ExecutionStarted | ExecutionEnded | InvocationFailed | WebhookAnswered | TwilioRefused
type Tell = Callable[[News], object]


def tell_nobody(news: News) -> None:
    """Keep the news to oneself."""
