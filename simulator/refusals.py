"""Requests that the simulated Twilio answers with an error, for who wants to be told of them."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class RequestRefused:
    """The simulated Twilio has answered a request with an error; `message` is its own."""

    method: str
    path: str
    answer: int
    message: str


type Tell = Callable[[RequestRefused], object]


def tell_nobody(refusal: RequestRefused) -> None:
    """Keep a refusal to oneself."""
