"""When a page's fleet is read again, and how much of it."""

import threading
from collections import Counter
from typing import Any

import pytest

from onboarding.table.dynamodb import Table
from shaken_stir.live.saved_table import SavedTable
from shaken_stir.page.watch import Seen, Watch
from shaken_stir.status.source import Source
from tests.page.shelf import PLACE, Shelf, example


def seen(watch: Watch) -> Seen:
    """What it shows now."""
    found = watch.look()
    assert found
    return found


def test_looks_that_follow_each_other_read_once() -> None:
    shelf = Shelf(example(5))
    watch = Watch(shelf.source, "", refresh_seconds=1_000)

    first = watch.look()
    looks = shelf.looks

    assert watch.look() is first
    assert shelf.looks == looks


def test_nothing_is_read_while_nobody_looks() -> None:
    shelf = Shelf(example(5))

    Watch(shelf.source, "", refresh_seconds=0)

    assert shelf.looks == 0


def test_the_version_differs_when_the_fleet_does_and_not_before() -> None:
    wanted = example(5)
    shelf = Shelf(wanted)
    watch = Watch(shelf.source, "", refresh_seconds=0)
    watch_at_once(watch)
    first = seen(watch)
    assert seen(watch).version == first.version

    shelf.put([item | ({"friendly_name": "Another"} if "friendly_name" in item else {}) for item in wanted])

    assert seen(watch).version != first.version


def watch_at_once(watch: Watch) -> None:
    """Let it read at each look, however long the last reading took."""
    read: Any = watch._read

    def at_once() -> None:
        read()
        watch._next = 0.0

    watch._read = at_once  # type: ignore[method-assign]


def test_numbers_are_read_again_only_for_what_was_recorded_since(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = example(60)
    shelf = Shelf(wanted)
    watch = Watch(shelf.source, "", refresh_seconds=0)
    watch_at_once(watch)
    asked: Counter[str] = Counter()
    query = SavedTable.query

    def counting(table: SavedTable, pk: str, sk_prefix: str, *, only: str | None = None) -> Any:
        asked[pk] += 1
        return query(table, pk, sk_prefix, only=only)

    monkeypatch.setattr(SavedTable, "query", counting)
    watch.look()
    accounts = {pk for pk in asked if pk.startswith("SUBACCOUNT#")}
    assert len(accounts) == 3
    asked.clear()
    watch.look()
    assert not accounts & asked.keys()

    chosen = min(accounts)
    recorded = {"recorded_at": "2026-11-24T00:00:00Z"}
    shelf.put([item | (recorded if item["sk"] == chosen else {}) for item in wanted])
    watch.look()

    assert accounts & asked.keys() == {chosen}


def test_a_search_reads_each_subaccount_once_and_again_only_after_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = example(5)
    shelf = Shelf(wanted)
    watch = Watch(shelf.source, "", refresh_seconds=0)
    watch_at_once(watch)
    read: list[str] = []
    query = SavedTable.query

    def recording(table: SavedTable, pk: str, sk_prefix: str, *, only: str | None = None) -> Any:
        read.extend([pk] if sk_prefix == "NUMBER#" else [])
        return query(table, pk, sk_prefix, only=only)

    monkeypatch.setattr(SavedTable, "query", recording)
    assert watch.search("harbor", 0) == ({}, 5, 5)
    assert read == []
    assert watch.search("+1303555", 0) == ({f"AC{2:032x}": 5}, 5, 5)
    assert len(read) == len(set(read)) == 5
    read.clear()
    assert watch.search("+1212555", 0) == ({f"AC{1:032x}": 5}, 5, 5)
    assert read == []

    chosen = f"SUBACCOUNT#AC{1:032x}"
    recorded = {"recorded_at": "2026-11-24T00:00:00Z"}
    ported = {"phone_number": "+13035550000"}
    changes = {("FLEET", chosen): recorded, (chosen, f"NUMBER#PN{1:016x}{0:016x}"): ported}
    shelf.put([item | changes.get((item["pk"], item["sk"]), {}) for item in wanted])

    assert watch.search("+13035550000", 0).matches == {f"AC{1:032x}": 1}
    assert read == [chosen]


def test_who_comes_while_it_is_read_for_the_first_time_need_not_wait() -> None:
    reading, finish = threading.Event(), threading.Event()
    table = Shelf(example(5)).table

    def slowly() -> Table:
        reading.set()
        finish.wait(30)
        return table

    watch = Watch(Source(PLACE, slowly), "")
    first = threading.Thread(target=watch.look)
    first.start()
    assert reading.wait(30)

    assert watch.look(0.01) is None
    finish.set()
    first.join()
    assert watch.look(0.01) is not None
