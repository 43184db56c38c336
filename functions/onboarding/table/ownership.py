"""Evidence of whose numbers a fleet has: earlier runs, and the profiles that other Trust Products are connected to."""

from datetime import UTC, datetime, timedelta

from onboarding.models import Model
from onboarding.phone_numbers import Stage
from onboarding.table.dynamodb import DAY_SECONDS, Key, Table, expires_after, readable, to_item

KEPT = timedelta(days=7)
"""How long an answer of Twilio's about other bundles is used."""
PAGE = 100


class Supporting(Model):
    """The objects (`BU…`, `IT…`) that were assigned to a Trust Product."""

    object_sids: list[str]
    read_at: datetime


def has_numbers_on(table: Table, bundles: tuple[str, str]) -> bool:
    """Return whether a number of the fleet is recorded on this Business Profile and Trust Product (`BU…`)."""
    for item in table.query("FLEET", "SUBACCOUNT#", page_size=PAGE):
        counted_for = (item.get("business_profile_sid"), item.get("trust_product_sid"))
        numbers = item.get("numbers")
        if counted_for in (bundles, (None, None)) and isinstance(numbers, dict) and numbers.get(Stage.ON_TRUST_PRODUCT):
            return True
    return False


def has_run_over_the_fleet(table: Table) -> bool:
    """Return whether a run over the whole fleet is recorded."""
    return any(item.get("whole_fleet") for item in table.query("RUNS", "RUN#", page_size=PAGE))


def read_supporting(table: Table, trust_product_sid: str) -> list[str] | None:
    """Read the objects that were assigned to a Trust Product (`BU…`); None if that is not known, or too old."""
    item = table.get(_supporting(trust_product_sid))
    known = readable(Supporting, item) if item else None
    return known.object_sids if known and datetime.now(UTC) - known.read_at <= KEPT else None


def record_supporting(table: Table, trust_product_sid: str, object_sids: list[str]) -> None:
    """Record the objects that are assigned to a Trust Product (`BU…`)."""
    known = Supporting(object_sids=object_sids, read_at=datetime.now(UTC))
    table.put(_supporting(trust_product_sid), to_item(known) | expires_after(KEPT.days * DAY_SECONDS))


def _supporting(trust_product_sid: str) -> Key:
    return Key(f"TRUST_PRODUCT#{trust_product_sid}", "SUPPORTING")
