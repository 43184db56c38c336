"""Where each phone number stands, and what a run would do with it, decided by the run's own functions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Any, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from onboarding.phone_numbers import (
    REFUSED_AGAIN_AFTER,
    Assigned,
    PhoneNumber,
    PhoneNumberRecord,
    Stage,
    classify,
    correct,
    needs_work,
)
from onboarding.table.dynamodb import Table
from onboarding.table.numbers import read_all_numbers
from onboarding.twilio.trust_hub import PHONE_NUMBERS_PER_PAGE, Account
from shaken_stir.live.survey import Survey

type Side = Literal["business_profile", "trust_product"]

TO_BE_CREATED: Final = "BU" + "0" * 32
"""Stands for a Business Profile or a Trust Product that is not there yet: nothing is known to be on it."""


class Outlook(BaseModel):
    """A phone number, where it stands, and what a run would do with it.

    Attributes:
        sid: `PN…`.
        phone_number: In E.164.
        stage: How far it has come by what Twilio lists; `refused` and `ineligible` ones are not on the Trust Product.
        will_be_put_on: Where a run would put it.
        reason: Why it is ineligible, which other bundle it is on, or what Twilio said when it refused the number, with
            its code.
        tried_again_at: Until when a run leaves a refused number alone, None if a run would try it again now.
    """

    model_config = ConfigDict(frozen=True)

    sid: str
    phone_number: str
    stage: Stage
    will_be_put_on: tuple[Side, ...] = ()
    reason: str | None = None
    error_code: int | None = None
    refused_at: datetime | None = None
    tried_again_at: datetime | None = None


class AccountOutlook(BaseModel):
    """An account that a run would work on, and its numbers; `unread` is why they could not be read."""

    model_config = ConfigDict(frozen=True)

    sid: str
    friendly_name: str
    numbers: tuple[Outlook, ...] = ()
    unread: str | None = None


class Page(NamedTuple):
    """How many numbers of a page a run would look up on the Business Profile, and then on the Trust Product.

    `elsewhere` counts the numbers that need work but are on another bundle, `on_other_product` those of them that are
    on a Trust Product, `also_on_profile` those that are on the Business Profile, too.
    """

    on_profile: int
    on_product: int
    elsewhere: int = 0
    on_other_product: int = 0
    also_on_profile: int = 0


@dataclass(frozen=True)
class Work:
    """What a run would do for an account.

    Attributes:
        account: The account, with where its numbers stand.
        pages: What would be looked up of each page of its numbers.
        missing: How many numbers the table knows that Twilio lists no more.
        assigns: Whether some numbers need work, or the table knows none of the account's.
    """

    account: AccountOutlook
    pages: tuple[Page, ...]
    missing: int
    assigns: bool


def work_of(survey: Survey, known: Table) -> tuple[Work, ...]:
    """Work out what a run would do with the numbers of each account that it would work on.

    Args:
        survey: What is at Twilio.
        known: What earlier runs have recorded.
    """
    profile_sid = survey.profile.sid if survey.profile else TO_BE_CREATED
    product_sid = survey.product.sid if survey.product else TO_BE_CREATED
    assigned = Assigned(
        business_profile_sid=profile_sid,
        trust_product_sid=product_sid,
        on_business_profile={sid: list(them) for sid, them in survey.on_profile.by_number.items()},
        on_trust_product={sid: list(them) for sid, them in survey.on_product.by_number.items()},
    )
    return tuple(_work_for(survey, known, assigned, account) for account in survey.worked_on)


def _work_for(survey: Survey, known: Table, assigned: Assigned, account: Account) -> Work:
    request, read = survey.request, survey.numbers[account.sid]
    records = {record.phone_number_sid: record for record in read_all_numbers(known, account.sid)}
    if not request.phone_numbers:
        # The audit comes before the numbers are listed.
        records = {sid: correct(record, assigned) for sid, record in records.items()}
    seen = [(number.listed, records.get(number.sid)) for number in read.numbers]
    named = bool(request.phone_numbers)
    classified = [
        classify(it.listed, records.get(it.sid), assigned.bundles, it.ineligible, named=named) for it in read.numbers
    ]
    assigns = any(map(needs_work, classified)) or not (records or request.phone_numbers)
    pages = [_page(page, survey, assigned) for page in batched(classified, PHONE_NUMBERS_PER_PAGE, strict=False)]
    classified = [set_aside(record, survey, assigned) for record in classified]
    listed = {number.sid for number in read.numbers}
    expected = {sid for sid, record in records.items() if record.stage is not Stage.RELEASED}
    return Work(
        account=AccountOutlook(
            sid=account.sid,
            friendly_name=account.friendly_name,
            numbers=tuple(
                _outlook(number, record, now, assigned) for (number, record), now in zip(seen, classified, strict=True)
            ),
            unread=read.unread,
        ),
        pages=tuple(pages),
        assigns=assigns,
        missing=0 if request.phone_numbers or read.unread else len(expected - listed),
    )


def set_aside(record: PhoneNumberRecord, survey: Survey, assigned: Assigned) -> PhoneNumberRecord:
    """Return a number that needs work but is on another bundle as elsewhere, as `List Phone Numbers` does."""
    sid = record.phone_number_sid
    on_both = sid in assigned.on_business_profile and sid in assigned.on_trust_product
    if not needs_work(record) or on_both or sid not in survey.elsewhere:
        return record
    return record.found_elsewhere(survey.elsewhere[sid])


def _page(classified: Iterable[PhoneNumberRecord], survey: Survey, assigned: Assigned) -> Page:
    need_work = [record for record in classified if needs_work(record)]
    stages = [set_aside(record, survey, assigned).stage for record in need_work]
    elsewhere = [record.phone_number_sid for record in need_work if record.phone_number_sid in survey.elsewhere]
    return Page(
        on_profile=stages.count(Stage.DISCOVERED),
        on_product=len(stages) - stages.count(Stage.ELSEWHERE),
        elsewhere=len(elsewhere),
        on_other_product=sum(survey.elsewhere[sid].kind == "trust_product" for sid in elsewhere),
        also_on_profile=sum(sid in assigned.on_business_profile for sid in elsewhere),
    )


def _outlook(
    number: PhoneNumber, known: PhoneNumberRecord | None, classified: PhoneNumberRecord, assigned: Assigned
) -> Outlook:
    """Tell of a number.

    Args:
        number: As Twilio lists it.
        known: What is recorded of it, the audit's corrections included.
        classified: What a run would make of that before it assigns anything.
        assigned: What is assigned at Twilio.
    """
    on_profile = number.sid in assigned.on_business_profile
    on_product = number.sid in assigned.on_trust_product
    goes_on = {
        "business_profile": classified.stage is Stage.DISCOVERED and not on_profile,
        "trust_product": needs_work(classified) and not on_product,
    }
    about: dict[str, Any] = {
        "sid": number.sid,
        "phone_number": number.phone_number,
        "will_be_put_on": tuple(side for side, wanted in goes_on.items() if wanted),
    }
    ours = {assigned.business_profile_sid, assigned.trust_product_sid}
    if on_product:
        return Outlook(stage=Stage.ON_TRUST_PRODUCT, **about)
    if classified.stage is Stage.ELSEWHERE and classified.elsewhere:
        reason = f"it is on {classified.elsewhere.describe()}"
        return Outlook(stage=Stage.ELSEWHERE, reason=reason, **about)
    if classified.stage is Stage.INELIGIBLE:
        return Outlook(stage=Stage.INELIGIBLE, reason=classified.reason, **about)
    if known and known.stage is Stage.REFUSED and known.refused_by in ours:
        again_at = known.refused_at + REFUSED_AGAIN_AFTER if known.refused_at else None
        return Outlook(
            stage=Stage.REFUSED,
            reason=known.reason,
            error_code=known.error_code,
            refused_at=known.refused_at,
            tried_again_at=again_at if classified.stage is Stage.REFUSED else None,
            **about,
        )
    return Outlook(stage=Stage.ON_BUSINESS_PROFILE if on_profile else Stage.DISCOVERED, **about)
