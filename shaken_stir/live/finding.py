"""What the doctor finds: a sentence with a mark, and the phone numbers that it is about."""

from collections.abc import Iterable
from enum import StrEnum

from pydantic import BaseModel, Field

from shaken_stir.live.numbers import AccountOutlook


class Mark(StrEnum):
    """What a finding means: all is well, worth a look, in the way of a run, or not to be told from here."""

    WELL = "well"
    LOOK = "look"
    IN_THE_WAY = "in the way"
    UNKNOWN = "unknown"


class Finding(BaseModel):
    """A sentence with a mark, and the numbers that it is about, by account."""

    mark: Mark
    text: str
    # The diagnosis has all accounts with all numbers.
    accounts: tuple[AccountOutlook, ...] = Field(default=(), exclude=True)


class Section(BaseModel):
    """Findings on one subject."""

    title: str
    findings: list[Finding]


def well(text: str) -> Finding:
    """Make a finding that all is well."""
    return Finding(mark=Mark.WELL, text=text)


def look(text: str, accounts: tuple[AccountOutlook, ...] = ()) -> Finding:
    """Make a finding that is worth a look."""
    return Finding(mark=Mark.LOOK, text=text, accounts=accounts)


def unknown(text: str) -> Finding:
    """Make a finding of what cannot be told."""
    return Finding(mark=Mark.UNKNOWN, text=text)


def in_the_way(sentences: Iterable[str]) -> list[Finding]:
    """Make findings of what would make a run fail."""
    return [Finding(mark=Mark.IN_THE_WAY, text=sentence) for sentence in sentences]
