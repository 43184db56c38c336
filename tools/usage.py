"""What a run, and the stack by itself, use of AWS: counted in runs on this machine, and in the template."""

import io
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import Any, Final

from onboarding import clients
from onboarding.table.outcomes import OUTCOME_SECONDS
from shaken_stir.engine.intrinsics import read_template
from shaken_stir.engine.template import Template
from shaken_stir.project import TEMPLATE
from shaken_stir.simulated.place import SimulatedPlace
from tools.prices import ASSUMED
from tools.rights import roles

GIGABYTE: Final = 1e9
HOURS_A_MONTH: Final = 730
RUNS_A_MONTH: Final = 30
_DAY_SECONDS: Final = 86_400
_WRITE_UNIT: Final = 1024
_READ_UNIT: Final = 4096
_MEGABYTES_A_GIGABYTE: Final = 1024
_SECONDS: Final = {
    "audit_assignments": ASSUMED["seconds_of_the_audit"],
    "find_orphans": ASSUMED["seconds_of_the_search_for_orphans"],
}
_FUNCTIONS: Final = Template(TEMPLATE, {}).functions
_MEMORY: Final = {it.module: it.memory for it in _FUNCTIONS.values()}
_ROLES: Final = roles()
_READ_THE_SECRET: Final = {
    it.module
    for it in _FUNCTIONS.values()
    if any(
        right.action == "secretsmanager:GetSecretValue" for right in _ROLES[it.logical_id.replace("Function", "Role")]
    )
}

type Usage = Mapping[str, float]
"""How much is used of each thing that has a price, by its name in tools/prices.toml."""
type Measure = Callable[[str], Usage]
"""What tells the use of a fleet by its size: `4x10` is four subaccounts with ten numbers each."""


def plus(first: Usage, second: Usage, times: float = 1) -> Usage:
    """Add another one, so many times."""
    return {name: first.get(name, 0) + times * second.get(name, 0) for name in {*first, *second}}


def of_a_run(
    local: SimulatedPlace, request: Mapping[str, Any], once_waiting: Callable[[], object] | None = None
) -> Usage:
    """Run a request, and count what it uses.

    Args:
        local: Where it runs.
        request: The state machine's input.
        once_waiting: Called when the run awaits the verdict.
    """
    calls, invoked = local.twilio_calls(), Counter(local.engine.invocations)
    printed = io.StringIO()
    waiting = once_waiting

    def on_poll() -> None:
        nonlocal waiting
        if waiting and local.engine.waiting_since(arn):
            waiting()
            waiting = None

    with _requests_to_aws() as requests, redirect_stdout(printed):
        arn = local.engine.start_execution(request)
        local.engine.wait(arn, on_poll=on_poll)
    invoked = Counter(local.engine.invocations) - invoked
    lines = printed.getvalue()
    # As if each were in a process of its own: those that live on have the secret already.
    reads = sum(count for function, count in invoked.items() if function in _READ_THE_SECRET)
    return {
        "state_transitions": local.engine.state_transitions(arn),
        "lambda_requests": invoked.total(),
        "lambda_gb_seconds": sum(count * _gigabyte_seconds(function) for function, count in invoked.items()),
        "secret_reads": reads,
        "key_uses": reads,
        # One for each execution: the machine's, and each of its Map's.
        "traces": 1 + invoked["record_subaccount"],
        "logs_written": invoked.total() * ASSUMED["bytes_logged_per_invocation"] / GIGABYTE,
        "custom_metrics": len(metrics_in(lines)) / HOURS_A_MONTH,
        "data_sent": (local.twilio_calls() - calls).total() * ASSUMED["bytes_per_request_to_twilio"] / GIGABYTE,
        # The machine itself reads the manifest for its Map.
        "bucket_reads": requests.pop("bucket_reads", 0) + 1,
        **requests,
        "bytes_printed": len(lines.encode()),
    }


