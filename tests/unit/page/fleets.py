"""Fleets as a page is given them."""

from datetime import UTC, datetime
from typing import Any

from onboarding.phone_numbers import Stage
from shaken_stir.status.model import Counts, FleetStatus, NumberStatus, Reason, SubaccountStanding, counts_together

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PRODUCT = "BU" + "2" * 32


def subaccount(number: int, counts: dict[Reason, int] | None = None, **changes: Any) -> SubaccountStanding:
    known = {"sid": f"AC{number:032x}", "friendly_name": f"Subaccount {number}", "status": "onboarded"}
    return SubaccountStanding.model_validate(known | {"counts": Counts(by_reason=counts or {})} | changes)


def fleet(*subaccounts: SubaccountStanding, **changes: Any) -> FleetStatus:
    counts = counts_together(it.counts for it in subaccounts)
    known = {"place": "here", "read_at": NOW, "headline": "", "counts": counts, "subaccounts": subaccounts}
    return FleetStatus.model_validate(known | changes)


def number(
    of: SubaccountStanding, index: int, reason: Reason, explanation: str = "why", remedy: str = ""
) -> NumberStatus:
    return NumberStatus(
        account_sid=of.sid,
        account_name=of.friendly_name,
        phone_number_sid=f"PN{index:032x}",
        phone_number=f"+151255501{index:02}",
        stage=Stage.REFUSED,
        reason=reason,
        explanation=explanation,
        remedy=remedy,
    )
