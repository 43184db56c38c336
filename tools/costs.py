"""What AWS charges for the stack: docs/costs.md, from list prices, the template, and runs on this machine.

`make docs` writes it anew.
"""

import io
from contextlib import redirect_stdout
from functools import cache
from typing import Final

from shaken_stir.engine.intrinsics import read_template
from shaken_stir.project import EXAMPLE_EVENT, ROOT, TEMPLATE, load_event
from simulator.fleet import load_fleet
from tools import calls, usage
from tools.prices import ASSUMED, COMPARED, PRICES
from tools.usage import RUNS_A_MONTH, Usage, plus

DOCUMENT: Final = ROOT / "docs/costs.md"
NUMBERS: Final = 10
SMALLEST: Final = f"1x{NUMBERS}"
SIZES: Final = (10, 100, 1000)
"""The fleets of the table, in subaccounts; the last is the one of which each line is told."""
_INTRODUCTION: Final = f"""# What AWS charges

In US dollars a month, without taxes, by the list prices of us-east-1 in `tools/prices.toml`, gathered on
{COMPARED:%Y-%m-%d} from copies and quotations, not from AWS's live pages: each line leads to its page, compare there.
Written by `make docs`: what the stack has is counted in template.yaml, what a run uses in runs on this machine, of one
and of two subaccounts, from which larger fleets are told. A test measures again. What depends on timing is counted at
its most: each invocation is taken for one in a process of its own, which reads the secret.

The free tiers are those that an account has for good, as if nothing else used them. What a new account has free in its
first year, or as a credit, is left out, as is what strangers send to the webhook:
[little](faq.md#what-can-strangers-do-to-the-webhook).
"""
_FEW: Final = 10
_LITTLE: Final = 0.0001
_DAYS_A_MONTH: Final = 30


def total(used: Usage) -> float:
    """Give the list price of what is used, in US dollars."""
    return sum(PRICES[name].of(amount) for name, amount in used.items() if name in PRICES)


def total_beyond_the_free(used: Usage) -> float:
    """Give the price of what is used beyond the free tiers, in US dollars."""
    return sum(PRICES[name].beyond_the_free(amount) for name, amount in used.items() if name in PRICES)


def daily_runs(subaccounts: int) -> Usage:
    """Tell what a month uses in which a fleet is looked through every day, and nothing is to be done."""
    return plus(usage.of_the_stack(), with_its_logs(_grown(_month_of_daily_runs, subaccounts)))


def first_onboarding(subaccounts: int) -> Usage:
    """Tell what the run uses that takes a fleet from nothing to approved."""
    return with_its_logs(_grown(measured_first_run, subaccounts))


def with_its_logs(used: Usage) -> Usage:
    """Add that logs lie there for as long as the template's default says, when as much is written every month."""
    days = read_template(TEMPLATE)["Parameters"]["LogRetentionDays"]["Default"]
    return {**used, "logs_stored": used["logs_written"] * days / _DAYS_A_MONTH}


def document() -> str:
    """Measure, and write docs/costs.md."""
    with redirect_stdout(io.StringIO()):
        by_size = {size: daily_runs(size) for size in SIZES}
        first = first_onboarding(SIZES[-1])
    largest, month = f"{SIZES[-1]:,} subaccounts with {NUMBERS} numbers each", by_size[SIZES[-1]]
    rows = [f"| {size:,} | {total(it):.2f} | {total_beyond_the_free(it):.2f} |" for size, it in by_size.items()]
    return "\n".join(
        [
            _INTRODUCTION,
            "## A month of daily runs, by size\n",
            "| subaccounts | list price | within the free tiers |",
            "|---:|---:|---:|",
            *rows,
            f"\n## A month of daily runs, line by line\n\n{largest}, all signed, looked through every day.\n",
            lines_of(month),
            "\n## A month without runs\n\nWhat is charged for being there.\n",
            lines_of(usage.of_the_stack()),
            f"\n## A first onboarding\n\nThe one run that takes {largest} from nothing to approved.\n",
            lines_of(first),
            f"\n## What is assumed\n\n{_assumptions()}",
        ]
    )


def lines_of(used: Usage) -> str:
    """Write a table: a line for everything with a price that is used, and their sum."""
    lines = ["| what | how much | list price | within the free tiers |", "|---|---:|---:|---:|"]
    for name, price in PRICES.items():
        if amount := used.get(name, 0):
            charged, left = price.of(amount), price.beyond_the_free(amount)
            lines.append(f"| [{price.what}]({price.page}) | {_amount(amount)} | {charged:.2f} | {left:.2f} |")
    lines.append(f"| **in all** | | **{total(used):.2f}** | **{total_beyond_the_free(used):.2f}** |")
    return "\n".join(lines)


@cache
def _month_of_daily_runs(size: str) -> Usage:
    with calls.looked_through(load_fleet(size)) as local:
        before = usage.items(local)
        run = usage.of_a_run(local, {})
        return plus(plus({"schedules": RUNS_A_MONTH}, run, RUNS_A_MONTH), usage.stored(before, usage.items(local)))


@cache
def measured_first_run(size: str) -> Usage:
    """Count what the run uses that takes a fleet of this size from nothing to approved."""
    with calls.place(load_fleet(size)) as local:
        return usage.of_a_run(local, load_event(EXAMPLE_EVENT), calls.deciding(local, "approved"))


def _grown(measure: usage.Measure, subaccounts: int) -> Usage:
    """Tell the use of a fleet from those of one and of two subaccounts: it grows by the same with each."""
    one, two = measure(SMALLEST), measure(f"2x{NUMBERS}")
    return plus(one, plus(two, one, -1), subaccounts - 1)


def _amount(amount: float) -> str:
    if amount >= _FEW or amount == int(amount):
        return f"{amount:,.0f}"
    return f"{amount:.2g}" if amount >= _LITTLE else f"less than {_LITTLE}"


def _assumptions() -> str:
    words = [f"{name.replace('_', ' ')}: {amount:,g}" for name, amount in ASSUMED.items()]
    return "\n".join(f"- {it}" for it in words) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
