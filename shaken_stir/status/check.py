"""Compare what the progress table says with what Twilio says, by GETs alone."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from onboarding.phone_numbers import Stage
from onboarding.twilio.trust_hub import TrustHub
from shaken_stir.live import request, survey
from shaken_stir.live.survey import OnProgress, Survey
from shaken_stir.status.model import FleetStatus, NumberStatus


class Difference(BaseModel):
    """A number, or the product, that the table has wrong, or why a run would be refused; `says` is the sentence.

    `corrected` says whether the next run over the whole fleet puts it right.
    """

    model_config = ConfigDict(frozen=True)

    account_sid: str
    phone_number_sid: str | None = None
    says: str
    corrected: bool = True


class Compared(NamedTuple):
    """What differs, what could not be read at Twilio and why, and how many numbers were compared.

    None is where a run would not come as far as the profile and the product, whose assignments are then not read.
    """

    differences: list[Difference]
    unread: Mapping[str, str]
    numbers: int


def compare(
    hub: TrustHub, fleet: FleetStatus, numbers: Iterable[NumberStatus], on_progress: OnProgress | None = None
) -> Compared:
    """Read an account at Twilio and tell where the table is wrong.

    Args:
        hub: The client of the parent account.
        fleet: What the table says of the fleet.
        numbers: What it says of all numbers.
        on_progress: Called now and then.

    Raises:
        CredentialsRefused, TwilioRefused, TwilioThrottled, TwilioUnavailable: Twilio could not be read.
    """
    asked: dict[str, Any] = {"include_parent": fleet.subaccount(hub.account_sid) is not None}
    if fleet.profile:
        asked["business_profile_sid"] = fleet.profile.sid
    if fleet.product:
        asked["trust_product"] = {"sid": fleet.product.sid}
    read = survey.take(hub, request.complete(asked), on_progress)
    of_product = list(_of_product(read, fleet, hub.account_sid))
    if not read.profile or (fleet.product and not read.product):
        return Compared(of_product, read.unread, 0)
    known = {it.phone_number_sid: it for it in numbers if it.stage is not Stage.RELEASED}
    return Compared([*of_product, *_of_numbers(read, known)], read.unread, len(known))


def _of_product(read: Survey, fleet: FleetStatus, account_sid: str) -> Iterator[Difference]:
    product = fleet.product
    for reason in read.refused:
        yield Difference(account_sid=account_sid, says=reason, corrected=False)
    if product and read.product and read.product.status is not product.status:
        yield Difference(
            account_sid=account_sid,
            says=f"The Trust Product {product.sid} is {read.product.status} at Twilio, {product.status} in the table.",
        )


def _of_numbers(read: Survey, known: Mapping[str, NumberStatus]) -> Iterator[Difference]:
    listed = set()
    for account in read.worked_on:
        for number in read.numbers[account.sid].numbers:
            listed.add(number.sid)
            told = known.get(number.sid)
            where = f"{number.listed.phone_number} ({number.sid} of {account.friendly_name}, {account.sid})"
            says = _difference(told, _stage(read, number.sid))
            if says:
                yield Difference(account_sid=account.sid, phone_number_sid=number.sid, says=f"{where} {says}.")
    compared = {account.sid for account in read.worked_on} - read.unread.keys()
    for sid, told in known.items():
        if sid not in listed and told.account_sid in compared:
            where = f"{told.phone_number} ({sid} of {told.account_name}, {told.account_sid})"
            yield Difference(
                account_sid=told.account_sid,
                phone_number_sid=sid,
                says=f"{where} is {told.stage.value} in the table, but Twilio lists it in its account no more.",
            )


def _stage(read: Survey, sid: str) -> Stage:
    if sid in read.on_product.by_number:
        return Stage.ON_TRUST_PRODUCT
    return Stage.ON_BUSINESS_PROFILE if sid in read.on_profile.by_number else Stage.DISCOVERED


def _difference(told: NumberStatus | None, at_twilio: Stage) -> str:
    """Say what differs, empty if nothing does; why a number is on neither side is for the table alone to know."""
    if told is None:
        return f"is not in the table: it came since the last run, and is {_words(at_twilio)} at Twilio"
    on_product = Stage.ON_TRUST_PRODUCT
    if (told.stage is on_product) is not (at_twilio is on_product) or (
        told.stage is Stage.ON_BUSINESS_PROFILE and at_twilio is Stage.DISCOVERED
    ):
        return f"is {_words(told.stage)} in the table, but {_words(at_twilio)} at Twilio"
    return ""


def _words(stage: Stage) -> str:
    words = {
        Stage.ON_TRUST_PRODUCT: "on the Trust Product",
        Stage.ON_BUSINESS_PROFILE: "on the Business Profile only",
        Stage.DISCOVERED: "on neither",
    }
    return words.get(stage, stage.value)
