"""Why a number is signed or not, since when, and what to do about it. All pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from onboarding.business_profiles import is_waited_for
from onboarding.errors import section
from onboarding.phone_numbers import REFUSED_AGAIN_AFTER, PhoneNumberRecord, Stage
from onboarding.subaccounts import SubaccountStatus
from onboarding.trust_products import DELETED, REJECTION_REMEDIES, Status
from onboarding.words import moment, plural
from shaken_stir.status.model import (
    Counts,
    NumberStatus,
    ProductStatus,
    ProfileStatus,
    Reason,
    RunUnderWay,
    SubaccountStanding,
)

OF_ITS_ACCOUNT: Final = {SubaccountStatus.IN_PROGRESS: Reason.UNDER_WAY, SubaccountStatus.FAILED: Reason.FAILED}
"""The reason of an unfinished number, where its account says more than `to-do`."""
SEND_AGAIN: Final = "send the request again, or turn the daily run on (docs/runbook.md#the-daily-run)"
EXPLANATIONS: Final = {
    Reason.SIGNED: "it is on the approved Trust Product",
    Reason.IN_REVIEW: "Twilio reviews the Trust Product that it is on",
    Reason.REJECTED: "Twilio rejected the Trust Product that it is on",
    Reason.PROFILE_NOT_APPROVED: "the Business Profile that it is on is not approved",
    Reason.PROFILE_IN_REVIEW: "Twilio reviews the Business Profile that it is on",
    Reason.NOT_SUBMITTED: "the Trust Product that it is on was not submitted to Twilio",
    Reason.UNDER_WAY: "a run works on its account right now",
    Reason.ELSEWHERE: "it is on another bundle of the account",
    Reason.RELEASED: "it has left its account",
}
REMEDIES: Final = {
    Reason.REJECTED: 'correct it in the Console, then send the request again with "resubmit": true',
    Reason.PROFILE_NOT_APPROVED: "complete the profile in the Console's Trust Hub, then send the request again",
    Reason.NOT_SUBMITTED: "send the request again",
    Reason.TO_DO: SEND_AGAIN,
    Reason.FAILED: SEND_AGAIN,
    Reason.ELSEWHERE: "leave it there; or take it off there in the Console, then name the number in a request",
}


class Bundles(NamedTuple):
    """The Trust Product and the Business Profile that runs use; None before there is one."""

    product: ProductStatus | None = None
    profile: ProfileStatus | None = None

    @property
    def sids(self) -> tuple[str | None, str | None]:
        """The Business Profile and the Trust Product, `BU…`."""
        return self.profile.sid if self.profile else None, self.product.sid if self.product else None

    @property
    def reason(self) -> Reason:
        """Why a number that is on both of them is signed, or not."""
        if self.profile and self.profile.status is not Status.APPROVED:
            return Reason.PROFILE_IN_REVIEW if is_waited_for(self.profile.status) else Reason.PROFILE_NOT_APPROVED
        match self.product.status if self.product else None:
            case Status.REJECTED:
                return Reason.REJECTED
            case Status.DRAFT | None:
                return Reason.NOT_SUBMITTED
            case status if status is DELETED:
                return Reason.TO_DO
            case status:
                if self.product and not self.product.connected:
                    return Reason.TO_DO
                return Reason.SIGNED if status is Status.APPROVED else Reason.IN_REVIEW

    @property
    def since(self) -> datetime | None:
        """Since when that reason has held for a number that has been on both of them for longer."""
        product, profile = self.product, self.profile
        if self.reason in {Reason.PROFILE_NOT_APPROVED, Reason.PROFILE_IN_REVIEW}:
            return profile.since if profile else None
        if not product:
            return None
        if self.reason is Reason.SIGNED:
            return latest(product.since, product.connection_since, profile.since if profile else None)
        if self.reason is Reason.TO_DO and product.status is not DELETED:
            return product.connection_since
        return product.reviewed_since or product.since


def latest(*times: datetime | None) -> datetime | None:
    """Return the latest of these times that are known."""
    return max(filter(None, times), default=None)


def reason_of(stage: Stage, bundles: Bundles, subaccount_status: SubaccountStatus) -> Reason:
    """Return why a number is signed or not.

    Args:
        stage: How far it has come, with these bundles.
        bundles: The Trust Product and the Business Profile that runs use.
        subaccount_status: The outcome of its account's last run.
    """
    match stage:
        case Stage.ON_TRUST_PRODUCT:
            return bundles.reason
        case Stage.REFUSED:
            return Reason.REFUSED
        case Stage.INELIGIBLE:
            return Reason.INELIGIBLE
        case Stage.ELSEWHERE:
            return Reason.ELSEWHERE
        case Stage.RELEASED:
            return Reason.RELEASED
        case Stage.DISCOVERED | Stage.ON_BUSINESS_PROFILE:
            return OF_ITS_ACCOUNT.get(subaccount_status, Reason.TO_DO)


def counts_of(numbers: Mapping[Stage, int], bundles: Bundles, subaccount_status: SubaccountStatus) -> Counts:
    """Count numbers by reason; `numbers` are by stage, with these bundles."""
    counted: Counter[Reason] = Counter()
    for stage, count in numbers.items():
        if stage is not Stage.RELEASED:
            counted[reason_of(stage, bundles, subaccount_status)] += count
    return counts(counted)


def counts(by_reason: Mapping[Reason, int]) -> Counts:
    """Return counts in the order of the reasons, without those that are zero."""
    return Counts(by_reason={reason: by_reason[reason] for reason in Reason if by_reason.get(reason)})


def stage_with(record: PhoneNumberRecord, bundles: Bundles) -> Stage:
    """Return how far a number has come with these bundles: one that is on others is still to be assigned."""
    elsewhere = record.stage is Stage.ON_TRUST_PRODUCT and record.bundles != bundles.sids
    return Stage.DISCOVERED if elsewhere else record.stage


def number_status(
    record: PhoneNumberRecord, subaccount: SubaccountStanding, bundles: Bundles, read_at: datetime
) -> NumberStatus:
    """Return where a number stands, why, and what to do about it.

    Args:
        record: The number's record.
        subaccount: Its account.
        bundles: The Trust Product and the Business Profile that runs use.
        read_at: When the table was read.
    """
    product = bundles.product
    stage = stage_with(record, bundles)
    on_both = stage is Stage.ON_TRUST_PRODUCT
    reason = reason_of(stage, bundles, subaccount.status)
    explanation, remedy = _words(reason, record, subaccount, bundles)
    is_used = product is not None and record.trust_product_sid == product.sid
    ends = [it.valid_until for it in bundles if it and it.valid_until] if on_both else []
    return NumberStatus(
        account_sid=subaccount.sid,
        account_name=subaccount.friendly_name,
        phone_number_sid=record.phone_number_sid,
        phone_number=record.phone_number,
        stage=record.stage,
        reason=reason,
        explanation=explanation,
        remedy=remedy,
        since=latest(record.since, bundles.since) if on_both else record.since,
        code=record.error_code,
        tried_again_at=record.refused_at + REFUSED_AGAIN_AFTER if record.refused_at else None,
        came_at=record.came_at,
        lost_at=record.lost_at,
        business_profile_sid=record.business_profile_sid,
        trust_product_sid=record.trust_product_sid,
        trust_product_status=product.status if product and is_used else None,
        approved_seen_at=product.since if product and is_used and product.status is Status.APPROVED else None,
        valid_until=min(ends, default=None),
        assigned_at=record.since if record.stage is Stage.ON_TRUST_PRODUCT else None,
        read_at=read_at,
        elsewhere=record.elsewhere,
    )


def _words(
    reason: Reason, record: PhoneNumberRecord, subaccount: SubaccountStanding, bundles: Bundles
) -> tuple[str, str]:
    """Return why, and what to do."""
    if reason is Reason.REFUSED:
        code = f" (code {record.error_code})" if record.error_code else ""
        return f"Twilio refused it: {record.reason}{code}", _refusal_remedy(record.error_code)
    product, profile = bundles
    of_profile = profile and f"the Business Profile {profile.sid} is {profile.status.value}, not twilio-approved"
    about = {
        Reason.REJECTED: product.explanation if product else "",
        Reason.PROFILE_NOT_APPROVED: of_profile,
        Reason.PROFILE_IN_REVIEW: of_profile,
        Reason.TO_DO: _so_far(record, bundles),
        Reason.FAILED: f"{_so_far(record, bundles)}, since the last run failed on its account: {subaccount.message}",
        Reason.ELSEWHERE: record.elsewhere and f"it is on {record.elsewhere.describe()}",
        Reason.INELIGIBLE: record.reason or "it cannot be signed",
    }
    return about.get(reason) or EXPLANATIONS[reason], REMEDIES.get(reason, "")


def _so_far(record: PhoneNumberRecord, bundles: Bundles) -> str:
    profile_sid, product_sid = bundles.sids
    if record.stage is Stage.ON_TRUST_PRODUCT:
        if record.trust_product_sid != product_sid:
            return f"it is on another Trust Product, {record.trust_product_sid}"
        if record.business_profile_sid != profile_sid:
            return f"it is on another Business Profile, {record.business_profile_sid}"
        if bundles.product and bundles.product.status is DELETED:
            return f"the Trust Product that it was on, {product_sid}, no longer exists at Twilio"
        return f"the Trust Product that it is on, {product_sid}, is not connected to the Business Profile"
    is_half_way = record.stage is Stage.ON_BUSINESS_PROFILE
    return "it is on the Business Profile only" if is_half_way else "it is assigned to nothing yet"


def _refusal_remedy(code: int | None) -> str:
    if code in REJECTION_REMEDIES:
        return f"{REJECTION_REMEDIES[code]} ({section(str(code))})"
    return f"look the code up, correct the cause, then name the number in a request ({section('TwilioRefused')})"


def headline(
    counted: Counts, bundles: Bundles, subaccounts: Sequence[SubaccountStanding], run: RunUnderWay | None
) -> str:
    """Return the one sentence that matters."""
    if not any(it.is_read for it in subaccounts):
        nothing = "No run has worked on a subaccount yet: send a request (docs/first-day.md)."
        return f"A {going_on(run)}." if run else nothing
    failing = sum(it.is_failing for it in subaccounts)
    parts = [
        f"{counted.signed:,} of {plural(counted.eligible, 'eligible number')} {_is(counted.eligible)} signed",
        *_of_bundles(bundles),
    ]
    if counted.need_a_person:
        parts.append(f"{counted.need_a_person:,} {'needs' if counted.need_a_person == 1 else 'need'} you")
    if under_way := counted.by_reason.get(Reason.UNDER_WAY):
        parts.append(f"{under_way:,} {_is(under_way)} under way")
    if failing:
        parts.append(f"{plural(failing, 'subaccount')} failed")
    return f"{'; '.join(parts)}."


def _of_bundles(bundles: Bundles) -> Iterator[str]:
    product, profile = bundles
    if profile and profile.status is not Status.APPROVED:
        yield f"the Business Profile is {profile.status.value}"
    if not product:
        return
    if product.status is Status.REJECTED:
        yield "Twilio rejected the Trust Product"
    if product.status is DELETED:
        yield "the Trust Product no longer exists at Twilio"
    elif not product.connected:
        yield "the Trust Product is not connected to the Business Profile"
    if product.reviewed_since:
        yield f"Twilio has been reviewing the Trust Product since {moment(product.reviewed_since)}"


def going_on(run: RunUnderWay) -> str:
    """Return how far a run is: `run has been going on since …, 40 of 200 accounts done`."""
    since, accounts = moment(run.started_at), plural(run.accounts, "account")
    return f"run has been going on since {since}, {run.done:,} of {accounts} done"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
