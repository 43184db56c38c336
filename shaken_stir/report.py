"""What a run came to, as `shaken-stir run --json` prints it."""

from datetime import datetime

from pydantic import BaseModel

from onboarding.phone_numbers import Stage
from onboarding.requests import LeftOutNumber
from onboarding.subaccounts import SubaccountOutcome, SubaccountStatus
from onboarding.trust_products import Status, VerdictBy
from onboarding.validity import BundleKind
from shaken_stir.status.model import Counts, NumberStatus


class SubaccountReport(BaseModel):
    """How one subaccount came out."""

    status: SubaccountStatus
    numbers: dict[Stage, int]


class TrustProductReport(BaseModel):
    """The Trust Product at the end of the run."""

    sid: str
    status: Status
    created: bool
    verdict_by: VerdictBy


class ValidityReport(BaseModel):
    """When the validity of the Business Profile or the Trust Product (`sid`) ends, as Twilio names it."""

    kind: BundleKind
    sid: str
    valid_until: datetime


class AuditReport(BaseModel):
    """What the audit of all assignments found; without it the message says why."""

    vanished: int
    adopted: int
    message: str


class OrphansReport(BaseModel):
    """Assigned numbers that live in no account: how many, named before, and released in this run.

    `release_message` says why not all were released that should have been, empty if they were.
    """

    found: int
    named_before: int
    message: str = ""
    released: int = 0
    release_message: str = ""


class Report(BaseModel):
    """A run in numbers; `status`, `error` and `cause` are those of Step Functions.

    `audit` and `orphans` are None where the run did not look; `announced` are the detail types of its events;
    `left_out` are the phone numbers that the request names but the account does not have; `duplicates` is a sentence on
    what the run has created twice, empty if nothing is known to be; `validities` are those of the
    run's Business Profile and Trust Product, as far as Twilio names an end; `counts` counts the numbers of the run's
    subaccounts by reason, `unsigned` are those that are not signed. A run that ended before it reached its subaccounts
    reports those of the whole fleet.
    """

    status: str
    error: str | None
    cause: str | None
    trust_product: TrustProductReport | None
    subaccounts: dict[str, SubaccountReport]
    numbers: dict[Stage, int]
    audit: AuditReport | None = None
    orphans: OrphansReport | None = None
    announced: list[str] = []
    left_out: list[LeftOutNumber] = []
    duplicates: str = ""
    validities: list[ValidityReport] = []
    counts: Counts = Counts(by_reason={})
    unsigned: list[NumberStatus] = []
    twilio_calls: dict[str, int]
    state_transitions: int
    lambda_invocations: int
    seconds: float


class LiveReport(Report):
    """A run with `--live`; `twilio` is what answered in Twilio's place in a rehearsal, None for Twilio itself."""

    twilio: str | None


def subaccounts_of(outcomes: list[SubaccountOutcome]) -> dict[str, SubaccountReport]:
    """Report the outcomes of a run by subaccount SID (`AC…`)."""
    return {
        outcome.subaccount_sid: SubaccountReport(status=outcome.status, numbers=outcome.numbers)
        for outcome in sorted(outcomes, key=lambda outcome: outcome.subaccount_sid)
    }
