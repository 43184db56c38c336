"""moto, patched or not, for the tests of its bugs."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import boto3
from moto import mock_aws

from shaken_stir.engine import surroundings
from shaken_stir.engine.functions import Answer
from shaken_stir.engine.state_machine import tasks_run

CONFIG: Any = {"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}}
type Bug = tuple[Callable[[], AbstractContextManager[None]], Callable[["Moto"], bool]]
"""A patch, and what says whether the bug that it fixes is there."""
ROLE = "arn:aws:iam::123456789012:role/local"


class Handlers(dict[str, Callable[[Any], Any]]):
    """Stands for the template's functions."""

    def invoke(self, name: str, payload: str) -> Answer:
        try:
            return Answer(json.dumps(self[name](json.loads(payload))))
        except RuntimeError as error:
            return Answer(json.dumps({"errorType": type(error).__name__, "errorMessage": str(error)}), failed=True)


class Moto:
    """moto's AWS, with what the tests ask of it."""

    def __init__(self) -> None:
        self.handlers = Handlers()
        self.sfn = boto3.client("stepfunctions", region_name="us-east-1")
        self._count = 0

    def machine(self, **states: Any) -> str:
        self._count += 1
        definition = json.dumps({"StartAt": next(iter(states)), "States": states})
        made = self.sfn.create_state_machine(name=f"m{self._count}", definition=definition, roleArn=ROLE)
        return made["stateMachineArn"]

    def start(self, _input: Any = None, **states: Any) -> str:
        machine = self.machine(**states)
        started = self.sfn.start_execution(stateMachineArn=machine, name="run", input=json.dumps(_input or {}))
        return started["executionArn"]

    def end(self, arn: str, seconds: float = 5) -> Any:
        deadline = time.monotonic() + seconds
        while (described := self.sfn.describe_execution(executionArn=arn))["status"] == "RUNNING":
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        return described

    def table(self, name: str, *keys: str) -> Any:
        """The client of DynamoDB, with a table of these keys."""
        dynamodb: Any = boto3.client("dynamodb", region_name="us-east-1")
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        )
        return dynamodb


@contextmanager
def running() -> Iterator[Moto]:
    """moto, with handlers of the test's own behind its Lambda tasks."""
    with mock_aws(config=CONFIG), surroundings.clients_kept():
        moto = Moto()
        with tasks_run(moto.handlers):  # type: ignore[arg-type]
            yield moto
