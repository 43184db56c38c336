"""What the progress table knows of an account, kept in a file from one run to the next."""

import fcntl
import json
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from onboarding.table.dynamodb import Table
from onboarding.table.leases import LEASE
from shaken_stir.engine.intrinsics import ACCOUNT, REGION
from shaken_stir.engine.items import Change, key_of
from shaken_stir.live import rehearsal
from shaken_stir.live.journal import OWNER_ONLY, Journal, JournalDamagedError, StoredItem
from shaken_stir.live.saved_table import SavedTable

type Attributes = dict[str, Any]


class StateFileError(Exception):
    """The file cannot be used; the text is one sentence that says why, and what to do."""


class StateFileInUseError(StateFileError):
    """Another process works with the file."""


class _Content(BaseModel):
    """What the file holds."""

    model_config = ConfigDict(extra="forbid")

    format: Literal[1]
    account_sid: str
    twilio: str | None = None
    items: list[StoredItem]


def default_path(account_sid: str, environment: Mapping[str, str], twilio: str | None = None) -> Path:
    """Give an account's file in the user's state directory (https://specifications.freedesktop.org/basedir/latest/).

    Args:
        account_sid: The account, `AC…`.
        environment: The environment variables.
        twilio: What answers in Twilio's place: its files are kept apart, and from those of any other address.
    """
    base = environment.get("XDG_STATE_HOME", "")
    directory = Path(base) if Path(base).is_absolute() else Path.home() / ".local/state"
    apart = Path("rehearsal") / rehearsal.folder(twilio) if twilio else Path()
    return directory / "shaken-stir" / apart / f"{account_sid}.json"