def of_the_stack() -> Usage:
    """Count what the stack has whether or not it runs: a month's worth of each."""
    document = read_template(TEMPLATE)
    kinds = Counter(it["Type"] for it in document["Resources"].values())
    alarms = [it["Properties"] for it in document["Resources"].values() if it["Type"] == "AWS::CloudWatch::Alarm"]
    return {
        "alarm_metrics": sum(map(metrics_of, alarms)),
        "composite_alarms": kinds["AWS::CloudWatch::CompositeAlarm"],
        "dashboards": kinds["AWS::CloudWatch::Dashboard"],
        "secrets": kinds["AWS::SecretsManager::Secret"],
        "keys": kinds["AWS::KMS::Key"],
        "callbacks": ASSUMED["callbacks_per_month"],
        "mails": ASSUMED["mails_per_month"],
    }


def stored(before: int, after: int) -> Usage:
    """Tell what lies in table and bucket after a month of the same request every day.

    Args:
        before: How many items were in the table when one of these runs began.
        after: How many there were when it had ended.
    """
    kept_runs = min(RUNS_A_MONTH, OUTCOME_SECONDS / _DAY_SECONDS)
    gigabytes = (after + (after - before) * (kept_runs - 1)) * ASSUMED["bytes_per_item"] / GIGABYTE
    return {"table_storage": gigabytes, "table_backup": gigabytes}


def items(local: SimulatedPlace) -> int:
    """Count the items in the table."""
    pages = local.engine.client("dynamodb").get_paginator("scan")
    name = local.engine.environment["TABLE_NAME"]
    return sum(page["Count"] for page in pages.paginate(TableName=name, Select="COUNT"))


def metrics_of(alarm: Mapping[str, Any]) -> int:
    """Count the metrics that an alarm watches: CloudWatch charges for each, not for the alarm."""
    return sum("MetricStat" in it for it in alarm["Metrics"]) if "Metrics" in alarm else 1


def metrics_in(lines: str) -> set[str]:
    """Name the custom metrics that were sent, in the embedded metric format."""
    return {
        metric["Name"]
        for line in lines.splitlines()
        if '"_aws"' in line
        for directive in json.loads(line)["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
    }


@contextmanager
def _requests_to_aws() -> Iterator[Counter[str]]:
    """Count what the functions ask of table, bucket and event bus meanwhile."""
    noted: list[tuple[str, float]] = []
    counted = Counter[str]()

    def asked(params: Any, model: Any, **_: Any) -> None:
        noted.extend(_asked(model.name, params))

    def answered(parsed: Any, model: Any, **_: Any) -> None:
        if model.name == "Query":
            noted.append(("table_reads", _units(parsed["Items"], _READ_UNIT)))

    emitters = [client.meta.events for client in (clients.dynamodb(), clients.s3(), clients.event_bridge())]
    for emitter in emitters:
        emitter.register("provide-client-params", asked)
        emitter.register("after-call", answered)
    yield counted
    for emitter in emitters:
        emitter.unregister("provide-client-params", asked)
        emitter.unregister("after-call", answered)
    for name, amount in noted:
        counted[name] += amount  # type: ignore[assignment]


def _asked(operation: str, parameters: Any) -> Iterator[tuple[str, float]]:
    match operation:
        case "PutItem":
            yield "table_writes", _units(parameters["Item"], _WRITE_UNIT)
        case "UpdateItem" | "DeleteItem":
            yield "table_writes", 1
        case "BatchWriteItem":
            for requests in parameters["RequestItems"].values():
                yield "table_writes", sum(_units(request, _WRITE_UNIT) for request in requests)
        case "GetItem":
            yield "table_reads", 1
        case "BatchGetItem":
            yield "table_reads", sum(len(it["Keys"]) for it in parameters["RequestItems"].values())
        case "PutObject":
            yield "bucket_writes", 1
            yield "bucket_storage", len(parameters["Body"]) / GIGABYTE
        case "GetObject":
            yield "bucket_reads", 1
        case "PutEvents":
            yield "events", len(parameters["Entries"])


def _units(value: Any, size: int) -> int:
    return max(1, math.ceil(len(json.dumps(value)) / size))


def _gigabyte_seconds(function: str) -> float:
    return _MEMORY[function] / _MEGABYTES_A_GIGABYTE * _SECONDS.get(function, ASSUMED["seconds_per_invocation"])
