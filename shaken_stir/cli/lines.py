"""A run in a pipe or a log: one line per change."""

from typing import Self

from rich.console import Console

from shaken_stir.cli.prose import say
from shaken_stir.cli.show import PATIENCE_IN_LINES, awaited, status_and_counts, tried_again, under_way
from shaken_stir.retries import together
from shaken_stir.snapshot import Row, Snapshot


class Lines:
    """One line per change, for pipes and logs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rows: dict[str, Row] = {}
        self._review: str | None = None
        self._awaited = ""
        self._under_way = ""
        self._failed: dict[str | None, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def update(self, snapshot: Snapshot) -> None:
        """Print what changed since the last snapshot."""
        if snapshot.review != self._review:
            self._review = snapshot.review
            self._line(snapshot, f"Trust Product: {snapshot.review}")
        for row in snapshot.rows:
            if self._rows.get(row.sid) != row:
                self._rows[row.sid] = row
                self._line(snapshot, f"{row.friendly_name} ({row.sid}): {status_and_counts(row.status, row.numbers)}")
        self._tell_retries(snapshot)
        now_awaited, now_under_way = awaited(snapshot), under_way(snapshot, PATIENCE_IN_LINES)
        if now_awaited and now_awaited != self._awaited:
            self._line(snapshot, now_awaited)
        if now_under_way and now_under_way != self._under_way:
            self._line(snapshot, now_under_way)
        self._awaited, self._under_way = now_awaited or self._awaited, now_under_way

    def _tell_retries(self, snapshot: Snapshot) -> None:
        """Tell of each state once per attempt, however many subaccounts it fails for; of requests once."""
        groups = together(snapshot.retries)
        for group, sentence in zip(groups, tried_again(snapshot), strict=True):
            state, attempt = group[0].state, max(retry.attempt for retry in group)
            if attempt > self._failed.get(state, 0) and (state or state not in self._failed):
                self._failed[state] = attempt
                self._line(snapshot, sentence)
        known = {group[0].state for group in groups}
        self._failed = {state: attempt for state, attempt in self._failed.items() if state in known}

    def _line(self, snapshot: Snapshot, text: str) -> None:
        say(self._console, text, lead=f"{snapshot.seconds:6.1f} s  ")
