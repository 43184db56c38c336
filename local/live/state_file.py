"""What the progress table knows of an account, kept in a file from one run to the next."""

import fcntl
import json
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, Self
from unittest.mock import patch

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.responses import DynamoHandler
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from local.aws.intrinsics import ACCOUNT, REGION
from local.live import rehearsal
from onboarding.progress import LEASE

type Attributes = dict[str, Any]

OWNER_ONLY: Final = 0o600
READS: Final = ("Get", "BatchGet", "TransactGet", "Query", "Scan", "Describe", "List")


class StateFileError(Exception):
    """The file cannot be used; the text is one sentence that says why, and what to do."""


class ItemKey(NamedTuple):
    """The primary key of an item."""

    pk: str
    sk: str


class _KeyAttribute(BaseModel):
    model_config = ConfigDict(extra="forbid")

    S: Annotated[str, StringConstraints(min_length=1)]


class _Item(BaseModel):
    """An item in DynamoDB's own JSON."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Annotated[dict[str, Any], "a type and a value"]]

    pk: _KeyAttribute
    sk: _KeyAttribute


class _Content(BaseModel):
    """What the file holds."""

    model_config = ConfigDict(extra="forbid")

    format: Literal[1]
    account_sid: str
    twilio: str | None = None
    items: list[_Item]


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
        twilio: What answers in Twilio's place, None for Twilio itself.
    """

    def __init__(self, path: Path, account_sid: str, twilio: str | None = None) -> None:
        self.path = Path(os.path.realpath(path))
        self._account_sid = account_sid
        self.twilio = twilio
        self._stack = ExitStack()
        self._items: list[Attributes] = []

    def __enter__(self) -> Self:
        """Lock the file and read it, if there is one.

        Raises:
            StateFileError: Another process has it, it is another account's or another Twilio's, or it cannot be read.
        """
        with ExitStack() as stack:
            try:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                stack.enter_context(self._locked())
                self._items = self._read()
            except OSError as error:
                raise StateFileError(
                    f"The state file {self.path} cannot be used ({error.strerror}); choose another with --state."
                ) from None
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    @contextmanager
    def kept(self, table_name: str, settle_seconds: float) -> Iterator[float]:
        """Fill a table from the file, and keep the file as the table is: each write is on disk before it is answered.

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
        table = dynamodb_backends[ACCOUNT][REGION].tables[table_name]
        now = time.time()
        pause = 0.0
        for item in self._items:
            try:
                if not _expired(item, now):
                    pause = max(pause, _take_over(item, now, settle_seconds))
                    table.put_item(item)
            except (JsonRESTError, LookupError, TypeError, ValueError):
                raise self._damaged(f"{', '.join(_key(item))} is no item of the table") from None
        with _Keeper(self, table).keeping():
            yield pause

    def write(self, lines: Iterable[str]) -> None:
        """Replace the file's items, each a line of JSON; a reader sees the old ones or the new ones.

        Raises:
            StateFileError: It cannot be written.
        """
        where = {"twilio": self.twilio} if self.twilio else {}
        head = json.dumps({"format": 1, "account_sid": self._account_sid, **where})[:-1]
        text = f'{head}, "items": [\n{",\n".join(lines)}\n]}}\n'
        new = self.path.with_name(f"{self.path.name}.new")
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
            with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - the descriptor has the permissions
                file.write(text)
                file.flush()
                os.fsync(descriptor)
            new.replace(self.path)
        except OSError as error:
            raise StateFileError(
                f"The state file {self.path} cannot be written ({error.strerror}); mend that, then run the same again."
            ) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock, which is a file of its own: the state file is replaced at each write."""
        lock = self.path.with_name(f"{self.path.name}.lock")
        with os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT, OWNER_ONLY), "r+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StateFileError(
                    f"Another run (process {file.read().strip() or 'unknown'}) works with the state file {self.path}; "
                    "wait until it has ended."
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield
            file.truncate(0)

    def _read(self) -> list[Attributes]:
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return []
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

    def _damaged(self, how: str) -> StateFileError:
        return StateFileError(
            f"The state file {self.path} is damaged ({how}); move it away and run the same again: "
            "what is at Twilio is looked up, so nothing is made twice."
        )


