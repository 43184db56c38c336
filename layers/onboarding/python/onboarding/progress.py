"""The only module that talks to DynamoDB: leases, phone numbers, outcomes, Trust Products, and who waits for them.

The keys are in docs/architecture.md. Every write that could race is conditional; phone numbers are written only by
the execution that holds their subaccount's lease.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from itertools import batched
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config

from onboarding.errors import OnboardingError, SubaccountBusy, TrustProductBusy
from onboarding.models import PhoneNumberRecord, Stage, SubaccountOutcome, SubaccountStatus, TrustProductRecord
from onboarding.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OUTCOME_DAYS = 30
CALLBACK_DAYS = 90
DAY_SECONDS = 86_400
KEYS_PER_BATCH_GET = 100
ITEMS_PER_BATCH_WRITE = 25
BATCH_ATTEMPTS = 6

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize

LEASE_IS_FREE = (
    "attribute_not_exists(lease_execution) OR lease_execution = :execution OR lease_expires_at < :milliseconds"
)


class Waiter(NamedTuple):
    """An execution that waits for the verdict on a Trust Product, and the task token that wakes it."""

    execution: str
    task_token: str


class Progress:
    """The progress table.

    Args:
        client: A DynamoDB client.
        table_name: The table, keys `pk` and `sk`.
        lease_seconds: How long a lease holds without renewal: longer than any function runs.
        list_settle_seconds: How long Twilio's lists may lag behind what was created.
    """

    def __init__(
        self, client: "DynamoDBClient", table_name: str, lease_seconds: float, list_settle_seconds: float
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._lease_seconds = lease_seconds
        self._list_settle_seconds = list_settle_seconds

    # Leases. A holder that stopped between a POST and its record leaves `unsettled_at` behind: whoever comes next
    # waits until Twilio's lists are sure to show what that POST created, and only then looks.

    def hold_subaccount(self, account_sid: str, execution: str) -> float:
        """Take or renew the lease of a subaccount.

        Args:
            account_sid: `AC…`.
            execution: The execution that works on it, by name.

        Returns:
            The seconds to wait before looking at Twilio's lists, mostly 0.

        Raises:
            SubaccountBusy: Another execution holds the lease.
        """
        busy = SubaccountBusy(f"Another execution is working on {account_sid}; it is tried again.")
        return self._hold(_subaccount_key(account_sid), execution, busy, status=SubaccountStatus.IN_PROGRESS)

    def hold_trust_product(self, execution: str, trust_product_sid: str | None = None) -> float:
        """Take the lease for connecting a Trust Product, or for creating one; as `hold_subaccount`.

        Raises:
            TrustProductBusy: Another execution holds it.
        """
        doing = f"connecting {trust_product_sid}" if trust_product_sid else "creating the Trust Product"
        busy = TrustProductBusy(f"Another execution is {doing}; it is tried again.")
        return self._hold(_trust_product_lease_key(trust_product_sid), execution, busy)

    def before_posts(self, account_sid: str, execution: str) -> None:
        """Note that POSTs for a subaccount are about to be sent."""
        self._unsettle(_subaccount_key(account_sid), execution)

    def after_posts(self, account_sid: str, execution: str) -> None:
        """Note that every POST was answered and recorded."""
        self._update(
            _subaccount_key(account_sid), "REMOVE unsettled_at", "lease_execution = :execution", execution=execution
        )

    def before_trust_product_post(self, execution: str, trust_product_sid: str | None = None) -> None:
        """Note that a Trust Product is about to be connected or created.

        It stays noted: the next holder of the lease, too, waits until the lists show what was created.
        """
        self._unsettle(_trust_product_lease_key(trust_product_sid), execution)

    def release_trust_product(self, execution: str, trust_product_sid: str | None = None) -> None:
        """Give the lease back, if it is still held."""
        self._update_if(
            _trust_product_lease_key(trust_product_sid),
            "REMOVE lease_execution, lease_expires_at",
            "lease_execution = :execution",
            execution=execution,
        )

    # Phone numbers.

    def phone_numbers(self, account_sid: str, phone_number_sids: Iterable[str]) -> dict[str, PhoneNumberRecord]:
        """Read the items of phone numbers (`PN…`) of an account; those without an item are left out."""
        records: dict[str, PhoneNumberRecord] = {}
        for sids in batched(phone_number_sids, KEYS_PER_BATCH_GET, strict=False):
            pending: Any = {
                self._table_name: {
                    "Keys": [_phone_number_key(account_sid, sid) for sid in sids],
                    "ConsistentRead": True,
                }
            }
            for _ in _attempts(f"reading the phone numbers of {account_sid}"):
                answer = self._client.batch_get_item(RequestItems=pending)
                for item in answer["Responses"].get(self._table_name, []):
                    record = _record(PhoneNumberRecord, item)
                    records[record.phone_number_sid] = record
                pending = answer["UnprocessedKeys"]
                if not pending:
                    break
        return records

    def put_phone_numbers(self, account_sid: str, records: Iterable[PhoneNumberRecord]) -> None:
        """Write items of phone numbers of an account whose lease is held."""
        now = datetime.now(UTC).isoformat()
        for batch in batched(records, ITEMS_PER_BATCH_WRITE, strict=False):
            items = [
                _phone_number_key(account_sid, record.phone_number_sid)
                | _attributes({**record.model_dump(mode="json", exclude_none=True), "updated_at": now})
                for record in batch
            ]
            pending: Any = {self._table_name: [{"PutRequest": {"Item": item}} for item in items]}
            for _ in _attempts(f"writing the phone numbers of {account_sid}"):
                pending = self._client.batch_write_item(RequestItems=pending)["UnprocessedItems"]
                if not pending:
                    break

    def all_phone_numbers(self, account_sid: str) -> list[PhoneNumberRecord]:
        """Read the items of all phone numbers of an account."""
        return [_record(PhoneNumberRecord, item) for item in self._query(f"SUBACCOUNT#{account_sid}", "NUMBER#")]

    def count_stages(self, account_sid: str) -> dict[Stage, int]:
        """Count the phone numbers of an account by stage."""
        items = self._query(f"SUBACCOUNT#{account_sid}", "NUMBER#", projection="stage")
        return dict(Counter(Stage(item["stage"]["S"]) for item in items))

    # Outcomes.

    def record_outcome(self, execution: str, outcome: SubaccountOutcome) -> None:
        """Record how a subaccount came out of a run, and give its lease back.

        The run's own outcome is kept beside the subaccount's progress, since a later run may change that before this
        one is summarised. A subaccount that another execution works on keeps the progress that one writes.
        """
        attributes = outcome.model_dump(mode="json", exclude_none=True)
        now = datetime.now(UTC)
        self._client.put_item(
            TableName=self._table_name,
            Item=_key(f"EXECUTION#{execution}", f"SUBACCOUNT#{outcome.subaccount_sid}")
            | _attributes({**attributes, "expires_at": int(now.timestamp()) + OUTCOME_DAYS * DAY_SECONDS}),
        )
        if outcome.status is SubaccountStatus.BUSY:
            return
        attributes |= {"execution_name": execution, "finished_at": now.isoformat()}
        removed = ["lease_execution", "lease_expires_at", *({"error", "message"} - attributes.keys())]
        set_, remove = ", ".join(f"#{name} = :{name}" for name in attributes), ", ".join(f"#{name}" for name in removed)
        self._update_if(
            _subaccount_key(outcome.subaccount_sid),
            f"SET {set_} REMOVE {remove}",
            LEASE_IS_FREE,
            names={f"#{name}": name for name in [*attributes, *removed]},
            execution=execution,
            milliseconds=_milliseconds(),
            **attributes,
        )

    def outcomes(self, execution: str) -> list[SubaccountOutcome]:
        """Read how the subaccounts came out of one run."""
        return [_record(SubaccountOutcome, item) for item in self._query(f"EXECUTION#{execution}", "SUBACCOUNT#")]

    def fleet(self) -> list[dict[str, Any]]:
        """Read every subaccount's progress, as it is in the table."""
        return [_plain(item) for item in self._query("FLEET", "SUBACCOUNT#")]

    # Trust Products.

    def record_trust_product(self, record: TrustProductRecord) -> None:
        """Record what Twilio just said of a Trust Product; fields that are None or unset stay as they are."""
        attributes = record.model_dump(mode="json", exclude_none=True, exclude_unset=True)
        attributes["observed_at"] = datetime.now(UTC).isoformat()
        self._update_if(
            _trust_product_key(record.sid),
            "SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
            "attribute_not_exists(observed_at) OR observed_at <= :observed_at",
            names={f"#{name}": name for name in attributes},
            **attributes,
        )

    def trust_product(self, sid: str) -> TrustProductRecord | None:
        """Read what was last recorded of a Trust Product, `BU…`."""
        answer = self._client.get_item(TableName=self._table_name, Key=_trust_product_key(sid), ConsistentRead=True)
        return _record(TrustProductRecord, answer["Item"]) if "Item" in answer else None

    def record_callback(self, trust_product_sid: str, digest: str, parameters: dict[str, str]) -> None:
        """Keep a verified callback for audit."""
        now = datetime.now(UTC)
        expires_at = int(now.timestamp()) + CALLBACK_DAYS * DAY_SECONDS
        self._client.put_item(
            TableName=self._table_name,
            Item=_key(f"TRUST_PRODUCT#{trust_product_sid}", f"CALLBACK#{now.isoformat()}#{digest}")
            | _attributes({"parameters": parameters, "expires_at": expires_at}),
        )

    def add_waiter(self, trust_product_sid: str, waiter: Waiter, seconds: float) -> None:
        """Record that an execution waits for the verdict, for so many seconds at the most."""
        self._client.put_item(
            TableName=self._table_name,
            Item=_waiter_key(trust_product_sid, waiter.execution)
            | _attributes({**waiter._asdict(), "expires_at": int(time.time() + seconds) + DAY_SECONDS}),
        )

    def waiters(self, trust_product_sid: str) -> list[Waiter]:
        """Read who waits for the verdict on a Trust Product."""
        items = map(_plain, self._query(f"TRUST_PRODUCT#{trust_product_sid}", "WAITER#"))
        return [Waiter(item["execution"], item["task_token"]) for item in items]

    def remove_waiter(self, trust_product_sid: str, waiter: Waiter) -> None:
        """Forget a waiter, unless the execution has since begun to wait with another token."""
        try:
            self._client.delete_item(
                TableName=self._table_name,
                Key=_waiter_key(trust_product_sid, waiter.execution),
                ConditionExpression="task_token = :task_token",
                ExpressionAttributeValues={":task_token": {"S": waiter.task_token}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def _hold(self, key: Any, execution: str, busy: OnboardingError, **also: str) -> float:
        now = _milliseconds()
        values: dict[str, Any] = {
            "lease_execution": execution,
            "lease_expires_at": now + int(self._lease_seconds * 1000),
            **also,
        }
        try:
            old = self._update(
                key,
                "SET " + ", ".join(f"#{name} = :{name}" for name in values),
                LEASE_IS_FREE,
                names={f"#{name}": name for name in values},
                execution=execution,
                milliseconds=now,
                **values,
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise busy from error
        settled_at = float(old.get("unsettled_at", 0)) + self._list_settle_seconds * 1000
        return max(0.0, (settled_at - now) / 1000)

    def _unsettle(self, key: Any, execution: str) -> None:
        self._update(
            key,
            "SET unsettled_at = :milliseconds",
            "lease_execution = :execution",
            execution=execution,
            milliseconds=_milliseconds(),
        )

    def _update(
        self, key: Any, expression: str, condition: str, names: dict[str, str] | None = None, **values: Any
    ) -> dict[str, Any]:
        """Update one item; returns it as it was before."""
        named: Any = {"ExpressionAttributeNames": names} if names else {}
        answer = self._client.update_item(
            TableName=self._table_name,
            Key=key,
            UpdateExpression=expression,
            ConditionExpression=condition,
            ExpressionAttributeValues={f":{name}": _serialize(value) for name, value in values.items()},
            ReturnValues="ALL_OLD",
            **named,
        )
        return _plain(answer.get("Attributes", {}))

    def _update_if(
        self, key: Any, expression: str, condition: str, names: dict[str, str] | None = None, **values: Any
    ) -> None:
        """Update one item if the condition holds, else leave it to whoever changed it."""
        try:
            self._update(key, expression, condition, names, **values)
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def _query(self, pk: str, sk_prefix: str, projection: str | None = None) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues={":pk": {"S": pk}, ":sk": {"S": sk_prefix}},
            ConsistentRead=True,
            **({"ProjectionExpression": projection} if projection else {}),  # type: ignore[arg-type]
        )
        for page in pages:
            yield from page["Items"]


def connect(settings: Settings) -> Progress:
    """Give the process's one table client."""
    return _connect(settings.table_name, settings.lease_seconds, settings.list_settle_seconds)


@lru_cache(maxsize=1)
def _connect(table_name: str, lease_seconds: float, list_settle_seconds: float) -> Progress:
    config = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 5})
    return Progress(boto3.client("dynamodb", config=config), table_name, lease_seconds, list_settle_seconds)


