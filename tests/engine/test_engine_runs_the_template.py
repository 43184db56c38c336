import json
import time

import pytest
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from shaken_stir.engine.engine import Engine
from shaken_stir.engine.events import EventError
from shaken_stir.engine.functions import FunctionFailed, UnknownFunction


def test_functions_see_the_template_s_environment_and_the_webhook_s_address(engine: Engine) -> None:
    seen = engine.invoke("echo", {"ask": "environment"})

    assert {key: seen[key] for key in engine.environment} == engine.environment
    assert engine.environment["GREETING"] == "hello from local"
    assert engine.environment["PUBLIC_BASE_URL"] == engine.public_url
    assert engine.environment["MACHINE_ARN"] == engine.state_machine_arn
    assert engine.environment["REGIONS"] == "US,CA"
    assert "RUDENESS" not in engine.environment


def test_the_secret_holds_what_the_engine_was_given(engine: Engine) -> None:
    secret = engine.client("secretsmanager").get_secret_value(SecretId=engine.environment["SECRET_ARN"])

    assert json.loads(secret["SecretString"]) == {"auth_token": "t"}


def test_what_a_run_does_without_is_told(engine: Engine) -> None:
    assert engine.skipped == {"Alarm": "AWS::CloudWatch::Alarm"}


def test_the_table_has_its_time_to_live(engine: Engine) -> None:
    described = engine.client("dynamodb").describe_time_to_live(TableName=engine.environment["TABLE_NAME"])

    assert described["TimeToLiveDescription"]["AttributeName"] == "expires_at"


def test_an_event_that_a_rule_takes_becomes_its_detail(engine: Engine) -> None:
    event = {"source": "mini.test", "detail-type": "Thing Requested", "detail": {"settle": True}}

    assert engine.execution_input(event) == {"settle": True}
    with pytest.raises(EventError, match=r'^No rule .* source "other"'):
        engine.execution_input({**event, "source": "other"})


def test_an_event_that_is_put_on_a_rule_s_bus_starts_the_machine_with_its_detail(engine: Engine) -> None:
    client = engine.client("events")
    client.create_event_bus(Name="another")
    entry = {"Source": "mini.test", "DetailType": "Thing Requested", "Detail": '{"settle": true}'}

    def started(**named: str) -> list[str]:
        before = set(executions(engine))
        client.put_events(Entries=[entry | named])
        return [arn for arn in executions(engine) if arn not in before]

    assert started(EventBusName="another") == []
    assert started(DetailType="Thing Refused") == []
    for default in ({}, {"EventBusName": "arn:aws:events:us-east-1:123456789012:event-bus/default"}):
        [arn] = started(**default)
        assert engine.wait(arn, timeout=5)["status"] == "SUCCEEDED"
        assert json.loads(engine.describe_execution(arn)["input"]) == {"settle": True}


def executions(engine: Engine) -> list[str]:
    listed = engine.client("stepfunctions").list_executions(stateMachineArn=engine.state_machine_arn)
    return [it["executionArn"] for it in listed["executions"]]


def test_a_map_runs_every_item_with_retries_and_catches(engine: Engine) -> None:
    before = engine.invocations.get("flaky", 0)
    arn = engine.start_execution({"items": {"a": 0, "b": 1, "c": 9}, "concurrency": 2}, name="three-items")

    described = engine.wait(arn, timeout=10)

    assert described["status"] == "SUCCEEDED"
    a, b, c = json.loads(described["output"])["results"]
    assert (a["outcome"], b["outcome"]) == ({"tries": 1}, {"tries": 2})
    assert a["execution"] == "three-items"
    assert c["error"]["name"] == "NotYetError"
    assert c["error"]["details"]["errorMessage"] == "try 3 of c"
    assert engine.invocations["flaky"] - before == 1 + 2 + 3
    # What To Do?, Write Manifest, Each Item, Nothing; Try for each item, and Give Up for one.
    assert engine.state_transitions(arn) == 4 + 3 + 1
    assert [it["type"] for it in engine.history(arn)][-1] == "ExecutionSucceeded"


