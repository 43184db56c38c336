"""Who waits for the verdict on a Trust Product, and which callbacks came."""

import time
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from onboarding.table.dynamodb import DAY_SECONDS, ConditionFailed, Item, Key, Table, expires_after

CALLBACK_SECONDS = 90 * DAY_SECONDS


class Waiter(NamedTuple):
    """An execution that waits for the verdict on a Trust Product.

    Attributes:
        since: When it began to wait, in milliseconds since 1970.
        execution: Its name.
        execution_arn: Its ARN.
        task_token: What wakes it.
    """

    since: int
    execution: str
    execution_arn: str
    task_token: str


def add_waiter(table: Table, trust_product_sid: str, waiter: Waiter, seconds: float) -> None:
    """Record that an execution waits for the verdict, for so many seconds at the most."""
    table.put(_waiter(trust_product_sid, waiter.execution), waiter._asdict() | expires_after(seconds + DAY_SECONDS))


def read_waiters(table: Table, trust_product_sid: str) -> list[Waiter]:
    """Read who waits for the verdict on a Trust Product, or did; who has waited longest comes first."""
    items = table.query(_product(trust_product_sid), "WAITER#")
    texts = Waiter._fields[1:]
    # One that cannot be read is woken by its own poll.
    return sorted(
        Waiter(int(item["since"]), *(item[name] for name in texts))
        for item in items
        if isinstance(item.get("since"), int | Decimal) and all(isinstance(item.get(name), str) for name in texts)
    )


def remove_waiter(table: Table, trust_product_sid: str, waiter: Waiter) -> None:
    """Forget a waiter, unless the execution has since begun to wait with another token."""
    with suppress(ConditionFailed):
        table.delete(
            _waiter(trust_product_sid, waiter.execution),
            condition="task_token = :task_token",
            values={"task_token": waiter.task_token},
        )


def record_callback(table: Table, trust_product_sid: str, digest: str, parameters: dict[str, str]) -> None:
    """Record a verified callback: one item for each signature, with the time at which it came last.

    Args:
        table: The progress table.
        trust_product_sid: `BU…`.
        digest: Of its signature.
        parameters: What it says.
    """
    received = {"parameters": parameters, "received_at": datetime.now(UTC).isoformat()}
    table.update(_callback(trust_product_sid, digest), received | expires_after(CALLBACK_SECONDS))


def may_wake(table: Table, trust_product_sid: str, digest: str, seconds: float) -> bool:
    """Return whether a recorded callback may wake who waits: once in so many seconds, of several at once only one.

    Twilio's signature holds no time, so a callback that somebody has captured can be sent again for ever. Each wake-up
    leaves events in the execution's history, which ends at 25,000.
    """
    now = int(time.time() * 1000)
    try:
        table.update(
            _callback(trust_product_sid, digest),
            {"woke_at": now},
            condition="attribute_exists(pk) AND (attribute_not_exists(woke_at) OR NOT attribute_type(woke_at, :number) "
            "OR woke_at <= :long_ago)",
            values={"number": "N", "long_ago": now - int(seconds * 1000)},
        )
    except ConditionFailed:
        return False
    return True


def newest_failure_reason(table: Table, trust_product_sid: str, since: datetime | None) -> str:
    """Read why a Trust Product was rejected, from the newest verified callback that says so.

    Callbacks come in any order: the newest one of all may be that of the review's beginning.

    Args:
        table: The progress table.
        trust_product_sid: `BU…`.
        since: Callbacks from before are about an earlier review, None if there was none.

    Returns:
        Its `FailureReason`, empty if there is none.
    """
    begin = since.isoformat() if since else ""
    callbacks = [it for it in table.query(_product(trust_product_sid), "CALLBACK#") if _received_at(it) >= begin]
    parameters = [it.get("parameters") for it in sorted(callbacks, key=_received_at)]
    reasons = [str(it.get("FailureReason", "")).strip() for it in parameters if isinstance(it, dict)]
    return next(filter(None, reversed(reasons)), "")


def _received_at(item: Item) -> str:
    return str(item.get("received_at", ""))


def _callback(trust_product_sid: str, digest: str) -> Key:
    return Key(_product(trust_product_sid), f"CALLBACK#{digest}")


def _product(sid: str) -> str:
    return f"TRUST_PRODUCT#{sid}"


def _waiter(trust_product_sid: str, execution: str) -> Key:
    return Key(_product(trust_product_sid), f"WAITER#{execution}")
