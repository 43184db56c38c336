"""Calls of AWS that go wrong, whatever client makes them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.exceptions import ClientError, ReadTimeoutError

from tests.steps.faults import aws_table

LEFT = {"BatchGetItem": "UnprocessedKeys", "BatchWriteItem": "UnprocessedItems"}

type Call = Callable[[dict[str, Any]], Any]


class Failing:
    """An operation of AWS that fails in one way, so many times; 0 is each time.

    Attributes:
        happened: How often it has failed.
    """

    def __init__(self, operation: str, fault: str, times: int) -> None:
        self._operation = operation.rsplit(maxsplit=1)[-1]
        self._fault = fault
        self._times = times
        self._lock = threading.Lock()
        self.happened = 0

    def concerns(self, operation: str) -> bool:
        """Whether a call goes wrong; counts those that do."""
        with self._lock:
            due = operation == self._operation and (not self._times or self.happened < self._times)
            self.happened += due
            return due

    def befall(self, operation: str, parameters: dict[str, Any], call: Call) -> Any:
        """What the product gets of a call that goes wrong.

        Raises:
            ClientError, ReadTimeoutError: As botocore raises them.
        """
        match self._fault:
            case aws_table.THROTTLED:
                raise error(operation, "ThrottlingException", HTTPStatus.BAD_REQUEST)
            case aws_table.FAILING:
                raise error(operation, "InternalServerError", HTTPStatus.INTERNAL_SERVER_ERROR)
            case aws_table.UNANSWERED_AFTER_THE_WORK:
                call(parameters)
            case aws_table.IN_PART | aws_table.NOT_AT_ALL:
                return put_off(operation, parameters, call, all_of_it=self._fault == aws_table.NOT_AT_ALL)
        raise ReadTimeoutError(endpoint_url="https://aws.example")


def error(operation: str, code: str, status: int) -> ClientError:
    """An answer of AWS that is an error."""
    said: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(said, operation)


def put_off(operation: str, parameters: dict[str, Any], call: Call, *, all_of_it: bool) -> Any:
    """Have a batch done but for its last entry, or nothing of it; what is left is in the answer."""
    [(table, batch)] = parameters["RequestItems"].items()
    entries = batch if isinstance(batch, list) else batch["Keys"]
    done = [] if all_of_it else entries[: max(1, len(entries) - 1)]
    rest = entries[len(done) :]

    def with_entries(some: list[Any]) -> dict[str, Any]:
        return {table: some if isinstance(batch, list) else batch | {"Keys": some}}

    answer = call(parameters | {"RequestItems": with_entries(done)}) if done else {"Responses": {}}
    return answer | {LEFT[operation]: with_entries(rest) if rest else {}}


@contextmanager
def failing(operation: str, fault: str, times: int) -> Iterator[Failing]:
    """Have an operation of AWS fail so often; all is well again at the end."""
    planned = Failing(operation, fault, times)
    make_api_call: Any = vars(BaseClient)["_make_api_call"]

    def call_or_fail(client: BaseClient, name: str, parameters: dict[str, Any]) -> Any:
        def call(these: dict[str, Any]) -> Any:
            return make_api_call(client, name, these)

        return planned.befall(name, parameters, call) if planned.concerns(name) else call(parameters)

    with patch.object(BaseClient, "_make_api_call", call_or_fail):
        yield planned
