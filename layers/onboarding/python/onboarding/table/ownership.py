"""Evidence of whose numbers a fleet has: earlier runs, and the profiles that other Trust Products are connected to."""

from datetime import UTC, datetime, timedelta

from onboarding.phone_numbers import Stage
from onboarding.table.dynamodb import DAY_SECONDS, Key, Table, expires_after

KEPT = timedelta(days=7)
"""How long an answer of Twilio's about other bundles is used."""
PAGE = 100


def has_numbers_on(table: Table, bundles: tuple[str, str]) -> bool:
    """Return whether a number of the fleet is recorded on this Business Profile and Trust Product (`BU…`)."""
    for item in table.query("FLEET", "SUBACCOUNT#", page_size=PAGE):
        counted_for = (item.get("business_profile_sid"), item.get("trust_product_sid"))
        if counted_for in {bundles, (None, None)} and item.get("numbers", {}).get(Stage.ON_TRUST_PRODUCT):
            return True
    return False


def has_run_over_the_fleet(table: Table) -> bool:
    """Return whether a run over the whole fleet is recorded."""
    return any(item.get("whole_fleet") for item in table.query("RUNS", "RUN#", page_size=PAGE))


def read_supporting(table: Table, trust_product_sid: str) -> list[str] | None:
    """Read the objects that were assigned to a Trust Product (`BU…`); None if that is not known, or too old."""
    item = table.get(_supporting(trust_product_sid))
    if not item or datetime.now(UTC) - datetime.fromisoformat(item["read_at"]) > KEPT:
        return None
    return list(item["object_sids"])


def record_supporting(table: Table, trust_product_sid: str, object_sids: list[str]) -> None:
    """Record the objects that are assigned to a Trust Product (`BU…`)."""
    read_at = datetime.now(UTC).isoformat()
    item = {"object_sids": object_sids, "read_at": read_at} | expires_after(KEPT.days * DAY_SECONDS)
    table.put(_supporting(trust_product_sid), item)


def _supporting(trust_product_sid: str) -> Key:
    return Key(f"TRUST_PRODUCT#{trust_product_sid}", "SUPPORTING")
