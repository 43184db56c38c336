"""The stack that `make serve` keeps up on this machine, found over HTTP at the address of its AWS."""

from dataclasses import dataclass
from typing import Any, Final

import boto3
from botocore.config import Config

from shaken_stir.defaults import SERVED
from shaken_stir.deployed.stack import AWS_FAILURES, DeployedStack, StackError
from shaken_stir.engine.intrinsics import REGION

NAME: Final = "served"
PROGRESS_TABLE: Final = "ProgressTable"
CALLBACK_URL: Final = "CallbackUrl"
"""The tag of the state machine that has the webhook's address."""
_ANY: Final = "local"
_PATIENCE: Final = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})


@dataclass(frozen=True)
class ServedStack(DeployedStack):
    """A stack that `make serve` keeps up.

    Attributes:
        endpoint: Where it serves AWS.
    """

    endpoint: str = SERVED

    def client(self, service: str, config: Config | None = None) -> Any:
        """Return a client of its AWS."""
        # boto3 has an overload for each service by its name.
        session: Any = self.session
        return session.client(service, endpoint_url=self.endpoint, config=config or _PATIENCE)


def find_served(endpoint: str = SERVED) -> ServedStack:
    """Find what `make serve` keeps up.

    Raises:
        StackError: Nothing is served there, or something else is.
    """
    session = boto3.Session(aws_access_key_id=_ANY, aws_secret_access_key=_ANY, region_name=REGION)
    served = ServedStack(NAME, "", {}, session, endpoint=endpoint)
    try:
        tables = [it for it in served.client("dynamodb").list_tables()["TableNames"] if it.endswith(PROGRESS_TABLE)]
        client = served.client("stepfunctions")
        machines = client.list_state_machines()["stateMachines"]
        if not tables or not machines:
            raise StackError(f"There is no progress table at {endpoint}; start one with `make serve`.")
        arn = machines[0]["stateMachineArn"]
        tags = {it["key"]: it["value"] for it in client.list_tags_for_resource(resourceArn=arn)["tags"]}
    except (*AWS_FAILURES, ValueError) as error:
        raise StackError(
            f"Nothing is served at {endpoint}; start it with `make serve`, or name another address with --served, or a "
            "deployed stack with --stack."
        ) from error
    outputs = {"StateMachineArn": arn, "ProgressTableName": tables[0]}
    outputs |= {CALLBACK_URL: tags[CALLBACK_URL]} if CALLBACK_URL in tags else {}
    return ServedStack(NAME, "", outputs, session, endpoint=endpoint)