def test_an_empty_map_succeeds(engine: Engine) -> None:
    arn = engine.start_execution({"items": {}, "concurrency": 2})

    assert engine.wait(arn, timeout=5)["status"] == "SUCCEEDED"


def test_a_wait_and_a_token_s_timeout_are_as_short_as_the_scale_makes_them(engine: Engine) -> None:
    started = time.monotonic()
    settled = engine.wait(engine.start_execution({"settle": True}), timeout=5)
    unanswered = engine.wait(engine.start_execution({"question": "why", "patience": 50}), timeout=5)

    assert time.monotonic() - started >= 0.2 + 0.5
    assert settled["status"] == "SUCCEEDED"
    assert (unanswered["error"], unanswered["cause"]) == ("Unanswered", "Nobody answered why.")


def test_what_bounds_real_work_is_never_shortened(engine: Engine) -> None:
    arn = engine.start_execution({"items": {}, "concurrency": 1})

    engine.wait(arn, timeout=5)

    [scheduled] = [it["taskScheduledEventDetails"] for it in engine.history(arn) if it["type"] == "TaskScheduled"]
    assert scheduled["timeoutInSeconds"] == 60
    described = engine.client("stepfunctions").describe_state_machine(stateMachineArn=engine.state_machine_arn)
    # As the engine has it parsed; no history tells the limit of a whole execution.
    program, _ = AmazonStateLanguageParser.parse(described["definition"])
    assert program.timeout_seconds.timeout_seconds == 3600


def test_seconds_to_settle_are_scaled(engine: Engine) -> None:
    assert engine.environment["LIST_SETTLE_SECONDS"] == "0.1"


def test_two_executions_run_side_by_side(engine: Engine) -> None:
    arns = [engine.start_execution({"items": {f"s{n}{i}": 1 for i in range(5)}, "concurrency": 3}) for n in range(2)]

    assert {engine.wait(arn, timeout=10)["status"] for arn in arns} == {"SUCCEEDED"}
    assert {engine.state_transitions(arn) for arn in arns} == {4 + 5}


def test_a_failing_handler_is_reported(engine: Engine) -> None:
    with pytest.raises(FunctionFailed, match="NotYetError: try 1 of alone") as caught:
        engine.invoke("FlakyFunction", {"key": "alone", "fails": 1})
    with pytest.raises(FunctionFailed, match=r"Runtime\.ImportModuleError: Unable to import module 'broken'"):
        engine.invoke("broken", {})
    with pytest.raises(UnknownFunction, match="no function nobody"):
        engine.invoke("nobody", {})

    assert caught.value.error["errorType"] == "NotYetError"


def test_an_aborted_execution_ends_at_once(engine: Engine) -> None:
    arn = engine.start_execution({"question": "forever", "patience": 99999})
    while "Ask" not in str(engine.history(arn)):
        time.sleep(0.01)
    engine.stop_execution(arn)

    assert engine.wait(arn, timeout=5)["status"] == "ABORTED"


def test_waiting_has_an_end_and_tells_of_every_look(engine: Engine) -> None:
    looks: list[int] = []
    arn = engine.start_execution({"question": "later", "patience": 99999})
    with pytest.raises(TimeoutError, match=r"still runs after 0\.2 seconds"):
        engine.wait(arn, on_poll=lambda: looks.append(1), timeout=0.2)
    engine.stop_execution(arn)

    assert looks


def test_a_map_of_hundreds_of_items_runs_through(engine: Engine) -> None:
    items = {f"n{i}": 0 for i in range(300)}
    arn = engine.start_execution({"items": items, "concurrency": 8})

    assert engine.wait(arn, timeout=60)["status"] == "SUCCEEDED"
