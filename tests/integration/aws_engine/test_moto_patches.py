"""Each bug of moto, shown twice: it is still there, and its patch mends it. A red first one means: delete the patch."""

import inspect
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

import boto3
import pytest
import requests.adapters
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.dynamodb.parsing.executors import UpdateExpressionExecutor
from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_batch
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

from shaken_stir.engine import moto_patches
from shaken_stir.engine.functions import Answer
from shaken_stir.engine.state_machine import tasks_run

CONFIG: Any = {"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}}
ROLE = "arn:aws:iam::123456789012:role/local"
PASS = {"Type": "Pass", "End": True}


class Handlers(dict[str, Callable[[Any], Any]]):
    """Stands for the template's functions."""

    def invoke(self, name: str, payload: str) -> Answer:
        try:
            return Answer(json.dumps(self[name](json.loads(payload))))
        except RuntimeError as error:
            return Answer(json.dumps({"errorType": type(error).__name__, "errorMessage": str(error)}), failed=True)


class Moto:
    """moto's Step Functions, patched or not."""

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
            time.sleep(0.005)
        return described


def task(name: str, **fields: Any) -> dict[str, Any]:
    resource = "arn:aws:states:::lambda:invoke"
    return {"Type": "Task", "Resource": resource, "Parameters": {"FunctionName": name}, "End": True, **fields}


def waiting(name: str, **fields: Any) -> dict[str, Any]:
    parameters = {"FunctionName": name, "Payload": {"token.$": "$$.Task.Token"}}
    return task(
        name, **{"Parameters": parameters, **fields, "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken"}
    )


def each(state: dict[str, Any], **fields: Any) -> dict[str, Any]:
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "S"}
    return {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemProcessor": {**processor, "States": {"S": state}},
        "End": True,
        **fields,
    }


def refusal(call: Callable[[], object]) -> str:
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    except AttributeError as error:
        return type(error).__name__
    return "accepted"


def fails_while_starting(moto: Moto) -> bool:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ExecutionWorker, "start", lambda _: None)
        moto.start(P=PASS)
    return refusal(lambda: moto.sfn.send_task_success(taskToken="x", output="{}")) == "AttributeError"


def drops_the_cause(moto: Moto) -> bool:
    tokens: list[str] = []
    moto.handlers["keep"] = lambda event: tokens.append(event["token"])
    arn = moto.start(W=waiting("keep"))
    while not tokens:
        time.sleep(0.001)
    time.sleep(0.05)
    moto.sfn.send_task_failure(taskToken=tokens[0], error="E", cause="because")
    return bool(moto.end(arn).get("cause") != "because")


def takes_a_late_token(moto: Moto) -> bool:
    tokens: list[str] = []
    moto.handlers["keep"] = lambda event: tokens.append(event["token"])
    gone_on = {"ErrorEquals": ["States.ALL"], "Next": "Later"}
    arn = moto.start(
        W=waiting("keep", TimeoutSeconds=1, Catch=[gone_on]), Later={"Type": "Wait", "Seconds": 1, "End": True}
    )
    while "WaitStateEntered" not in str(moto.sfn.get_execution_history(executionArn=arn)["events"]):
        time.sleep(0.01)
    while_running = refusal(lambda: moto.sfn.send_task_success(taskToken=tokens[0], output="{}"))
    moto.end(arn)
    after_the_end = refusal(lambda: moto.sfn.send_task_success(taskToken=tokens[0], output="{}"))
    return (while_running, after_the_end) != ("TaskTimedOut", "TaskTimedOut")


def keeps_a_dead_token(moto: Moto) -> bool:
    tokens: list[str] = []
    moto.handlers["keep"] = lambda event: tokens.append(event["token"])
    again = {"ErrorEquals": ["E"], "IntervalSeconds": 1, "MaxAttempts": 1}
    arn = moto.start(W=waiting("keep", Retry=[again], TimeoutSeconds=9))
    for tries in (1, 2):
        while len(tokens) < tries:
            time.sleep(0.001)
        time.sleep(0.05)
        if tries == 1:
            moto.sfn.send_task_failure(taskToken=tokens[0], error="E")
        elif tokens[0] != tokens[1]:
            moto.sfn.send_task_success(taskToken=tokens[1], output="{}")
    return bool(moto.end(arn)["status"] != "SUCCEEDED")


def calls_it_none(moto: Moto) -> bool:
    started = moto.sfn.start_execution(stateMachineArn=moto.machine(P=PASS))
    return started["executionArn"].endswith(":None")


def stops_without_waking(moto: Moto) -> bool:
    moto.handlers["keep"] = lambda _: None
    arn = moto.start(W=waiting("keep", TimeoutSeconds=2))
    time.sleep(0.1)
    moto.sfn.stop_execution(executionArn=arn)
    return bool(moto.end(arn, 1)["status"] != "ABORTED")


def stops_without_waking_a_retry(moto: Moto) -> bool:
    def fail(_: Any) -> None:
        raise RuntimeError("no")

    moto.handlers["fail"] = fail
    arn = moto.start(T=task("fail", Retry=[{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2}]))
    time.sleep(0.1)
    moto.sfn.stop_execution(executionArn=arn)
    return bool(moto.end(arn, 1)["status"] != "ABORTED")


