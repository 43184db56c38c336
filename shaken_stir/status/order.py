"""The order of subaccounts: natural order of their names. All pure."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from shaken_stir.status.model import SubaccountStanding

_DIGITS: Final = re.compile(r"([0-9]+)")


def by_name(subaccounts: Iterable[SubaccountStanding]) -> list[SubaccountStanding]:
    """Sort subaccounts by name, "Acme 2" before "Acme 10"; those without a name come last."""
    return sorted(subaccounts, key=lambda it: (not it.friendly_name, natural(it.friendly_name), it.sid))


def natural(name: str) -> list[tuple[int, str]]:
    """Return a sort key that compares digits as numbers and ignores case and accents."""
    letters = (it for it in unicodedata.normalize("NFKD", name) if not unicodedata.combining(it))
    parts = _DIGITS.split("".join(letters).casefold())
    # Every second part is a number. The longer one is larger, so none is too long to compare.
    return [(len(it.lstrip("0")), it.lstrip("0")) if at % 2 else (0, it) for at, it in enumerate(parts)]
