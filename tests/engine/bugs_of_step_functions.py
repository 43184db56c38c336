"""What shows each bug of moto's Step Functions: a function that says whether it is there."""

import json
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser
from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

from shaken_stir.engine.moto_patches import step_functions
from tests.engine.moto_running import Bug, Moto

PASS = {"Type": "Pass", "End": True}


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
    # Long enough for the task to listen before it is over, however busy the machine is.
    arn = moto.start(
        W=waiting("keep", TimeoutSeconds=3, Catch=[gone_on]), Later={"Type": "Wait", "Seconds": 1, "End": True}
    )
    while "WaitStateEntered" not in str(moto.sfn.get_execution_history(executionArn=arn)["events"]):
        time.sleep(0.03)
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
    return str(started["executionArn"]).endswith(":None")


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
    died, limit = threading.Event(), 200  # as with Python's own, 1,000, but sooner
    with pytest.MonkeyPatch.context() as patched, ExitStack() as stack:
        patched.setattr(threading, "excepthook", lambda _: died.set())
        stack.callback(sys.setrecursionlimit, sys.getrecursionlimit())
        sys.setrecursionlimit(limit)
        arn = moto.start({"items": list(range(limit))}, M=each(PASS, MaxConcurrency=1, ResultPath=None))
        while moto.end(arn, 0.1)["status"] == "RUNNING" and not died.is_set():
            pass
        return died.is_set() or bool(moto.end(arn)["status"] != "SUCCEEDED")


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


def has_one_order_and_one_page(moto: Moto) -> bool:
    arn = moto.start(P=PASS)
    moto.end(arn)
    pages = moto.sfn.get_paginator("get_execution_history").paginate(
        executionArn=arn, reverseOrder=True, PaginationConfig={"PageSize": 3}
    )
    return [[event["id"] for event in page["events"]] for page in pages] != [[4, 3, 2], [1]]


def parses_again(_: Moto) -> bool:
    return not (hasattr(json_path.parse, "cache_info") and hasattr(result_path.parse, "cache_info"))


def looks_for_ambiguities(_: Moto) -> bool:
    return bool(ASLParser(None)._interp.predictionMode.name != "SLL")


BUGS: list[Bug] = [
    (step_functions.send_task_fails_while_an_execution_starts, fails_while_starting),
    (step_functions.send_task_failure_drops_the_cause, drops_the_cause),
    (step_functions.a_late_task_token_is_not_refused, takes_a_late_token),
    (step_functions.a_retried_wait_keeps_its_dead_token, keeps_a_dead_token),
    (step_functions.a_nameless_execution_is_called_none, calls_it_none),
    (step_functions.stop_execution_wakes_nobody, stops_without_waking),
    (step_functions.stop_execution_wakes_nobody, stops_without_waking_a_retry),
    (step_functions.a_map_worker_recurses_with_every_item, dies_of_many_items),
    (step_functions.a_map_item_sees_its_parents_execution, shows_the_parent),
    (step_functions.a_choice_overlooks_a_missing_variable, overlooks_a_missing_variable),
    (step_functions.the_start_time_is_not_text, has_no_text_for_the_start),
    (step_functions.a_history_has_one_order_and_one_page, has_one_order_and_one_page),
    (step_functions.json_paths_are_parsed_at_every_use, parses_again),
    (step_functions.a_definition_is_parsed_for_ambiguities, looks_for_ambiguities),
]
