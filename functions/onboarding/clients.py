"""The clients of AWS that a process keeps, and the progress table."""

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from onboarding.process import kept
from onboarding.table.dynamodb import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_stepfunctions import SFNClient

    from onboarding.settings import Settings


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
def secrets_manager() -> "SecretsManagerClient":
    """Give the process's one Secrets Manager client."""
    return boto3.client("secretsmanager", config=_patience())


@kept
def step_functions() -> "SFNClient":
    """Give the process's one Step Functions client."""
    return boto3.client("stepfunctions", config=_patience())


@kept
def event_bridge() -> "EventBridgeClient":
    """Give the process's one EventBridge client."""
    # Fewer tries than of what a step works with: an announcement may not take all of its time.
    config = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
    return boto3.client("events", config=config)


def _patience() -> Config:
    """Give how long a client waits for an answer: botocore's own minute is longer than some functions run."""
    return Config(connect_timeout=3, read_timeout=5)
