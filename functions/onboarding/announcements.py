"""The only module that talks to EventBridge: what a run announces to whoever listens.

Each announcement is an event on the stack's own bus with the source `shaken-stir.onboarding`; its detail is the model's
JSON. It is sent at least once: what comes twice has the same `id`.
Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html.
"""

import time
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Literal

from botocore.exceptions import BotoCoreError, ClientError

from onboarding.errors import AwsUnavailable
from onboarding.models import AccountSid, BundleSid, Model, PhoneNumberSid
from onboarding.observability import logger, measure
from onboarding.phone_numbers import Stage
from onboarding.requests import LeftOutNumber
from onboarding.validity import BundleKind

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE = "shaken-stir.onboarding"
MOST_NAMED = 100
"""How many subaccounts or numbers one announcement names; an event holds 256 KB."""
LONGEST_MESSAGE = 500
"""How many characters of each failure's message an announcement holds."""
ATTEMPTS = 3
PAUSE_SECONDS = 1.0
"""How long to wait before the second attempt; before the third it is twice as long."""


class Announcement(Model):
    """What every announcement says: by which execution, and in one sentence for a person, what."""

    detail_type: ClassVar[str]

    id: str
    execution: str
    message: str


class TrustProductApproved(Announcement):
    """Twilio has approved the Trust Product: from now on the numbers on it are signed."""

    detail_type = "Trust Product Approved"

    trust_product_sid: BundleSid


class TrustProductRejected(Announcement):
    """Twilio has rejected the Trust Product, or revoked its approval; with Twilio's codes and words."""

    detail_type = "Trust Product Rejected"

    trust_product_sid: BundleSid
    errors: list[int]
    reasons: list[str]


class SubaccountsOnboarded(Announcement):
    """A run has worked through its subaccounts, and none failed.

    `busy` are those that another run was working on, `changed` those whose numbers are not as they were before;
    `numbers` counts the numbers of all by stage. `numbers_left_out` are phone numbers that the request names but the
    account does not have; `left_out` names the first 100.
    """

    detail_type = "Subaccounts Onboarded"

    onboarded: int
    busy: int
    changed: int
    numbers: dict[Stage, int]
    numbers_left_out: int = 0
    left_out: tuple[LeftOutNumber, ...] = ()


class SubaccountFailure(Model):
    """A subaccount that failed; `error` is the name of its error, None if its outcome was lost."""

    subaccount_sid: AccountSid
    error: str | None
    message: str


class SubaccountsFailed(Announcement):
    """A run has worked through its subaccounts, and some failed; the first 100 are named.

    `numbers_left_out` and `left_out` are those of Subaccounts Onboarded.
    """

    detail_type = "Subaccounts Failed"

    onboarded: int
    busy: int
    failed: int
    failures: list[SubaccountFailure]
    numbers_left_out: int = 0
    left_out: tuple[LeftOutNumber, ...] = ()


class SubaccountLoss(Model):
    """How many numbers of a subaccount had lost an assignment."""

    subaccount_sid: AccountSid
    vanished: int


class DriftFound(Announcement):
    """Numbers had lost an assignment at Twilio, and go back to work; the first 100 of their subaccounts are named.

    `vanished` counts the numbers, `subaccounts` whose they are; `losses` has the subaccounts with the most first.
    """

    detail_type = "Drift Found"

    trust_product_sid: BundleSid
    vanished: int
    subaccounts: int
    losses: list[SubaccountLoss]


class OrphansFound(Announcement):
    """Numbers are assigned that live in no account, `new` of them for the first time; the first 100 are named."""

    detail_type = "Orphans Found"

    trust_product_sid: BundleSid
    found: int
    new: int
    phone_number_sids: list[PhoneNumberSid]


class CheckLeftOut(Announcement):
    """A run over all numbers left out a check, since there was too much to read.

    `check` is `audit` (lost assignments and orphans are not noticed) or `orphans` (released numbers are not noticed).
    """

    detail_type = "Check Left Out"

    trust_product_sid: BundleSid
    check: Literal["audit", "orphans"]


class ValidityEnding(Announcement):
    """The validity of the Business Profile or the Trust Product (`sid`) ends within 30 days, or has ended.

    `days_left` is 0 on the day, and below 0 after it.
    """

    detail_type = "Validity Ending"

    kind: BundleKind
    sid: BundleSid
    valid_until: datetime
    days_left: int


ANNOUNCEMENTS: tuple[type[Announcement], ...] = (
    TrustProductApproved,
    TrustProductRejected,
    SubaccountsOnboarded,
    SubaccountsFailed,
    DriftFound,
    OrphansFound,
    CheckLeftOut,
    ValidityEnding,
)


def announce(client: "EventBridgeClient", bus: str, announcement: Announcement) -> None:
    """Send an announcement.

    Args:
        client: An EventBridge client.
        bus: The name of the stack's event bus.
        announcement: What to tell.

    Raises:
        AwsUnavailable: EventBridge did not take it.
    """
    entry: PutEventsRequestEntryTypeDef = {
        "EventBusName": bus,
        "Source": SOURCE,
        "DetailType": announcement.detail_type,
        "Detail": announcement.model_dump_json(),
    }
    # The client tries an HTTP error again by itself, but not a single entry's.
    for attempt in range(ATTEMPTS):
        time.sleep(PAUSE_SECONDS * attempt)
        [taken] = client.put_events(Entries=[entry])["Entries"]
        if "ErrorCode" not in taken:
            return
    raise AwsUnavailable(
        f"EventBridge did not take '{announcement.detail_type}' ({taken['ErrorCode']}: {taken['ErrorMessage']}); "
        "send the request again later."
    )


def try_to_announce(client: "EventBridgeClient", bus: str, announcement: Announcement) -> bool:
    """Send an announcement that is not worth the run: one that is not taken is logged, and counted for an alarm.

    Args:
        client: An EventBridge client.
        bus: The name of the stack's event bus.
        announcement: What to tell.

    Returns:
        Whether EventBridge took it.
    """
    try:
        announce(client, bus, announcement)
    except (AwsUnavailable, BotoCoreError, ClientError) as error:
        told = {"announcement": announcement.detail_type, "id": announcement.id, "told": announcement.message}
        logger().error("an announcement was not sent", extra={**told, "said": str(error)})
        measure(name="AnnouncementsNotSent", value=1)
        return False
    return True
