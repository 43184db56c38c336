"""What the functions share."""

import functools
import os
from typing import Any

import boto3


class NotYetError(Exception):
    """Raised on the first tries."""


@functools.cache
def client(service: str) -> Any:
    return boto3.client(service)  # type: ignore[call-overload]


def environment() -> dict[str, str]:
    return dict(os.environ)
