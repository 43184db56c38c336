"""What has changed with the numbers since a moment, from their own times. All pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from onboarding.phone_numbers import Stage
from shaken_stir.status.model import NumberStatus


class Change(StrEnum):
    """What a number did."""

    CAME = "came"
    SIGNED = "signed"
    LOST = "lost"
    WENT = "went"


class Changed(NamedTuple):
    """A number, what it did, and when."""

    at: datetime
    change: Change
    number: NumberStatus


def changes_since(numbers: Iterable[NumberStatus], since: datetime) -> list[Changed]:
    """List what numbers did since a moment, in the order of time; one number may have done several things."""
    return sorted((it for number in numbers for it in _of(number) if it.at >= since), key=lambda it: it.at)


def _of(number: NumberStatus) -> Iterator[Changed]:
    if number.came_at:
        yield Changed(number.came_at, Change.CAME, number)
    if number.lost_at and number.stage is not Stage.RELEASED:
        yield Changed(number.lost_at, Change.LOST, number)
    if number.since and number.stage is Stage.ON_TRUST_PRODUCT:
        yield Changed(number.since, Change.SIGNED, number)
    if number.since and number.stage is Stage.RELEASED:
        yield Changed(number.since, Change.WENT, number)
