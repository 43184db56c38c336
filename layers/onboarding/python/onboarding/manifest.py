"""The only module that talks to S3: the list of a run's subaccounts, which the Distributed Map reads."""

import json
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from onboarding.models import Manifest, Subaccount

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def write(client: "S3Client", bucket: str, execution: str, subaccounts: list[Subaccount]) -> Manifest:
    """Write a run's manifest, a JSON array of `{"subaccount_sid", "friendly_name"}`.

    Args:
        client: An S3 client.
        bucket: The manifest bucket.
        execution: The run, by name.
        subaccounts: What the run works on.

    Returns:
        Where the manifest lies.
    """
    key = f"manifests/{execution}.json"
    body = json.dumps([subaccount.model_dump() for subaccount in subaccounts])
    client.put_object(Bucket=bucket, Key=key, Body=body.encode(), ContentType="application/json")
    return Manifest(bucket=bucket, key=key, count=len(subaccounts))


def read(client: "S3Client", manifest: Manifest) -> list[Subaccount]:
    """Read a run's manifest."""
    body = client.get_object(Bucket=manifest.bucket, Key=manifest.key)["Body"].read()
    return [Subaccount.model_validate(entry) for entry in json.loads(body)]


@cache
def connect() -> "S3Client":
    """Give the process's one S3 client."""
    return boto3.client("s3", config=Config(connect_timeout=3, read_timeout=5))
