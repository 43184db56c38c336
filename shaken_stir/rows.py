"""Where each subaccount stands while a run goes on, taken from what is written to the progress table."""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from onboarding.phone_numbers import Stage, counts_in
from onboarding.subaccounts import SubaccountStatus
from onboarding.table.dynamodb import plain
from shaken_stir.engine.items import Change
from shaken_stir.snapshot import Row


class _Subaccount(NamedTuple):
    """What the table says of a subaccount.

    Attributes:
        status: How it stands.
        executions: Who works on it, and who has recorded it.
        numbers: Its numbers by stage, as they were recorded.
    """

    status: str
    executions: frozenset[str]
    numbers: dict[Stage, int]


class Rows:
    """The rows of a run, each as it is now; what is asked is what has changed, so a large fleet costs no more.

    Args:
        friendly_name: Gives the name of an account (`AC…`).
    """

    def __init__(self, friendly_name: Callable[[str], str]) -> None:
        self._friendly_name = friendly_name
        self._lock = threading.Lock()
        self._subaccounts: dict[str, _Subaccount] = {}
        self._stages: dict[str, dict[str, Stage]] = defaultdict(dict)
        self._counts: dict[str, Counter[Stage]] = defaultdict(Counter)
        self._changed: set[str] = set()

    def take_in(self, changes: Iterable[Change]) -> None:
        """Take in what was written to the table."""
        with self._lock:
            for (pk, sk), item in changes:
                if pk == "FLEET" and sk.startswith("SUBACCOUNT#"):
                    self._take_in_subaccount(sk.removeprefix("SUBACCOUNT#"), plain(item or {}))
                elif pk.startswith("SUBACCOUNT#") and sk.startswith("NUMBER#"):
                    stage = next(iter(counts_in(dict.fromkeys((item or {}).get("stage", {}).values(), 1))), None)
                    self._take_in_number(pk.removeprefix("SUBACCOUNT#"), sk, stage)

    def changed(self, executions: set[str]) -> list[Row]:
        """Give the rows that have changed since they were asked for last, in the order of the table.

        Args:
            executions: The names of the executions whose subaccounts are shown.
        """
        with self._lock:
            changed, self._changed = self._changed, set()
            known = sorted(changed & self._subaccounts.keys())
            return [self._row(sid) for sid in known if self._subaccounts[sid].executions & executions]

    def _take_in_subaccount(self, sid: str, item: dict[str, Any]) -> None:
        self._changed.add(sid)
        if "status" not in item:
            self._subaccounts.pop(sid, None)
            return
        self._subaccounts[sid] = _Subaccount(
            status=item["status"],
            executions=frozenset({item.get("lease_execution", ""), item.get("recorded_by", "")}),
            numbers=counts_in(item.get("numbers")),
        )

    def _take_in_number(self, sid: str, number: str, stage: Stage | None) -> None:
        self._changed.add(sid)
        before = self._stages[sid].pop(number, None)
        if before:
            self._counts[sid][before] -= 1
        if stage:
            self._stages[sid][number] = stage
            self._counts[sid][stage] += 1

    def _row(self, sid: str) -> Row:
        """Counts are recorded at a subaccount's end; while it is worked on they are those of its numbers."""
        subaccount = self._subaccounts[sid]
        worked_on = subaccount.status == SubaccountStatus.IN_PROGRESS
        numbers = dict(+self._counts[sid]) if worked_on else subaccount.numbers
        return Row(sid=sid, friendly_name=self._friendly_name(sid), status=subaccount.status, numbers=numbers)
