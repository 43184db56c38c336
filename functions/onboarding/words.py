"""Counts and times in words. Every time is shown in UTC, and says so."""

from collections.abc import Sequence
from datetime import UTC, datetime


def plural(count: int, noun: str) -> str:
    """Count something in words: `1 number`, `2 numbers`, `1,000 numbers`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def first_of(things: Sequence[str], most: int) -> str:
    """Name the first of several things, and count the rest: `a, b and 1,000 more`."""
    rest = len(things) - most
    return ", ".join(things[:most]) + (f" and {rest:,} more" if rest > 0 else "")


def moment(at: datetime) -> str:
    """Show a time to the minute: `2026-11-24 19:30 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def clock(at: datetime) -> str:
    """Show a time of day to the second: `19:30:05 UTC`."""
    return f"{at.astimezone(UTC):%H:%M:%S} UTC"


def day(at: datetime) -> str:
    """Show the UTC date of a time: `2026-11-24`."""
    return f"{at.astimezone(UTC):%Y-%m-%d}"
