"""What a run over the whole fleet does, handler by handler."""

from datetime import UTC, datetime
from typing import Any

from onboarding import clients, storage
from onboarding.models import StoredList
from onboarding.trust_products import VerdictBy
from tests.steps.steps import BUNDLES, Steps
from tests.world import PRODUCT, PROFILE, product

APPROVED = product(business_profile=PROFILE)
WHOLE_FLEET = {"subaccounts": None, "phone_numbers": None, "include_parent": False}
FAR = "2999-01-01T00:00:00+00:00"


def manifest(steps: Steps, execution: str = "first", **which: Any) -> dict[str, Any]:
    """Choose the accounts: where the list of them lies."""
    chosen: dict[str, Any] = steps.invoke("list_subaccounts", execution=execution, **WHOLE_FLEET | which)
    return chosen


def entries(written: dict[str, Any]) -> dict[str, str | None]:
    """The accounts of a manifest, by SID (`AC…`), with their names."""
    listed = storage.read_subaccounts(clients.s3(), StoredList.model_validate(written))
    return {it.subaccount_sid: it.friendly_name for it in listed}


def audit(steps: Steps, execution: str = "first", **which: Any) -> dict[str, Any]:
    """Choose the accounts, and compare what is assigned with the table; gives the manifest, too."""
    chosen = manifest(steps, execution, **which)
    found: dict[str, Any] = steps.invoke("audit_assignments", execution=execution, manifest=chosen, **BUNDLES)
    return found | {"manifest": chosen}


def go_through(steps: Steps, execution: str = "first", **which: Any) -> dict[str, Any]:
    """Audit, then onboard each account; gives what the audit found."""
    found = audit(steps, execution, **which)
    for sid in entries(found["manifest"]):
        steps.onboard(int(sid.removeprefix("AC"), 16), execution)
    return found


def summarise(steps: Steps, execution: str = "first", **event: Any) -> dict[str, Any]:
    """Count how a run's subaccounts came out, and announce it; gives the summary."""
    chosen = {"manifest": manifest(steps, execution), "subaccounts": None}
    summary: dict[str, Any] = steps.invoke("summarise_subaccounts", execution=execution, **chosen | event)
    return summary


def find_orphans(steps: Steps, execution: str, started_at: datetime | None = None) -> dict[str, Any]:
    """Audit, and name what lives in no account, as far as the table knows by now."""
    began = started_at or datetime.now(UTC)
    audited = audit(steps, execution)
    found: dict[str, Any] = steps.invoke(
        "find_orphans",
        execution=execution,
        started_at=began.isoformat(),
        trust_product_sid=PRODUCT,
        assigned=audited["assigned"],
        manifest=audited["manifest"],
    )
    return found


def release_orphans(steps: Steps, execution: str) -> dict[str, int]:
    """Remove what was named twice."""
    done: dict[str, int] = steps.invoke("release_orphans", execution=execution, **BUNDLES)
    return done


def seen(status: str, *, sid: str = PRODUCT, verdict_by: VerdictBy = "none") -> dict[str, Any]:
    """A Trust Product as a run has seen it last."""
    return {"sid": sid, "status": status, "created": False, "connection_sid": None, "verdict_by": verdict_by}


def to_be_checked(before: dict[str, Any], review_deadline: str = FAR) -> dict[str, Any]:
    """The event of Check Trust Product."""
    return {"trust_product": before, "started_at": "2026-11-24T12:00:00+00:00", "review_deadline": review_deadline}