class StateFile:
    """A file with an account's progress table, as a context manager: while it is open, no other process has it.

    Args:
        path: The file; its folder is made if there is none.
        account_sid: The account that it is for, `AC…`.

    Attributes:
        path: The file, with links followed.
        twilio: What answers in Twilio's place, None for Twilio itself.
        found: Whether it was there when it was read.
        items: What was read, in DynamoDB's own JSON.
    """

    def __init__(self, path: Path, account_sid: str, twilio: str | None = None) -> None:
        self.path = Path(os.path.realpath(path))
        self._account_sid = account_sid
        self.twilio = twilio
        self._journal = Journal(self.path.with_name(f"{self.path.name}.journal"))
        self._lock = self.path.with_name(f"{self.path.name}.lock")
        self._stack = ExitStack()
        self.items: list[Attributes] = []
        self.found = False

    def __enter__(self) -> Self:
        """Lock the file and read it, if there is one.

        Raises:
            StateFileError: Another process has it, it is another account's or another Twilio's, or it cannot be read.
        """
        with ExitStack() as stack:
            with self._usable():
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                stack.enter_context(self._locked())
                self.items = self._read()
            self._stack = stack.pop_all()
        return self

    def look(self) -> Self:
        """Read the file, if there is one, as it is now: neither locks nor makes anything.

        Raises:
            StateFileError: It is another account's or another Twilio's, or it cannot be read.
        """
        with self._usable():
            self.items = self._read()
        return self

    def known(self) -> SavedTable:
        """Return what was read as a table to read from; if no other process has the file, no run is going on in it.

        Raises:
            StateFileError: It holds what is no item of the table.
        """
        if not self._is_free():
            return self._table(self.items)
        return self._table(_without_lease(item) for item in self.items if not _is_start_of_a_run(item))

    def _is_free(self) -> bool:
        """Whether no other process works with the file; one that was killed has left its number behind."""
        try:
            process = int(self._lock.read_text(encoding="utf-8") or 0)
            os.kill(process, 0)
        except (OSError, ValueError, OverflowError):
            return True
        return process in {0, os.getpid()}

    def _table(self, items: Iterable[Attributes]) -> SavedTable:
        now = time.time()
        table = SavedTable()
        for item in items:
            try:
                if not _expired(item, now):
                    table.add(item)
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
                raise self._no_item(item) from None
        return table

    def record(self, learn: Callable[[Table], object]) -> None:
        """Change the file's table, which is open, without an engine; the file is written only if something changed.

        Raises:
            StateFileError: It cannot be written.
        """
        table = self._table(self.items)
        learn(table)
        if table.changed:
            self.items = table.items()
            self.write(self.items)

    def record_if_free(self, learn: Callable[[Table], object]) -> None:
        """Do so unless there is no file yet, or a run has it: that run records what it reads itself.

        Raises:
            StateFileError: It cannot be written.
        """
        if self.found:
            with suppress(StateFileInUseError), self:
                self.record(learn)

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    @contextmanager
    def kept(self, table_name: str, settle_seconds: float) -> Iterator[float]:
        """Fill a table from the file, and keep what it holds: each write is on disk before it is answered.

        Writes go to the journal beside the file; the file itself is written at the beginning and at the end.

        No other process had the file when it was opened, so whoever held a lease in it is gone. Notes of POSTs under
        way are cut short accordingly.

        Args:
            table_name: The table in moto, still empty.
            settle_seconds: The time after which Twilio is sure to show what a run sent that was cut off before now.

        Yields:
            The seconds for which some work has to wait for that, 0 when the last run came to a proper end.

        Raises:
            StateFileError: It holds what is no item of the table, or cannot be written.
        """
        # Imported here: only a run needs moto, and the file is also read without it.
        from moto.core.exceptions import JsonRESTError  # noqa: PLC0415
        from moto.dynamodb.models import dynamodb_backends  # noqa: PLC0415

        from shaken_stir.live.keeper import Keeper  # noqa: PLC0415

        table = dynamodb_backends[ACCOUNT][REGION].tables[table_name]
        now = time.time()
        pause = 0.0
        for item in self.items:
            try:
                if not _expired(item, now) and not _is_start_of_a_run(item):
                    pause = max(pause, _take_over(item, now, settle_seconds))
                    table.put_item(item)
            except (JsonRESTError, LookupError, TypeError, ValueError):
                raise self._no_item(item) from None
        keeper = Keeper(table_name, self.write, self._append)
        with keeper.keeping():
            try:
                yield pause
            finally:
                # If the file cannot be written, all of it is in the journal.
                with suppress(StateFileError):
                    self.write(keeper.items())

    def write(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Replace the file's items, and begin its journal anew; a reader sees the old ones or the new ones.

        Raises:
            StateFileError: It cannot be written.
        """
        where = {"twilio": self.twilio} if self.twilio else {}
        head = json.dumps({"format": 1, "account_sid": self._account_sid, **where})[:-1]
        text = f'{head}, "items": [\n{",\n".join(map(json.dumps, items))}\n]}}\n'.encode()
        new = self.path.with_name(f"{self.path.name}.new")
        with self._writable():
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
            with open(descriptor, "wb") as file:  # noqa: PTH123 - the descriptor has the permissions
                file.write(text)
                file.flush()
                os.fsync(descriptor)
            new.replace(self.path)
            self._journal.begin(text)

    def _append(self, operations: Iterable[str]) -> None:
        with self._writable():
            self._journal.append(operations)

    @contextmanager
    def _writable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StateFileError(
                f"The state file {self.path} cannot be written ({error.strerror}); fix that, then run the same again."
            ) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock, which is a file of its own: the state file is replaced at each write."""
        with os.fdopen(os.open(self._lock, os.O_RDWR | os.O_CREAT, OWNER_ONLY), "r+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StateFileInUseError(
                    f"Another run (process {file.read().strip() or 'unknown'}) works with the state file {self.path}; "
                    "wait until it has ended."
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield
            file.truncate(0)

    def _read(self) -> list[Attributes]:
        """Read the file and its journal; once more if another process has written the file meanwhile."""
        text = self._bytes()
        while text is not None:
            items = {key_of(item): item for item in self._items_of(text)}
            for key, item in self._changes_since(text):
                if item is None:
                    items.pop(key, None)
                else:
                    items[key] = dict(item)
            before, text = text, self._bytes()
            if text == before:
                self.found = True
                return list(items.values())
        return []

    def _changes_since(self, text: bytes) -> list[Change]:
        try:
            return self._journal.read(text)
        except JournalDamagedError as error:
            raise self._damaged(str(error), self._journal.path) from None

    def _bytes(self) -> bytes | None:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None

    def _items_of(self, text: bytes) -> list[Attributes]:
        try:
            content = _Content.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            raise self._damaged(": ".join([*map(str, first["loc"]), first["msg"]])) from None
        if content.account_sid != self._account_sid:
            raise StateFileError(
                f"The state file {self.path} is that of the account {content.account_sid}, not of {self._account_sid}; "
                "choose another with --state."
            )
        if content.twilio != self.twilio:
            raise StateFileError(
                f"The state file {self.path} is that of {_place(content.twilio)}, not of {_place(self.twilio)}; "
                "choose another with --state."
            )
        return [item.model_dump() for item in content.items]

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StateFileError(
                f"The state file {self.path} cannot be used ({error.strerror}); choose another with --state."
            ) from None

    def _no_item(self, item: Attributes) -> StateFileError:
        return self._damaged(f"{', '.join(key_of(item))} is no item of the table")

    def _damaged(self, how: str, path: Path | None = None) -> StateFileError:
        return StateFileError(
            f"The state file {path or self.path} is damaged ({how}); move it away, wait a minute until Twilio's lists "
            "are complete, and run the same again."
        )


def _place(twilio: str | None) -> str:
    return f"a rehearsal with {twilio}" if twilio else "Twilio itself"


def _expired(item: Attributes, now: float) -> bool:
    """What DynamoDB's TTL would have deleted."""
    return (_number(item, "expires_at") or math.inf) < now


def _is_start_of_a_run(item: Attributes) -> bool:
    pk, sk = key_of(item)
    return pk == "RUNS" and sk.startswith("STARTED#")


def _without_lease(item: Attributes) -> Attributes:
    return {name: value for name, value in item.items() if name not in LEASE}


def _take_over(item: Attributes, now: float, settle_seconds: float) -> float:
    """End the lease of a run that is gone; gives the seconds for which its POSTs may still be unseen.

    A note without a lease is of a run that came to a proper end a moment ago.
    """
    held = [item.pop(attribute, None) for attribute in LEASE]
    if "unsettled_until" not in item:
        return 0.0
    until = _number(item, "unsettled_until")
    left = settle_seconds if until is None else until / 1000 - now
    pause = min(max(0.0, left), settle_seconds)
    item["unsettled_until"] = {"N": str(int((now + pause) * 1000))}
    return pause if any(held) else 0.0


def _number(item: Attributes, name: str) -> float | None:
    """Read a number in DynamoDB's own JSON; None without one, or if it cannot be read."""
    try:
        return float(item[name]["N"])
    except (LookupError, TypeError, ValueError):
        return None
