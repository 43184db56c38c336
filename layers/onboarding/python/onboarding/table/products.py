"""What Twilio said of each Trust Product, now and before, and what was announced of it."""

from contextlib import suppress
from datetime import datetime

from onboarding.models import Status, TrustProductRecord
from onboarding.table.dynamodb import ConditionFailed, Item, Key, Table, from_item, to_item

HISTORY_LENGTH = 100


def read_trust_product(table: Table, sid: str) -> TrustProductRecord | None:
    """Read what was last recorded of a Trust Product, `BU…`."""
    item = table.get(_product(sid))
    return from_item(TrustProductRecord, item) if item else None


def record_trust_product(table: Table, news: TrustProductRecord, asked_at: datetime) -> TrustProductRecord:
    """Record what Twilio said of a Trust Product when it was asked; what the news leave out stays as it is.

    Older news never overwrite newer. A status that differs from the last one joins the history.

    Args:
        table: The progress table.
        news: What Twilio said.
        asked_at: When it was asked.

    Returns:
        What is recorded now.
    """
    key, observed_at = _product(news.sid), asked_at.isoformat()
    while True:
        item = table.get(key) or {}
        if item.get("observed_at", "") > observed_at:
            return from_item(TrustProductRecord, item)
        changes = to_item(news, exclude_unset=True) | _history(item, news, observed_at) | {"observed_at": observed_at}
        seen = {"seen_at": item["observed_at"]} if item else {}
        condition = "observed_at = :seen_at" if item else "attribute_not_exists(observed_at)"
        with suppress(ConditionFailed):
            table.update(key, changes, condition=condition, values=seen)
            return from_item(TrustProductRecord, item | changes)


def note_announced(table: Table, sid: str, status: Status) -> None:
    """Note that a verdict on a Trust Product (`BU…`) was announced."""
    table.update(_product(sid), {"announced": status.value}, condition="attribute_exists(pk)")


def _product(sid: str) -> Key:
    return Key(f"TRUST_PRODUCT#{sid}", "STATUS")


def _history(item: Item, news: TrustProductRecord, observed_at: str) -> Item:
    """What the history of a Trust Product becomes with the news; nothing of it where they are none."""
    history = item.get("history", [])
    change = {"status": news.status.value, "errors": news.errors, "observed_at": observed_at}
    if item.get("status") != news.status.value:
        return {"errors": news.errors, "history": [*history, change][-HISTORY_LENGTH:], "announced": None}
    if not news.errors or news.errors == item.get("errors"):
        return {}
    if item.get("errors"):
        return {"history": [*history, change][-HISTORY_LENGTH:]}
    # A step that looked at the status alone did not learn the codes.
    return {"history": [*history[:-1], {**change, **({"observed_at": history[-1]["observed_at"]} if history else {})}]}