class _Keeper:
    """Writes a table's items to the file after each operation that changed one; operations at once share a write."""

    def __init__(self, file: StateFile, table: Any) -> None:
        self._file = file
        self._table = table
        self._lines = {_key(item.attrs): _line(item) for item in table.all_items()}
        self._version = 0
        self._on_disk = -1
        self._table_lock = threading.Lock()
        self._file_lock = threading.Lock()

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Keep the file as the table is, until the end of the block."""
        call_action = DynamoHandler.call_action

        def call_action_and_keep(handler: Any) -> Any:
            with self._table_lock:
                answer, before = call_action(handler), self._version
                self._take_in(str(handler._get_action()), handler.body)  # noqa: SLF001
                version = self._version
            if version > before:
                self._save(version)
            return answer

        self._save(0)
        with patch.object(DynamoHandler, "call_action", call_action_and_keep):
            yield

    def _take_in(self, action: str, body: Mapping[str, Any]) -> None:
        if action.startswith(READS):
            return
        touched = _touched(action, body)
        keys = {_key(it.attrs) for it in self._table.all_items()} | self._lines.keys() if touched is None else touched
        for key in keys:
            item = self._table.get_item(DynamoType({"S": key.pk}), DynamoType({"S": key.sk}))
            line = _line(item) if item else None
            if line == self._lines.get(key):
                continue
            self._version += 1
            if line is None:
                del self._lines[key]
            else:
                self._lines[key] = line

    def _save(self, version: int) -> None:
        with self._file_lock:
            if self._on_disk >= version:
                return
            with self._table_lock:
                version, lines = self._version, list(self._lines.values())
            self._file.write(lines)
            self._on_disk = version


def _place(twilio: str | None) -> str:
    return f"a rehearsal with {twilio}" if twilio else "Twilio itself"


def _touched(action: str, body: Mapping[str, Any]) -> set[ItemKey] | None:
    """The items that an operation may have changed, None for any."""
    match action:
        case "PutItem":
            return {_key(body["Item"])}
        case "UpdateItem" | "DeleteItem":
            return {_key(body["Key"])}
        case "BatchWriteItem":
            requests = [request for requests in body["RequestItems"].values() for request in requests]
            return {
                _key(it["PutRequest"]["Item"] if "PutRequest" in it else it["DeleteRequest"]["Key"]) for it in requests
            }
        case _:
            return None


def _key(attributes: Mapping[str, Any]) -> ItemKey:
    return ItemKey(_text(attributes["pk"]), _text(attributes["sk"]))


def _text(attribute: Any) -> str:
    return str(attribute.value if isinstance(attribute, DynamoType) else attribute["S"])


def _line(item: Any) -> str:
    return json.dumps(item.to_json()["Attributes"])


def _expired(item: Attributes, now: float) -> bool:
    """What DynamoDB's TTL would have deleted."""
    return "expires_at" in item and float(item["expires_at"]["N"]) < now


def _take_over(item: Attributes, now: float, settle_seconds: float) -> float:
    """End the lease of a run that is gone; gives the seconds for which its POSTs may still be unseen.

    A note without a lease is of a run that came to a proper end a moment ago.
    """
    held = [item.pop(attribute, None) for attribute in LEASE]
    if "unsettled_until" not in item:
        return 0.0
    left = float(item["unsettled_until"]["N"]) / 1000 - now
    pause = min(max(0.0, left), settle_seconds)
    item["unsettled_until"] = {"N": str(int((now + pause) * 1000))}
    return pause if any(held) else 0.0
