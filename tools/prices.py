"""AWS's list prices, as tools/prices.toml has them, and what is assumed where nothing is measured."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

SOURCE: Final = Path(__file__).with_suffix(".toml")


class Price(NamedTuple):
    """What AWS charges for one kind of use.

    Attributes:
        what: The kind, in words.
        price: US dollars for so many units.
        per: How many these are.
        free: How many units an account has free each month, for good.
        page: AWS's page.
    """

    what: str
    price: float
    per: float
    free: float
    page: str

    def of(self, amount: float) -> float:
        """Give the list price of an amount, in US dollars."""
        return amount * self.price / self.per

    def beyond_the_free(self, amount: float) -> float:
        """Give the price of what is left of an amount when an account's free tier is used for nothing else."""
        return self.of(max(0, amount - self.free))


_DOCUMENT: Final = tomllib.loads(SOURCE.read_text(encoding="utf-8"))
COMPARED: Final[date] = _DOCUMENT["compared"]
PRICES: Final = {name: Price(**it) for name, it in _DOCUMENT["prices"].items()}
ASSUMED: Final[dict[str, float]] = _DOCUMENT["assumed"]
