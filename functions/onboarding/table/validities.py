"""Until when Twilio says that Business Profiles and Trust Products are valid, and what was announced of it."""

from contextlib import suppress
from datetime import datetime

from onboarding.table.dynamodb import ConditionFailed, Key, Table, readable, readable_ones, to_item
from onboarding.validity import Validity


def read_validity(table: Table, sid: str) -> Validity | None:
    """Read what was last recorded of a Business Profile or a Trust Product, `BU…`."""
    item = table.get(_validity(sid))
    return readable(Validity, item) if item else None


def read_validities_in_use(table: Table) -> list[Validity]:
    """Read what was last recorded of the Business Profile and of the Trust Product that were looked at last."""
    return list({it.kind: it for it in _oldest_first(table)}.values())


def read_trust_product_sids(table: Table) -> list[str]:
    """List the Trust Products (`BU…`) that runs have used, the last one first."""
    return [it.sid for it in reversed(_oldest_first(table)) if it.kind == "trust_product"]


def record_validity(table: Table, validity: Validity) -> None:
    """Record what Twilio said of a Business Profile or a Trust Product; older news never overwrite newer."""
    observed_at = validity.observed_at.isoformat()
    with suppress(ConditionFailed):
        table.put_if(
            _validity(validity.sid),
            to_item(validity) | {"observed_at": observed_at},
            condition="NOT attribute_type(observed_at, :text) OR observed_at <= :observed_at",
            values={"observed_at": observed_at, "text": "S"},
        )


def _oldest_first(table: Table) -> list[Validity]:
    items = table.query(_validity("").pk, _validity("").sk)
    return sorted(readable_ones(Validity, items), key=lambda it: it.observed_at)


def record_identity(table: Table, sid: str, identity: str | None, read_at: datetime) -> None:
    """Record the `business_identity` of a Business Profile (`BU…`), if the profile is recorded."""
    said = {"business_identity": identity} if identity else {}
    with suppress(ConditionFailed):
        table.update(
            _validity(sid),
            said | {"identity_read_at": read_at.isoformat()},
            remove=() if identity else ["business_identity"],
            condition="attribute_exists(pk)",
        )


def _validity(sid: str) -> Key:
    return Key("FLEET", f"VALIDITY#{sid}")
