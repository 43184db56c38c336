"""What a process keeps from one invocation to the next, AWS's clients among it, and the one way to forget it all.

Lambda keeps a process as long as it likes. On a person's machine one process is many: each begins with `forget`.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import boto3
from botocore.config import Config

from onboarding.table.dynamodb import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

    from onboarding.settings import Settings

_forgetting: list[Callable[[], object]] = []


def kept[**Given, Made](make: Callable[Given, Made]) -> Callable[Given, Made]:
    """Let a function that makes something keep what it made last, as long as it is given the same."""
    keeping = lru_cache(maxsize=1)(make)
    forgotten_by(keeping.cache_clear)
    return cast("Callable[Given, Made]", keeping)


def forgotten_by(forget_it: Callable[[], object]) -> None:
    """Have `forget` call this, too: for what is kept by others."""
    _forgetting.append(forget_it)


def forget() -> None:
    """Forget all that is kept: the next one who asks gets it made anew, from the environment as it is then."""
    for forget_it in _forgetting:
        forget_it()


def table(settings: "Settings") -> Table:
    """Give the progress table."""
    return Table(dynamodb(), settings.table_name)


@kept
def dynamodb() -> "DynamoDBClient":
    """Give the process's one DynamoDB client."""
    config = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 5})
    return boto3.client("dynamodb", config=config)


@kept
def s3() -> "S3Client":
    """Give the process's one S3 client."""
    return boto3.client("s3", config=_patience())


@kept
def step_functions() -> "SFNClient":
    """Give the process's one Step Functions client."""
    return boto3.client("stepfunctions", config=_patience())


@kept
def event_bridge() -> "EventBridgeClient":
    """Give the process's one EventBridge client."""
    return boto3.client("events", config=_patience())


def _patience() -> Config:
    return Config(connect_timeout=3, read_timeout=5)
