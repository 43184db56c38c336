"""A search of the page: subaccounts by name and SID, numbers by digits and SID. `page.js` finds the same. All pure."""

import re
from typing import Final, NamedTuple, Self

from shaken_stir.page.words import name_of
from shaken_stir.status.model import SubaccountStanding

_IGNORED: Final = re.compile(r"[\s().\-/\u2010-\u2015\u2212\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
"""Separators of typed numbers, and invisible characters that come along when a number is copied."""
_NUMBER: Final = re.compile(r"\+?[0-9]{3,15}")
_SID: Final = re.compile(r"pn[0-9a-f]{4,32}")


class Search(NamedTuple):
    """A parsed search.

    Attributes:
        text: A part of a subaccount's name or SID, in lower case; empty for all subaccounts.
        digits: A part of an E.164 number, empty if the search names no number.
        sid: The beginning of a number's SID in lower case, empty if the search names none.
    """

    text: str
    digits: str
    sid: str

    @classmethod
    def parse(cls, typed: str) -> Self:
        """Parse a search as typed. A number needs at least 3 digits, a SID 4 after `PN`."""
        text, bare = typed.strip().lower(), _IGNORED.sub("", typed)
        return cls(text, bare if _NUMBER.fullmatch(bare) else "", text if _SID.fullmatch(text) else "")

    @property
    def names_numbers(self) -> bool:
        """Whether numbers must be searched, too."""
        return bool(self.digits or self.sid)

    def finds(self, subaccount: SubaccountStanding) -> bool:
        """Return whether a subaccount's name or SID contains the text."""
        return self.text in f"{name_of(subaccount.friendly_name)}\n{subaccount.sid}".lower()

    def finds_number(self, phone_number: str, phone_number_sid: str) -> bool:
        """Return whether a number matches by its digits or its SID."""
        by_digits = bool(self.digits) and self.digits in phone_number
        return by_digits or (bool(self.sid) and phone_number_sid.lower().startswith(self.sid))
