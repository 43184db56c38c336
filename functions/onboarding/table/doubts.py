"""What a run may have created twice, since an answer of Twilio was lost or its lists lagged."""

from typing import NamedTuple

from onboarding.models import AccountSid, BundleSid, Model, PhoneNumberSid
from onboarding.table.dynamodb import DAY_SECONDS, Key, Table, expires_after, readable_ones, to_item

DOUBT_SECONDS = 30 * DAY_SECONDS
PRODUCT_DOUBT = "DOUBT#TRUST_PRODUCT"


class AssignmentDoubt(Model):
    """Numbers of an account that a run may have assigned twice to a Business Profile or a Trust Product."""

    bundle_sid: BundleSid
    account_sid: AccountSid
    phone_number_sids: list[PhoneNumberSid]


class Doubts(NamedTuple):
    """What a run may have created twice: assignments, and whether also its Trust Product."""

    assignments: tuple[AssignmentDoubt, ...]
    about_product: bool


def doubt_assignments(table: Table, execution: str, doubt: AssignmentDoubt) -> None:
    """Record that a run may have assigned numbers twice."""
    key = Key(_execution(execution), f"DOUBT#{doubt.bundle_sid}#{doubt.phone_number_sids[0]}")
    table.put_batch([(key, to_item(doubt) | expires_after(DOUBT_SECONDS))])


def doubt_trust_product(table: Table, execution: str) -> None:
    """Record that a run may not have found a Trust Product that exists, or may have created one twice."""
    table.put(Key(_execution(execution), PRODUCT_DOUBT), expires_after(DOUBT_SECONDS))


def read_doubts(table: Table, execution: str) -> Doubts | None:
    """Read the doubts of a run, None if there are none."""
    items = list(table.query(_execution(execution), "DOUBT#"))
    about_numbers = [item for item in items if item["sk"] != PRODUCT_DOUBT]
    assignments = tuple(readable_ones(AssignmentDoubt, about_numbers))
    return Doubts(assignments, about_product=len(about_numbers) < len(items)) if items else None


def _execution(name: str) -> str:
    return f"EXECUTION#{name}"
