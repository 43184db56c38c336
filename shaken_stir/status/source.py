"""Where a fleet's status is read: a stack's table, the laptop's state file, or what `make serve` keeps up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from botocore.config import Config

from onboarding.errors import AwsUnavailable
from onboarding.table.dynamodb import Table
from shaken_stir.defaults import SERVED
from shaken_stir.deployed.served import find_served
from shaken_stir.deployed.stack import StackError, aws_failures_told, aws_session, find_complete

_PATIENCE: Final = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})


class SourceError(Exception):
    """The table cannot be read; the text is one sentence that says why, and what to do."""


@dataclass(frozen=True)
class Where:
    """Where a person wants the status read, as typed; nothing at all means what `make serve` keeps up.

    Attributes:
        stack: The name of a deployed stack.
        live: Whether it is what `run --live` keeps on this machine.
        state: Its state file, None for the usual one.
        twilio: What answered in Twilio's place, None for Twilio itself.
        served: Where `make serve` serves AWS, None for its usual port.
    """

    stack: str | None = None
    live: bool = False
    state: Path | None = None
    twilio: str | None = None
    served: str | None = None


@dataclass(frozen=True)
class Source:
    """A progress table that can be looked at again and again.

    Attributes:
        place: What it is called where it is shown.
        look: Gives the table as it is now.
        record: Changes the table to what a command learned; None where the table is not this machine's own.
    """

    place: str
    look: Callable[[], Table]
    record: Callable[[Callable[[Table], object]], object] | None = None

    def read[Read](self, do: Callable[[Table], Read]) -> Read:
        """Read the table as it is now.

        Raises:
            SourceError: It cannot be read.
        """
        try:
            with aws_failures_told():
                return do(self.look())
        except (StackError, AwsUnavailable) as error:
            raise SourceError(str(error)) from error


def find_source(where: Where, environment: Mapping[str, str]) -> Source:
    """Find a table.

    Args:
        where: Which one.
        environment: Names the account of runs on this machine.

    Raises:
        SourceError: There is none, or it cannot be read.
    """
    if where.stack:
        return of_stack(where.stack)
    if where.live:
        return of_state_file(environment, where.state, where.twilio)
    return of_served(where.served or SERVED)


def of_stack(name: str) -> Source:
    """Give the table of a deployed stack, read with the person's own AWS credentials.

    Raises:
        SourceError: There is none, or AWS does not give it.
    """
    try:
        with aws_failures_told():
            stack = find_complete(aws_session(), name)
            table = Table(stack.client("dynamodb", _PATIENCE), stack.outputs["ProgressTableName"])
    except StackError as error:
        raise SourceError(str(error)) from error
    return Source(f"stack {name}, {stack.session.region_name}", lambda: table)


def of_state_file(environment: Mapping[str, str], state: Path | None, twilio: str | None) -> Source:
    """Give what `run --live` keeps on this machine.

    Args:
        environment: Names the account.
        state: The state file, None for the usual one.
        twilio: What answers in Twilio's place, as typed, None for Twilio itself.

    Raises:
        SourceError: The environment names no account, `twilio` is no address, or there is no file that can be used.
    """
    # Loaded here: twilio and moto take longer than all that the others need.
    from shaken_stir.live import account, rehearsal  # noqa: PLC0415
    from shaken_stir.live.state_file import StateFile, StateFileError, default_path  # noqa: PLC0415

    def look() -> Table:
        try:
            return file.look().known()
        except StateFileError as error:
            raise SourceError(str(error)) from error

    try:
        rehearsed = rehearsal.address(twilio) if twilio is not None else None
        sid = account.credentials(environment).account_sid
        file = StateFile(state or default_path(sid, environment, rehearsed), sid, rehearsed)
    except (account.CredentialsError, rehearsal.RehearsalError) as error:
        raise SourceError(str(error)) from error
    look()
    if not file.found:
        raise SourceError(
            f"There is no state file {file.path}: no run with --live was made for {sid} on this machine; make one, or "
            "name the file with --state."
        )
    return Source(f"state file {file.path}", look, file.record_if_free)


def of_served(endpoint: str = SERVED) -> Source:
    """Give the table of the local stack that `make serve` keeps up.

    Raises:
        SourceError: Nothing is served there.
    """
    try:
        served = find_served(endpoint)
    except StackError as error:
        raise SourceError(str(error)) from error
    table = Table(served.client("dynamodb"), served.outputs["ProgressTableName"])
    return Source(f"local stack at {endpoint}", lambda: table)
