"""What Twilio said of each Trust Product, now and before, and what was announced of it."""

from contextlib import suppress
from datetime import UTC, datetime

from onboarding.table.dynamodb import ConditionFailed, Key, Table, is_newer, readable, to_item
from onboarding.trust_products import Status, TrustProductRecord, with_news


def read_trust_product(table: Table, sid: str) -> TrustProductRecord | None:
    """Read what was last recorded of a Trust Product, `BU…`."""
    item = table.get(_product(sid))
    return readable(TrustProductRecord, item) if item else None


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
        known = readable(TrustProductRecord, item) if item else None
        if known and str(item.get("observed_at", "")) > observed_at:
            return known
        told = with_news(known, news, asked_at)
        if is_newer(item):
            return told
        # Of an item that cannot be read, nothing is kept: the next runs learn it from Twilio again.
        damaged = {name: item[name] for name in TrustProductRecord.model_fields if name in item}
        before, after = to_item(known) if known else damaged, to_item(told)
        changes = {name: value for name, value in after.items() if before.get(name) != value}
        seen = {"seen_at": item["observed_at"]} if "observed_at" in item else {}
        with suppress(ConditionFailed):
            table.update(
                key,
                changes | {"observed_at": observed_at},
                remove=before.keys() - after.keys(),
                condition="observed_at = :seen_at" if seen else "attribute_not_exists(observed_at)",
                values=seen,
            )
            return told


def record_connection(table: Table, sid: str, connection_sid: str) -> None:
    """Record the entity assignment (`BV…`) that connects a Trust Product (`BU…`), if the product is recorded."""
    with suppress(ConditionFailed):
        connected = {"connection_sid": connection_sid, "connection_since": datetime.now(UTC).isoformat()}
        table.update(_product(sid), connected, condition="attribute_exists(pk)")


def note_announced(table: Table, sid: str, status: Status) -> None:
    """Note that a verdict on a Trust Product (`BU…`) was announced."""
    with suppress(ConditionFailed):
        table.update(_product(sid), {"announced": status.value}, condition="attribute_exists(pk)")


def _product(sid: str) -> Key:
    return Key(f"TRUST_PRODUCT#{sid}", "STATUS")
