"""The only module that talks to S3: a run's subaccounts, which the Distributed Map reads, and the assigned numbers."""

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from onboarding.models import StoredList
from onboarding.subaccounts import Subaccount

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def write_subaccounts(client: "S3Client", bucket: str, execution: str, subaccounts: list[Subaccount]) -> StoredList:
    """Write a run's manifest, a JSON array of `{"subaccount_sid", "friendly_name"}`.

    Args:
        client: An S3 client.
        bucket: The manifest bucket.
        execution: The run, by name.
        subaccounts: What the run works on.

    Returns:
        Where the manifest lies.
    """
    entries = [subaccount.model_dump() for subaccount in subaccounts]
    return _write(client, bucket, f"manifests/{execution}.json", entries)


def read_subaccounts(client: "S3Client", stored: StoredList) -> Iterator[Subaccount]:
    """Read a run's manifest; yields one entry after the other, since there may be 100,000."""
    return map(Subaccount.model_validate, _read(client, stored))


def write_assigned(client: "S3Client", bucket: str, execution: str, phone_number_sids: Iterable[str]) -> StoredList:
    """Write which numbers (`PN…`) were on the Business Profile or the Trust Product when a run began, as an array."""
    return _write(client, bucket, f"manifests/{execution}.assigned.json", list(phone_number_sids))


def read_assigned(client: "S3Client", stored: StoredList) -> set[str]:
    """Read which numbers (`PN…`) were assigned when a run began."""
    return set(_read(client, stored))


def _write(client: "S3Client", bucket: str, key: str, entries: list[Any]) -> StoredList:
    body = json.dumps(entries).encode()
    client.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
    return StoredList(bucket=bucket, key=key, count=len(entries))


def _read(client: "S3Client", stored: StoredList) -> list[Any]:
    body = client.get_object(Bucket=stored.bucket, Key=stored.key)["Body"].read()
    entries: list[Any] = json.loads(body)
    return entries
