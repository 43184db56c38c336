"""Compare the progress table with Twilio, by GETs alone: bundles, connection, and both assignments of every number."""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from onboarding.phone_numbers import Stage
from onboarding.trust_products import DELETED, Status
from onboarding.twilio.trust_hub import TrustHub
from shaken_stir.live import request, survey
from shaken_stir.live.survey import OnProgress, Survey
from shaken_stir.status.model import FleetStatus, NumberStatus

SIDES = {
    (True, True): "on the Business Profile and the Trust Product",
    (True, False): "on the Business Profile only",
    (False, True): "on the Trust Product only",
    (False, False): "on neither",
}

SET_ASIDE = frozenset({Stage.REFUSED, Stage.INELIGIBLE, Stage.ELSEWHERE})


class Difference(BaseModel):
    """Something that the table and Twilio say differently; `says` is the sentence.

    `corrected` says whether the next run over the whole fleet corrects it.
    """

    model_config = ConfigDict(frozen=True)

    account_sid: str
    phone_number_sid: str | None = None
    says: str
    corrected: bool = True


class Compared(BaseModel):
    """The result of a comparison, as `shaken-stir status --check --json` prints it.

    Attributes:
        compared: How many numbers were compared; 0 if Twilio has no such Business Profile or Trust Product.
        differences: What differs.
        unread: Why an account's numbers could not be read at Twilio, by the account's SID.
    """

    model_config = ConfigDict(frozen=True)

    compared: int
    differences: list[Difference]
    unread: Mapping[str, str] = {}


class Compare(NamedTuple):
    """What is compared: the table's fleet and numbers, and what Twilio says."""

    fleet: FleetStatus
    numbers: Mapping[str, NumberStatus]
    read: Survey


def read_twilio(
    hub: TrustHub, fleet: FleetStatus, on_progress: OnProgress | None = None, settle_seconds: float | None = None
) -> Survey:
    """Read the account at Twilio, with the Business Profile and the Trust Product of the table.

    Args:
        hub: The client of the parent account.
        fleet: The fleet as the table has it.
        on_progress: Called as the reading proceeds.
        settle_seconds: The pause after which the account is read again if Twilio does not find the profile or the
            product: a single HTTP 404 is not a deletion. None for the template's.

    Raises:
        CredentialsRefused, TwilioRefused, TwilioThrottled, TwilioUnavailable: Twilio could not be read.
    """
    # A rejection is compared like any other status, so it is not to be refused.
    asked: dict[str, Any] = {"include_parent": fleet.subaccount(hub.account_sid) is not None, "resubmit": True}
    if fleet.profile:
        asked["business_profile_sid"] = fleet.profile.sid
    if fleet.product:
        asked["trust_product"] = {"sid": fleet.product.sid}
    read = survey.take(hub, request.complete(asked), on_progress)
    if not _lacks_a_bundle(read, fleet):
        return read
    time.sleep(request.list_settle_seconds() if settle_seconds is None else settle_seconds)
    return survey.take(hub, request.complete(asked), on_progress)


def compare(read: Survey, fleet: FleetStatus, numbers: Iterable[NumberStatus]) -> Compared:
    """Find every difference between the table and Twilio.

    Args:
        read: The account at Twilio.
        fleet: The fleet as the table has it.
        numbers: All numbers as the table has them.
    """
    known = {it.phone_number_sid: it for it in numbers if it.stage is not Stage.RELEASED}
    compared = Compare(fleet, known, read)
    differences = [*_of_profile(compared), *_of_product(compared), *_of_the_account(compared)]
    if not read.found_profile or not read.product:
        return Compared(compared=0, differences=differences, unread=read.unread)
    differences += _of_numbers(compared)
    return Compared(compared=len(known), differences=differences, unread=read.unread)


def _lacks_a_bundle(read: Survey, fleet: FleetStatus) -> bool:
    if fleet.profile and not read.found_profile:
        return True
    return fleet.product is not None and fleet.product.status is not DELETED and not read.product


