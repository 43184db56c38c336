"""What the functions share."""

import os
from typing import Any

import boto3

from onboarding import process


class NotYetError(Exception):
    """Raised on the first tries."""


@process.kept
def client(service: str) -> Any:
    return boto3.client(service)  # type: ignore[call-overload]


def environment() -> dict[str, str]:
    return dict(os.environ)
