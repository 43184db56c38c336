"""The stack as its operators are promised it: what is kept, what is private, what tells them."""

import json
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from shaken_stir.engine.intrinsics import Resolver, read_template
from tools.rights import TEMPLATE

DOCUMENT = read_template(TEMPLATE)
RESOURCES: dict[str, Any] = DOCUMENT["Resources"]
PARAMETERS: dict[str, Any] = DOCUMENT["Parameters"]


def of_type(kind: str) -> dict[str, Any]:
    return {name: it for name, it in RESOURCES.items() if it["Type"] == kind}


def test_a_template_against_the_serverless_rules_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make lint` runs the same command on the template itself."""
    functions = {"Globals": {"Function": DOCUMENT["Globals"]["Function"] | {"Tracing": "PassThrough"}}}
    one = {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "a.b", "InlineCode": "pass"}}
    untraced = tmp_path / "template.json"
    untraced.write_text(
        json.dumps({"Transform": DOCUMENT["Transform"], **functions, "Resources": {"Untraced": one}}), encoding="utf-8"
    )
    [cfn_lint] = entry_points(group="console_scripts", name="cfn-lint")
    command = ["cfn-lint", "--append-rules", "cfn_lint_serverless.rules", "--template", str(untraced)]
    monkeypatch.setattr(sys, "argv", command)

    with pytest.raises(SystemExit) as done:
        cfn_lint.load()()

    assert done.value.code != 0
    assert "WS1000" in capsys.readouterr().out


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_a_parameter_is_described_constrained_and_has_a_default(parameter: str) -> None:
    it = PARAMETERS[parameter]

    assert len(it["Description"]) > 20
    assert "Default" in it
    assert {"AllowedPattern", "AllowedValues", "MinValue", "MaxLength"} & it.keys() or parameter == "Regions"


def test_the_table_outlives_the_stack_and_its_mistakes() -> None:
    [table] = of_type("AWS::DynamoDB::Table").values()

    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    properties = table["Properties"]
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"] == {"SSEEnabled": True}
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert properties["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert "TableName" not in properties


def test_layers_go_with_the_stack() -> None:
    """SAM keeps each version otherwise, and every deployment that changes a layer leaves one behind."""
    layers = of_type("AWS::Serverless::LayerVersion")

    assert {name: it["Properties"].get("RetentionPolicy") for name, it in layers.items()} == {
        "DependenciesLayer": "Delete",
    }


@pytest.mark.parametrize(
    ("policy", "action"), [("UndeliveredEventsQueuePolicy", "sqs:*"), ("AlarmTopicPolicy", "sns:Publish")]
)
def test_queue_and_topic_refuse_what_is_not_encrypted_on_its_way(policy: str, action: str) -> None:
    statements = RESOURCES[policy]["Properties"]["PolicyDocument"]["Statement"]

    [denied] = [it for it in statements if it["Effect"] == "Deny"]
    assert (denied["Principal"], denied["Action"]) == ("*", action)
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_logs_go_with_the_stack_and_a_failed_first_deployment_leaves_no_secret() -> None:
    [secret] = of_type("AWS::SecretsManager::Secret").values()

    assert {it["DeletionPolicy"] for it in of_type("AWS::Logs::LogGroup").values()} == {"Delete"}
    assert (secret["DeletionPolicy"], secret["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


@pytest.mark.parametrize(
    ("partition", "host"),
    [
        ("aws", "console.aws.amazon.com"),
        ("aws-cn", "console.amazonaws.cn"),
        ("aws-us-gov", "console.amazonaws-us-gov.com"),
        ("aws-of-tomorrow", "console.aws.amazon.com"),
    ],
)
def test_the_dashboard_s_link_fails_no_deployment_in_any_partition(partition: str, host: str) -> None:
    resolver = Resolver(DOCUMENT, {})
    resolver._parameters["AWS::Partition"] = partition
    _, names = DOCUMENT["Outputs"]["DashboardUrl"]["Value"]["Fn::Sub"]

    assert resolver.resolve(names["Host"]) == host


def test_log_levels_are_parameters() -> None:
    machine = RESOURCES["OnboardingStateMachine"]["Properties"]["Logging"]
    variables = DOCUMENT["Globals"]["Function"]["Environment"]["Variables"]

    assert (machine["Level"], machine["IncludeExecutionData"]) == ({"Ref": "StateMachineLogLevel"}, False)
    assert variables["POWERTOOLS_LOG_LEVEL"] == {"Ref": "FunctionLogLevel"}


def test_the_bucket_is_private_encrypted_tls_only_and_empties_itself() -> None:
    [bucket] = of_type("AWS::S3::Bucket").values()
    [policy] = of_type("AWS::S3::BucketPolicy").values()

    assert all(bucket["Properties"]["PublicAccessBlockConfiguration"].values())
    assert bucket["Properties"]["BucketEncryption"]
    [rule] = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == 30
    [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_every_log_group_forgets_and_those_of_services_are_vended() -> None:
    groups = {name: it["Properties"] for name, it in of_type("AWS::Logs::LogGroup").items()}

    assert all(group["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())
    assert groups["StateMachineLogGroup"]["LogGroupName"]["Fn::Sub"].startswith("/aws/vendedlogs/states/")


def test_the_state_machine_is_traced_and_logs_no_data() -> None:
    machine = RESOURCES["OnboardingStateMachine"]["Properties"]

    assert machine["Tracing"] == {"Enabled": True}
    assert machine["Logging"]["IncludeExecutionData"] is False


def test_whatever_starts_the_machine_has_a_queue_for_what_could_not_be_delivered() -> None:
    events = RESOURCES["OnboardingStateMachine"]["Properties"]["Events"]
    queue = {"Arn": {"Fn::GetAtt": ["UndeliveredEventsQueue", "Arn"]}}

    assert {name: it["Properties"]["DeadLetterConfig"] for name, it in events.items()} == dict.fromkeys(events, queue)


def test_the_webhook_takes_what_twilio_sends_and_its_log_names_no_secret() -> None:
    """A handful of callbacks for each review, so strangers shall cost little and take little of the account."""
    [api] = of_type("AWS::Serverless::HttpApi").values()

    assert api["Properties"]["DefaultRouteSettings"] == {"ThrottlingRateLimit": 2, "ThrottlingBurstLimit": 20}
    log = api["Properties"]["AccessLogSettings"]["Format"]
    assert "$context.status" in log
    assert "signature" not in log.lower()
    assert "query" not in log.lower()


@pytest.mark.parametrize(("given", "reserved"), [({}, None), ({"WebhookReservedConcurrency": "2"}, "2")])
def test_the_webhook_s_concurrency_is_reserved_when_asked_for(given: dict[str, str], reserved: str | None) -> None:
    properties = Resolver(DOCUMENT, given).resolve(RESOURCES["StatusCallbackFunction"]["Properties"])

    assert properties.get("ReservedConcurrentExecutions") == reserved


@pytest.mark.parametrize(
    ("given", "state", "variable"),
    [({}, "DISABLED", "false"), ({"ScheduleExpression": "rate(1 day)"}, "ENABLED", "true")],
)
def test_the_whole_fleet_is_looked_through_by_itself_only_when_asked_for(
    given: dict[str, str], state: str, variable: str
) -> None:
    resolver = Resolver(DOCUMENT, given)
    events = resolver.resolve(RESOURCES["OnboardingStateMachine"]["Properties"]["Events"])

    assert events["WholeFleet"]["Properties"]["State"] == state
    variables = resolver.resolve(DOCUMENT["Globals"]["Function"]["Environment"]["Variables"])
    assert variables["DAILY_RUN"] == variable


def test_every_alarm_says_what_it_means_and_reaches_the_one_topic() -> None:
    alarms = {name: it["Properties"] for name, it in of_type("AWS::CloudWatch::Alarm").items()}

    assert set(alarms) == {
        "RunNotSucceededAlarm",
        "UndeliveredEventsAlarm",
        "WebhookErrorsAlarm",
        "RefusedSignaturesAlarm",
        "AnnouncementsNotSentAlarm",
        "ChecksLeftOutAlarm",
        "ReviewOverdueAlarm",
        "NoRunEndedAlarm",
    }
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
        assert len(alarm["AlarmDescription"]) > 40


def watched(alarm: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The metrics that an alarm watches, by what its expression calls them; "" for one without an expression."""
    if "Metrics" not in alarm:
        return {"": alarm}
    metrics = {it["Id"]: it["MetricStat"] for it in alarm["Metrics"] if "MetricStat" in it}
    return {name: it | it["Metric"] for name, it in metrics.items()}


@pytest.mark.parametrize("name", [name for name in of_type("AWS::CloudWatch::Alarm") if name != "ReviewOverdueAlarm"])
def test_an_alarm_goes_back_by_itself_when_nothing_is_measured_any_more(name: str) -> None:
    alarm = RESOURCES[name]["Properties"]
    [expression] = [it["Expression"] for it in alarm["Metrics"] if "Expression" in it]

    assert expression == " + ".join(f"FILL({metric}, 0)" for metric in watched(alarm))
    assert [it["Id"] for it in alarm["Metrics"] if it.get("ReturnData", True)] == [alarm["Metrics"][0]["Id"]]


@pytest.mark.parametrize(
    "name",
    [
        "RunNotSucceededAlarm",
        "UndeliveredEventsAlarm",
        "WebhookErrorsAlarm",
        "RefusedSignaturesAlarm",
        "AnnouncementsNotSentAlarm",
        "ChecksLeftOutAlarm",
    ],
)
def test_a_data_point_that_comes_late_raises_its_alarm_all_the_same(name: str) -> None:
    alarm = RESOURCES[name]["Properties"]

    assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (1, 2)
    assert alarm["TreatMissingData"] == "notBreaching"


def test_a_review_stays_overdue_between_two_polls() -> None:
    alarm = RESOURCES["ReviewOverdueAlarm"]["Properties"]

    assert alarm["Period"] == PARAMETERS["PollSeconds"]["MaxValue"]
    assert "Metrics" not in alarm


def test_somebody_is_told_when_runs_stop_to_come() -> None:
    alarm = RESOURCES["NoRunEndedAlarm"]["Properties"]

    assert {it["MetricName"] for it in watched(alarm).values()} == {
        f"Executions{end}" for end in ("Succeeded", "Failed", "TimedOut", "Aborted")
    }
    assert {it["Period"] for it in watched(alarm).values()} == {86_400}
    assert PARAMETERS["RunAlarmDays"]["MaxValue"] <= 7, "CloudWatch evaluates no more than seven days"
    assert alarm["EvaluationPeriods"] == {"Ref": "RunAlarmDays"}
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert alarm["TreatMissingData"] == "breaching", "a machine that has never run has no metrics"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, False),
        ({"ScheduleExpression": "rate(1 day)"}, True),
        ({"ScheduleExpression": "rate(30 days)", "RunAlarmDays": "0"}, False),
    ],
)
def test_runs_are_missed_only_where_the_daily_run_is_on(given: dict[str, str], expected: bool) -> None:  # noqa: FBT001
    assert Resolver(DOCUMENT, given).holds(RESOURCES["NoRunEndedAlarm"]["Condition"]) is expected
    assert ("NoRunEndedAlarm.Arn" in dashboard(given)) is expected


def test_alarms_watch_metrics_that_the_functions_send() -> None:
    alarms = [it["Properties"] for it in of_type("AWS::CloudWatch::Alarm").values()]
    own = [it for alarm in alarms for it in watched(alarm).values() if it["Namespace"] == "ShakenStirOnboarding"]
    code = (TEMPLATE.parent / "functions").rglob("*.py")
    sources = "".join(path.read_text(encoding="utf-8") for path in code)
    variables = DOCUMENT["Globals"]["Function"]["Environment"]["Variables"]

    assert own
    for metric in own:
        assert f'name="{metric["MetricName"]}"' in sources
        assert metric["Namespace"] == variables["POWERTOOLS_METRICS_NAMESPACE"]
        assert metric["Dimensions"] == [{"Name": "service", "Value": variables["POWERTOOLS_SERVICE_NAME"]}]


def dashboard(given: dict[str, str]) -> str:
    """The dashboard's body in a deployment with these parameters."""
    [found] = of_type("AWS::CloudWatch::Dashboard").values()
    return str(Resolver(DOCUMENT, given).resolve(found["Properties"]["DashboardBody"]))


def test_the_dashboard_is_json_and_shows_every_alarm() -> None:
    body = dashboard({"ScheduleExpression": "rate(1 day)"})

    assert len(json.loads(body)["widgets"]) == 6
    assert all(f'"{alarm}.Arn"' in body for alarm in of_type("AWS::CloudWatch::Alarm"))


def test_the_dashboard_shows_no_metric_that_nobody_measures() -> None:
    widgets = json.loads(dashboard({"ScheduleExpression": "rate(1 day)"}))["widgets"]
    code = "".join(path.read_text(encoding="utf-8") for path in (TEMPLATE.parent / "functions").rglob("*.py"))

    space, shown = "", set()
    for widget in widgets:
        for given, name, *_ in widget["properties"].get("metrics", []):
            space = space if given == "." else given
            shown |= {name} if space == "ShakenStirOnboarding" else set()

    assert {name for name in shown if f'"{name}"' not in code} == set()
    assert {"FleetOnTrustProduct", "NeedAPerson"} < shown


def test_polling_for_the_longest_wait_keeps_the_history_below_5000_events() -> None:
    events_per_poll = 13
    most_polls = PARAMETERS["ReviewTimeoutDays"]["MaxValue"] * 86_400 / PARAMETERS["PollSeconds"]["MinValue"]

    assert most_polls * events_per_poll < 5000