def _of_profile(it: Compare) -> Iterator[Difference]:
    known, found = it.fleet.profile, it.read.found_profile
    if not known:
        return
    if not found:
        says = f"The Business Profile {known.sid} is in the table, but the account has none of this SID at Twilio."
        yield Difference(account_sid=it.read.account.sid, says=says, corrected=False)
    elif found.status is not known.status:
        says = f"The Business Profile {known.sid} is {found.status.value} at Twilio, {known.status.value} in the table."
        yield Difference(account_sid=it.read.account.sid, says=says, corrected=found.status is Status.APPROVED)


def _of_product(it: Compare) -> Iterator[Difference]:
    known, found, account_sid = it.fleet.product, it.read.product, it.read.account.sid
    if not known or (known.status is DELETED and not found):
        return
    if not found:
        if it.read.found_profile:
            says = (
                f"The Trust Product {known.sid} is {known.status.value} in the table, but the account has no "
                "SHAKEN/STIR Trust Product of this SID at Twilio."
            )
            yield Difference(account_sid=account_sid, says=says, corrected=False)
        return
    if found.status is not known.status:
        says = f"The Trust Product {known.sid} is {found.status.value} at Twilio, {known.status.value} in the table."
        yield Difference(account_sid=account_sid, says=says)
    if (found.connection_sid is not None) is not known.connected:
        words = {True: "connected", False: "not connected"}
        says = (
            f"The Trust Product {known.sid} is {words[found.connection_sid is not None]} to the Business Profile at "
            f"Twilio, {words[known.connected]} in the table."
        )
        yield Difference(account_sid=account_sid, says=says)


def _of_the_account(it: Compare) -> Iterator[Difference]:
    """Say why a run would be refused for the account itself; the bundles are compared one by one."""
    for reason in it.read.refused:
        if reason not in it.read.refused_bundles:
            yield Difference(account_sid=it.read.account.sid, says=reason, corrected=False)


def _of_numbers(it: Compare) -> Iterator[Difference]:
    listed = set()
    for account in it.read.worked_on:
        for number in it.read.numbers[account.sid].numbers:
            listed.add(number.sid)
            where = f"{number.listed.phone_number} ({number.sid} of {account.friendly_name}, {account.sid})"
            if says := _difference(it, number.sid):
                yield Difference(account_sid=account.sid, phone_number_sid=number.sid, says=f"{where} {says}.")
    compared = {account.sid for account in it.read.worked_on} - it.read.unread.keys()
    for sid, known in it.numbers.items():
        if sid not in listed and known.account_sid in compared:
            where = f"{known.phone_number} ({sid} of {known.account_name}, {known.account_sid})"
            yield Difference(
                account_sid=known.account_sid,
                phone_number_sid=sid,
                says=f"{where} is {known.stage.value} in the table, but Twilio no longer lists it in its account.",
            )


def _difference(it: Compare, sid: str) -> str:
    """Return what differs about a number that Twilio lists, empty if nothing does."""
    known = it.numbers.get(sid)
    at_twilio = sid in it.read.on_profile.by_number, sid in it.read.on_product.by_number
    if known is None:
        return f"is not in the table: it came since the last run, and is {SIDES[at_twilio]} at Twilio"
    in_table = _sides(known, it.fleet)
    # The table says of a number that is not to be assigned why it is not, and never that it is on the profile alone.
    is_set_aside = known.stage in SET_ASIDE and not any(in_table)
    # A number on the product alone is recorded as discovered: it has to be assigned to both again.
    is_to_do = known.stage is Stage.DISCOVERED and at_twilio == (False, True)
    if in_table == at_twilio or is_to_do or (is_set_aside and not at_twilio[1]):
        return ""
    stage = f"{known.stage.value}, " if known.stage in SET_ASIDE else ""
    return f"is {stage}{SIDES[in_table]} in the table, but {SIDES[at_twilio]} at Twilio"


def _sides(known: NumberStatus, fleet: FleetStatus) -> tuple[bool, bool]:
    """Return whether the table has a number on the profile, and on the product."""
    on_profile = fleet.profile is not None and known.business_profile_sid == fleet.profile.sid
    on_product = fleet.product is not None and known.trust_product_sid == fleet.product.sid
    return on_profile, on_product and known.stage is Stage.ON_TRUST_PRODUCT
