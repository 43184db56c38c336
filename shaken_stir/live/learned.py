"""Record in the progress table what a reading of the account showed, so that no later screen says otherwise."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta

import check_trust_product
import list_phone_numbers
from onboarding.errors import OnboardingError
from onboarding.phone_numbers import Assigned, PhoneNumberRecord, Stage, classify, correct, has_vanished
from onboarding.table.dynamodb import Table
from onboarding.table.numbers import Correction, compare_numbers, correct_number, read_all_numbers, write_numbers
from onboarding.table.outcomes import read_fleet, recount
from onboarding.table.products import record_trust_product
from onboarding.table.validities import read_validities_in_use, read_validity, record_validity
from onboarding.trust_products import DELETED, Status, TrustProductRecord
from onboarding.twilio.trust_hub import Bundle, TrustHub
from onboarding.validity import BundleKind, with_known
from shaken_stir.live.numbers import set_aside
from shaken_stir.live.read_only import read_only
from shaken_stir.live.request import list_settle_seconds
from shaken_stir.live.survey import AccountNumbers, Survey


def recorder(hub: TrustHub, read: Survey, read_at: datetime) -> Callable[[Table], None]:
    """Return a function that records in a table what was read; it sends GETs only.

    Args:
        hub: The client.
        read: What was read.
        read_at: When the reading began.
    """

    def learn(table: Table) -> None:
        with read_only():
            record(table, hub, read, read_at, list_settle_seconds())

    return learn


def record(table: Table, hub: TrustHub, read: Survey, read_at: datetime, settle_seconds: float) -> None:
    """Record the statuses and validities of the bundles, and what changed about the numbers of recorded accounts.

    Bundles other than those in use are left alone: a command that only reads must not change which ones a screen shows.

    Args:
        table: The progress table; nobody else writes it.
        hub: The client, for the reasons of a rejection and for numbers that no list shows.
        read: What was read.
        read_at: When the reading began.
        settle_seconds: How long Twilio's lists may lag behind what was created.
    """
    in_use = {it.kind: it.sid for it in read_validities_in_use(table)}
    profile, chosen = read.found_profile, read.product
    product_sid = in_use.get("trust_product", chosen.sid if chosen else None)
    product = next((it for it in read.products if it.sid == product_sid), None)
    if profile and in_use.get("business_profile", profile.sid) == profile.sid:
        _record_validity(table, "business_profile", profile, read_at)
    if product:
        _record_product(table, hub, read, product, read_at)
    elif product_sid:
        _record_deletion(table, hub, product_sid, read_at, settle_seconds)
    # What is assigned to a product was read of the one that a run would use.
    is_read = chosen is not None and chosen.sid == product_sid
    if profile and product and is_read and in_use.get("business_profile") == profile.sid:
        assigned = Assigned(
            profile.sid,
            product.sid,
            {sid: list(them) for sid, them in read.on_profile.by_number.items()},
            {sid: list(them) for sid, them in read.on_product.by_number.items()},
        )
        _record_numbers(table, hub, read, assigned, read_at - timedelta(seconds=settle_seconds))


def _record_validity(table: Table, kind: BundleKind, bundle: Bundle, read_at: datetime) -> None:
    record_validity(table, with_known(read_validity(table, bundle.sid), bundle.seen(kind, read_at)))


def _record_product(table: Table, hub: TrustHub, read: Survey, product: Bundle, read_at: datetime) -> None:
    _record_validity(table, "trust_product", product, read_at)
    news = TrustProductRecord(
        sid=product.sid, status=product.status, errors=list(product.errors), reasons=list(product.reasons)
    )
    if product.status is Status.REJECTED:
        news = check_trust_product.with_reasons(hub, table, news)
    with suppress(OnboardingError):  # without the connection, the rest is recorded
        news = news.model_copy(update=_connection(hub, read, product.sid))
    record_trust_product(table, news, read_at)


def _connection(hub: TrustHub, read: Survey, product_sid: str) -> dict[str, str | None]:
    """Return the profile and what connects the product to it; empty if there is no profile."""
    if not read.found_profile:
        return {}
    is_read = read.product is not None and read.product.sid == product_sid
    connection_sid = (
        read.product.connection_sid if read.product and is_read else hub.connection(product_sid, read.found_profile.sid)
    )
    return {"business_profile_sid": read.found_profile.sid, "connection_sid": connection_sid}


def _record_deletion(table: Table, hub: TrustHub, sid: str, read_at: datetime, settle_seconds: float) -> None:
    with suppress(OnboardingError):  # the next reading asks again
        if not hub.seen_trust_product(sid, settle_seconds):
            record_trust_product(table, TrustProductRecord(sid=sid, status=DELETED), read_at)


def _record_numbers(table: Table, hub: TrustHub, read: Survey, assigned: Assigned, settled: datetime) -> None:
    """Correct the numbers of accounts that were read whole, are in the table, and that no run works on."""
    if read.request.phone_numbers:
        return
    at_rest = {it["sk"].removeprefix("SUBACCOUNT#") for it in read_fleet(table) if "lease_execution" not in it}
    for account in read.worked_on:
        numbers = read.numbers[account.sid]
        if account.sid in at_rest and not numbers.unread:
            corrections = _corrections(table, account.sid, assigned, settled)
            for correction in corrections:
                correct_number(table, correction)
            found = [*_new(table, read, numbers, assigned), *_released(table, hub, numbers)]
            write_numbers(table, account.sid, found)
            if corrections or found:
                recount(table, account.sid, assigned.bundles)


def _corrections(table: Table, account_sid: str, assigned: Assigned, settled: datetime) -> list[Correction]:
    """Return the audit's corrections, without losses of numbers that were written since the lists settled."""
    corrections = compare_numbers(table, account_sid, lambda record: correct(record, assigned))
    late = settled.isoformat()
    return [it for it in corrections if not (has_vanished(it.before, it.after) and it.updated_at > late)]


def _new(table: Table, read: Survey, numbers: AccountNumbers, assigned: Assigned) -> Iterable[PhoneNumberRecord]:
    known = {it.phone_number_sid: it for it in read_all_numbers(table, numbers.account.sid)}
    for it in numbers.numbers:
        before = known.get(it.sid)
        if before is None or before.stage is Stage.RELEASED:
            found = correct(classify(it.listed, before, assigned.bundles, it.ineligible), assigned)
            yield set_aside(found, read, assigned)


def _released(table: Table, hub: TrustHub, numbers: AccountNumbers) -> Iterable[PhoneNumberRecord]:
    listed = {it.sid for it in numbers.numbers}
    missing = [
        it
        for it in read_all_numbers(table, numbers.account.sid)
        if it.stage is not Stage.RELEASED and it.phone_number_sid not in listed
    ]
    with suppress(OnboardingError):  # the next reading asks again
        return list_phone_numbers.confirm_released(hub, numbers.account.sid, missing)
    return []