def dies_of_many_items(moto: Moto) -> bool:
    died = threading.Event()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(threading, "excepthook", lambda _: died.set())
        arn = moto.start({"items": list(range(1000))}, M=each(PASS, MaxConcurrency=1, ResultPath=None))
        while moto.end(arn, 0.1)["status"] == "RUNNING" and not died.is_set():
            pass
    return died.is_set()


def shows_the_parent(moto: Moto) -> bool:
    inner = {**PASS, "Parameters": {"input.$": "$$.Execution.Input", "name.$": "$$.Execution.Name"}}
    select = {"item.$": "$$.Map.Item.Value", "parent.$": "$$.Execution.Name"}
    arn = moto.start({"items": [7]}, M=each(inner, ItemSelector=select))
    [seen] = json.loads(moto.end(arn)["output"])
    return not (seen["input"] == {"item": 7, "parent": "run"} and seen["name"] != "run")


def overlooks_a_missing_variable(moto: Moto) -> bool:
    rule = {"Variable": "$.absent", "IsNull": False, "Next": "P"}
    arn = moto.start(C={"Type": "Choice", "Choices": [rule], "Default": "P"}, P=PASS)
    return bool(moto.end(arn).get("error") != "States.Runtime")


def has_no_text_for_the_start(moto: Moto) -> bool:
    formatted = {**PASS, "Parameters": {"at.$": "States.Format('{}', $$.Execution.StartTime)"}}
    described = moto.end(moto.start(P=formatted))
    return described["status"] != "SUCCEEDED" or not json.loads(described["output"])["at"].endswith("Z")


def parses_again(_: Moto) -> bool:
    return not (hasattr(json_path.parse, "cache_info") and hasattr(result_path.parse, "cache_info"))


def shows_what_is_being_written(_: Moto) -> bool:
    dynamodb = boto3.client("dynamodb", region_name="us-east-1")
    dynamodb.create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    key: Any = {"pk": {"S": "new"}}
    seen: list[Any] = []
    reader = threading.Thread(target=lambda: seen.append(dynamodb.get_item(TableName="t", Key=key).get("Item")))
    execute = UpdateExpressionExecutor.execute

    def execute_while_read(executor: Any, *arguments: Any) -> Any:
        if reader.ident is None:  # the expression's parts are executed one within the other
            reader.start()
            reader.join(0.3)
        return execute(executor, *arguments)

    with patch.object(UpdateExpressionExecutor, "execute", execute_while_read):
        dynamodb.update_item(
            TableName="t", Key=key, UpdateExpression="SET a = :a", ExpressionAttributeValues={":a": {"S": "x"}}
        )
    reader.join()
    return seen == [key]


def intercepts_requests(_: Moto) -> bool:
    return requests.adapters.HTTPAdapter.send.__module__ != "requests.adapters"


BUGS: list[tuple[Callable[[], AbstractContextManager[None]], Callable[[Moto], bool]]] = [
    (moto_patches.send_task_fails_while_an_execution_starts, fails_while_starting),
    (moto_patches.send_task_failure_drops_the_cause, drops_the_cause),
    (moto_patches.a_late_task_token_is_not_refused, takes_a_late_token),
    (moto_patches.a_retried_wait_keeps_its_dead_token, keeps_a_dead_token),
    (moto_patches.a_nameless_execution_is_called_none, calls_it_none),
    (moto_patches.stop_execution_wakes_nobody, stops_without_waking),
    (moto_patches.stop_execution_wakes_nobody, stops_without_waking_a_retry),
    (moto_patches.a_map_worker_recurses_with_every_item, dies_of_many_items),
    (moto_patches.a_map_item_sees_its_parents_execution, shows_the_parent),
    (moto_patches.a_choice_overlooks_a_missing_variable, overlooks_a_missing_variable),
    (moto_patches.the_start_time_is_not_text, has_no_text_for_the_start),
    (moto_patches.json_paths_are_parsed_at_every_use, parses_again),
    (moto_patches.an_item_is_seen_while_it_is_written, shows_what_is_being_written),
    (moto_patches.requests_to_anywhere_are_intercepted, intercepts_requests),
]
each_bug = pytest.mark.parametrize(("mend", "is_there"), BUGS, ids=[bug.__name__ for _, bug in BUGS])


@pytest.fixture
def moto() -> Iterator[Moto]:
    with mock_aws(config=CONFIG):
        running = Moto()
        with tasks_run(running.handlers):  # type: ignore[arg-type]
            yield running


@each_bug
def test_moto_still_has_the_bug(
    mend: Callable[[], AbstractContextManager[None]], is_there: Callable[[Moto], bool], moto: Moto
) -> None:
    assert is_there(moto), f"moto mended this: delete the patch {mend.__name__}"


@each_bug
def test_the_patch_mends_it(mend: Callable[[], AbstractContextManager[None]], is_there: Callable[[Moto], bool]) -> None:
    with mend(), mock_aws(config=CONFIG):
        running = Moto()
        with tasks_run(running.handlers):  # type: ignore[arg-type]
            assert not is_there(running)


def test_every_patch_has_its_bug_shown() -> None:
    assert {mend for mend, _ in BUGS} == set(moto_patches.PATCHES)


def test_moto_still_loads_all_of_ec2_for_step_functions() -> None:
    loads = "from moto.batch.utils import JobStatus" in inspect.getsource(state_task_service_batch)

    assert loads, "moto mended this: delete the stand-in for moto.batch.utils in shaken_stir/engine/__init__.py"
