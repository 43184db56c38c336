"""How counts are put into words."""

from collections.abc import Sequence


def plural(count: int, noun: str) -> str:
    """Count something in words: `1 number`, `2 numbers`, `1,000 numbers`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def first_of(things: Sequence[str], most: int) -> str:
    """Name the first of several things, and count the rest: `a, b and 1,000 more`."""
    rest = len(things) - most
    return ", ".join(things[:most]) + (f" and {rest:,} more" if rest > 0 else "")
