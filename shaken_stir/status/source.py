"""Where a fleet's status is read: a stack's table, the laptop's state file, or what `make serve` keeps up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config

from onboarding.table.dynamodb import Table
from shaken_stir.defaults import AWS_PORT
from shaken_stir.deployed.stack import AWS_FAILURES, aws_failures_told, aws_session, find_complete
from shaken_stir.engine.intrinsics import REGION
from shaken_stir.live import account, rehearsal
from shaken_stir.live.state_file import StateFile, default_path
from simulator.addresses import THIS_MACHINE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SERVED: Final = f"http://{THIS_MACHINE}:{AWS_PORT}"
"""Where `make serve` serves AWS."""
PROGRESS_TABLE: Final = "ProgressTable"
_ANY: Final = "local"
_PATIENCE: Final = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})


class NothingServedError(Exception):
    """The local stack cannot be read; the text is one sentence that says what to do."""


@dataclass(frozen=True)
class Source:
    """A progress table that can be looked at again and again.

    Attributes:
        place: What it is called where it is shown.
        look: Gives the table as it is now; reading it may raise what opening it does.
    """

    place: str
    look: Callable[[], Table]


def of_stack(name: str) -> Source:
    """Give the table of a deployed stack, read with the person's own AWS credentials.

    Raises:
        StackError: There is none, or AWS does not give it.
    """
    with aws_failures_told():
        stack = find_complete(aws_session(), name)
        table = Table(stack.session.client("dynamodb", config=_PATIENCE), stack.outputs["ProgressTableName"])
    return Source(f"stack {name}, {stack.session.region_name}", lambda: table)


def of_state_file(environment: Mapping[str, str], state: Path | None, twilio: str | None) -> Source:
    """Give what `run --live` keeps on this machine.

    Args:
        environment: Names the account.
        state: The state file, None for the usual one.
        twilio: What answers in Twilio's place, as typed, None for Twilio itself.

    Raises:
        CredentialsError: The environment names no account.
        RehearsalError: `twilio` is no address.
        StateFileError: The file cannot be used.
    """
    rehearsed = rehearsal.address(twilio) if twilio is not None else None
    parent = account.credentials(environment)
    file = StateFile(state or default_path(parent.account_sid, environment, rehearsed), parent.account_sid, rehearsed)
    file.look()
    return Source(f"state file {file.path}", lambda: file.look().known())


def of_served(endpoint: str = SERVED) -> Source:
    """Give the table of the local stack that `make serve` keeps up.

    Raises:
        NothingServedError: Nothing is served there.
    """
    try:
        client: DynamoDBClient = boto3.client(
            "dynamodb",
            endpoint_url=endpoint,
            region_name=REGION,
            aws_access_key_id=_ANY,
            aws_secret_access_key=_ANY,
            config=_PATIENCE,
        )
        names = [it for it in client.list_tables()["TableNames"] if it.endswith(PROGRESS_TABLE)]
    except (*AWS_FAILURES, ValueError) as error:
        raise NothingServedError(
            f"Nothing is served at {endpoint}; start it with `make serve`, or name a deployed stack with --stack, or "
            "your own account's runs with --live."
        ) from error
    if not names:
        raise NothingServedError(f"There is no progress table at {endpoint}; start one with `make serve`.")
    table = Table(client, names[0])
    return Source(f"local stack at {endpoint}", lambda: table)