def _attempts(doing: str) -> Iterator[None]:
    for attempt in range(BATCH_ATTEMPTS):
        if attempt:
            time.sleep(0.05 * 2**attempt)
        yield
    raise OnboardingError(f"DynamoDB kept putting off {doing}; send the request again.")


def _milliseconds() -> int:
    return int(time.time() * 1000)


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _subaccount_key(account_sid: str) -> dict[str, Any]:
    return _key("FLEET", f"SUBACCOUNT#{account_sid}")


def _phone_number_key(account_sid: str, phone_number_sid: str) -> dict[str, Any]:
    return _key(f"SUBACCOUNT#{account_sid}", f"NUMBER#{phone_number_sid}")


def _trust_product_key(sid: str) -> dict[str, Any]:
    return _key(f"TRUST_PRODUCT#{sid}", "STATUS")


def _trust_product_lease_key(sid: str | None) -> dict[str, Any]:
    return _key(f"TRUST_PRODUCT#{sid}", "CONNECTION") if sid else _key("FLEET", "TRUST_PRODUCT")


def _waiter_key(trust_product_sid: str, execution: str) -> dict[str, Any]:
    return _key(f"TRUST_PRODUCT#{trust_product_sid}", f"WAITER#{execution}")


def _attributes(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _serialize(value) for name, value in values.items()}


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    return {name: _deserialize(value) for name, value in item.items()}


def _record[Record: (PhoneNumberRecord, SubaccountOutcome, TrustProductRecord)](
    model: type[Record], item: dict[str, Any]
) -> Record:
    """Read an item as a model, without the attributes that only the table needs."""
    plain = _plain(item)
    return model.model_validate({name: plain[name] for name in model.model_fields if name in plain})
