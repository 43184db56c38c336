"""Fleets with names of a test's own, such as names that a page must show and not obey."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tools.example_fleet import items

SCRIPTS = [
    "<script>document.title='run'</script>",
    "<img src=x onerror=document.title='run'>",
    "</script><b>bold",
    "=1+1",
]


def named(names: list[str]) -> Iterator[dict[str, Any]]:
    """A fleet whose subaccounts have these names, and whose first ones failed with them in their messages."""
    for index, item in enumerate(items(len(names), 2, datetime.now(UTC))):
        if not item["sk"].startswith("SUBACCOUNT#"):
            yield item
            continue
        name = names[int(item["sk"].removeprefix("SUBACCOUNT#AC"), 16) - 1]
        told = {"status": "failed", "failing_since": "2026-11-01T00:00:00Z", "message": f"{index} {name}"}
        yield item | {"friendly_name": name} | told


def renamed(names: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the example fleet with these names."""
    for item in items(len(names), 1, datetime.now(UTC)):
        is_subaccount = item["sk"].startswith("SUBACCOUNT#")
        index = int(item["sk"].removeprefix("SUBACCOUNT#AC"), 16) - 1 if is_subaccount else 0
        yield item | ({"friendly_name": names[index]} if is_subaccount else {})
