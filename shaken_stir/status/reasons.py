"""Why a number is signed or not, and what to do about it. All pure."""

from collections import Counter
from collections.abc import Mapping, Sequence

from onboarding.errors import section
from onboarding.phone_numbers import REFUSED_AGAIN_AFTER, PhoneNumberRecord, Stage
from onboarding.subaccounts import SubaccountStatus
from onboarding.trust_products import REJECTION_REMEDIES, Status
from onboarding.words import moment, plural
from shaken_stir.status.model import Counts, NumberStatus, ProductStatus, Reason, SubaccountStanding

OF_ITS_ACCOUNT = {SubaccountStatus.IN_PROGRESS: Reason.UNDER_WAY, SubaccountStatus.FAILED: Reason.FAILED}
"""Why a number is still to be done, where its account says more than that."""
SEND_AGAIN = "send the request again, or turn the daily run on (docs/runbook.md#the-daily-run)"
EXPLANATIONS = {
    Reason.SIGNED: "it is on the approved Trust Product",
    Reason.IN_REVIEW: "Twilio reviews the Trust Product that it is on",
    Reason.REJECTED: "Twilio rejected the Trust Product that it is on",
    Reason.NOT_SUBMITTED: "the Trust Product that it is on was not submitted to Twilio",
    Reason.UNDER_WAY: "a run works on its account right now",
    Reason.RELEASED: "it has left its account",
}
REMEDIES = {
    Reason.REJECTED: 'correct it in the Console, then send the request again with "resubmit": true',
    Reason.NOT_SUBMITTED: "send the request again",
    Reason.TO_DO: SEND_AGAIN,
    Reason.FAILED: SEND_AGAIN,
}


def reason_of(stage: Stage, product: ProductStatus | None, subaccount_status: SubaccountStatus) -> Reason:
    """Say why a number is signed or not.

    Args:
        stage: How far it has come.
        product: The Trust Product that runs use, None if there is none yet.
        subaccount_status: How the last run of its account came out.
    """
    match stage:
        case Stage.ON_TRUST_PRODUCT:
            return _of_product(product)
        case Stage.REFUSED:
            return Reason.REFUSED
        case Stage.INELIGIBLE:
            return Reason.INELIGIBLE
        case Stage.RELEASED:
            return Reason.RELEASED
        case Stage.DISCOVERED | Stage.ON_BUSINESS_PROFILE:
            return OF_ITS_ACCOUNT.get(subaccount_status, Reason.TO_DO)


def _of_product(product: ProductStatus | None) -> Reason:
    match product.status if product else None:
        case Status.APPROVED:
            return Reason.SIGNED
        case Status.REJECTED:
            return Reason.REJECTED
        case Status.DRAFT | None:
            return Reason.NOT_SUBMITTED
        case _:
            return Reason.IN_REVIEW


def counts_of(
    numbers: Mapping[Stage, int], product: ProductStatus | None, subaccount_status: SubaccountStatus
) -> Counts:
    """Count numbers by why they are signed or not."""
    counted: Counter[Reason] = Counter()
    for stage, count in numbers.items():
        if stage is not Stage.RELEASED:
            counted[reason_of(stage, product, subaccount_status)] += count
    return Counts(by_reason={reason: counted[reason] for reason in Reason if counted[reason]})


def number_status(
    record: PhoneNumberRecord, subaccount: SubaccountStanding, product: ProductStatus | None
) -> NumberStatus:
    """Say where a number stands, why, and what to do about it.

    Args:
        record: What is known of it.
        subaccount: Its account.
        product: The Trust Product that runs use, None if there is none yet.
    """
    elsewhere = (
        record.stage is Stage.ON_TRUST_PRODUCT and product is not None and record.trust_product_sid != product.sid
    )
    stage = Stage.DISCOVERED if elsewhere else record.stage
    reason = reason_of(stage, product, subaccount.status)
    explanation, remedy = _words(reason, record, subaccount, product)
    if elsewhere:
        explanation = f"it is on another Trust Product, {record.trust_product_sid}"
    return NumberStatus(
        account_sid=subaccount.sid,
        account_name=subaccount.friendly_name,
        phone_number_sid=record.phone_number_sid,
        phone_number=record.phone_number,
        stage=record.stage,
        reason=reason,
        explanation=explanation,
        remedy=remedy,
        since=record.since,
        code=record.error_code,
        tried_again_at=record.refused_at + REFUSED_AGAIN_AFTER if record.refused_at else None,
        came_at=record.came_at,
        lost_at=record.lost_at,
    )


def _words(
    reason: Reason, record: PhoneNumberRecord, subaccount: SubaccountStanding, product: ProductStatus | None
) -> tuple[str, str]:
    """Put a reason into words: why, and what to do."""
    if reason is Reason.REFUSED:
        code = f" (code {record.error_code})" if record.error_code else ""
        return f"Twilio refused it: {record.reason}{code}", _refusal_remedy(record.error_code)
    about = {
        Reason.REJECTED: product.explanation if product else "",
        Reason.TO_DO: _so_far(record),
        Reason.FAILED: f"{_so_far(record)}, since the last run failed on its account: {subaccount.message}",
        Reason.INELIGIBLE: record.reason or "it cannot be signed",
    }
    return about.get(reason) or EXPLANATIONS[reason], REMEDIES.get(reason, "")


def _so_far(record: PhoneNumberRecord) -> str:
    is_half_way = record.stage is Stage.ON_BUSINESS_PROFILE
    return "it is on the Business Profile only" if is_half_way else "it is assigned to nothing yet"


def _refusal_remedy(code: int | None) -> str:
    if code in REJECTION_REMEDIES:
        return f"{REJECTION_REMEDIES[code]} ({section(str(code))})"
    return f"look the code up, correct the cause, then name the number in a request ({section('TwilioRefused')})"


def headline(counts: Counts, product: ProductStatus | None, subaccounts: Sequence[SubaccountStanding]) -> str:
    """Say the one sentence that matters."""
    if not subaccounts:
        return "No run has worked on a subaccount yet: send a request (docs/first-day.md)."
    failing = sum(it.is_failing for it in subaccounts)
    signed = f"{counts.signed:,} of {plural(counts.eligible, 'eligible number')} {_is(counts.eligible)} signed"
    parts = []
    if product and product.reviewed_since:
        parts.append(f"Twilio has been reviewing the Trust Product since {moment(product.reviewed_since)}")
    if product and product.status is Status.REJECTED:
        parts.append("Twilio rejected the Trust Product")
    if counts.need_a_person:
        parts.append(f"{counts.need_a_person:,} {'needs' if counts.need_a_person == 1 else 'need'} you")
    if under_way := counts.by_reason.get(Reason.UNDER_WAY):
        parts.append(f"{under_way:,} {_is(under_way)} under way")
    if failing:
        parts.append(f"{plural(failing, 'subaccount')} failed")
    return f"{'; '.join([signed, *parts])}."


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
