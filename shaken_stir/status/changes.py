"""What changed for each number since a given time: it came, it was signed, it lost its signature, it left. All pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, NamedTuple

from pydantic import PlainSerializer, WithJsonSchema

from onboarding.phone_numbers import Stage
from onboarding.trust_products import Status
from shaken_stir.status.model import NumberStatus
from shaken_stir.status.reasons import Bundles

EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)


class Change(StrEnum):
    """What happened to a number: `lost` is the end of its full attestation, `went` that it left its account."""

    CAME = "came"
    SIGNED = "signed"
    LOST = "lost"
    WENT = "went"


@dataclass(frozen=True)
class Changed:
    """A number, what happened to it, and when."""

    at: Annotated[
        datetime, PlainSerializer(datetime.isoformat), WithJsonSchema({"type": "string", "format": "date-time"})
    ]
    change: Change
    number: NumberStatus


class Period(NamedTuple):
    """A time in which a number that was on both bundles was signed."""

    start: datetime
    end: datetime


def changes_since(numbers: Iterable[NumberStatus], bundles: Bundles, since: datetime) -> list[Changed]:
    """Return what happened to numbers since a given time, oldest first; one number may have several changes.

    Args:
        numbers: The numbers.
        bundles: The Trust Product and the Business Profile that runs use.
        since: The given time.
    """
    periods = signing_periods(bundles)
    changes = (change for number in numbers for change in _of(number, bundles, periods) if change.at >= since)
    return sorted(changes, key=lambda it: it.at)


def signing_periods(bundles: Bundles) -> list[Period]:
    """Return when numbers on both bundles were signed, as far as runs saw it, oldest first."""
    product, profile = bundles
    if not product:
        return []
    history = product.history
    ends = [later.observed_at for _, later in pairwise(history)] + [LATEST]
    periods = [
        Period(change.observed_at, end)
        for change, end in zip(history, ends, strict=False)
        if change.status is Status.APPROVED
    ]
    periods = _joined(periods)
    if profile and profile.since:
        periods = _clipped(periods, profile.since, holds=profile.status is Status.APPROVED)
    if product.connection_since:
        periods = _clipped(periods, product.connection_since, holds=product.connected)
    return periods


def _joined(periods: Iterable[Period]) -> list[Period]:
    joined: list[Period] = []
    for period in periods:
        if joined and joined[-1].end == period.start:
            joined[-1] = Period(joined[-1].start, period.end)
        else:
            joined.append(period)
    return joined


def _clipped(periods: Iterable[Period], since: datetime, *, holds: bool) -> list[Period]:
    """Keep what lies after `since` if another condition holds since then, else what lies before."""
    start, end = (since, LATEST) if holds else (EARLIEST, since)
    cut = (Period(max(it.start, start), min(it.end, end)) for it in periods)
    return [it for it in cut if it.start < it.end]


def _of(number: NumberStatus, bundles: Bundles, periods: list[Period]) -> Iterator[Changed]:
    if number.came_at:
        yield Changed(number.came_at, Change.CAME, number)
    if number.stage is Stage.RELEASED:
        if number.since:
            yield Changed(number.since, Change.WENT, number)
        return
    if (lost_at := number.lost_at) and any(it.start <= lost_at < it.end for it in periods):
        yield Changed(lost_at, Change.LOST, number)
    if number.assigned_at and (number.business_profile_sid, number.trust_product_sid) == bundles.sids:
        for period in periods:
            if number.assigned_at < period.end:
                yield Changed(max(number.assigned_at, period.start), Change.SIGNED, number)
                if period.end < LATEST:
                    yield Changed(period.end, Change.LOST, number)
