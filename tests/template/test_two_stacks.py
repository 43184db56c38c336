"""Two stacks in one account and region are strangers: nothing of one takes, counts or tells what is the other's."""

import json
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final

import pytest

from onboarding.announcements import ANNOUNCEMENTS, SOURCE
from shaken_stir.engine.events import DEFAULT_BUS, Rule
from shaken_stir.engine.intrinsics import ACCOUNT, REGION, Resolver, read_template
from tools.expansion import expand
from tools.rights import TEMPLATE

# One name begins like the other's machine.
STACKS: Final = ("acme", "acme-onboarding")
NAMES_OF_SOMETHING_ELSE: Final = {"MetricName", "StageName"}


class OfStack(Resolver):
    """Resolves what CloudFormation would, for a stack of this name."""

    def __init__(self, stack: str, document: dict[str, Any]) -> None:
        super().__init__(document, {})
        self._stack = stack
        self._parameters["AWS::StackName"] = stack

    def _attribute(self, resource: str, attribute: str) -> str:
        properties = self._resources[resource].get("Properties", {})
        names = [value for key, value in properties.items() if is_physical_name(key) and key != "EventBusName"]
        name = self.resolve(names[0]) if names else f"{self._stack}-{resource}-1A2B3C"
        if (kind := self._resources[resource]["Type"]) == "AWS::StepFunctions::StateMachine":
            return machine(name)
        return str(name) if attribute == "Ref" else f"arn:{kind}:{name}:{attribute}"


def machine(name: str) -> str:
    return f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name}"


def is_physical_name(key: str) -> bool:
    return key.endswith("Name") and key not in NAMES_OF_SOMETHING_ELSE


@cache
def expanded(stack: str) -> dict[str, dict[str, Any]]:
    """The resources that SAM makes of the template, resolved for a stack."""
    document = expand(read_template(TEMPLATE))
    resolver = OfStack(stack, document)
    return {name: it | {"Properties": resolver.resolve(it["Properties"])} for name, it in document["Resources"].items()}


def of_type(stack: str, kind: str) -> dict[str, dict[str, Any]]:
    return {name: it["Properties"] for name, it in expanded(stack).items() if it["Type"] == kind}


def bus(stack: str) -> str:
    [name] = [it["Name"] for it in of_type(stack, "AWS::Events::EventBus").values()]
    return str(name)


def takers(stack: str, bus_name: str, event: dict[str, Any]) -> list[str]:
    """The rules of a stack that take an event on a bus."""
    return [
        name
        for name, it in of_type(stack, "AWS::Events::Rule").items()
        if it.get("EventBusName", DEFAULT_BUS) == bus_name and Rule(name, it["EventPattern"]).matches(event)
    ]


def events_of(stack: str) -> list[tuple[str, dict[str, Any], str]]:
    """What there is about a stack: on which bus, the event, and the rule that takes it."""
    news = {"changed": 1, "new": 1, "message": "So."}
    ours = {"source": SOURCE, "account": ACCOUNT}
    ended = {"stateMachineArn": machine(f"{stack}-onboarding"), "status": "FAILED"}
    return [
        (
            bus(stack),
            ours | {"detail-type": "Onboarding Requested", "detail": {}},
            "OnboardingStateMachineOnboardingRequested",
        ),
        *(
            (bus(stack), ours | {"detail-type": it.detail_type, "detail": news}, "AnnouncementsRule")
            for it in ANNOUNCEMENTS
        ),
        (
            DEFAULT_BUS,
            {
                "source": "aws.states",
                "account": ACCOUNT,
                "detail-type": "Step Functions Execution Status Change",
                "detail": ended,
            },
            "RunStoppedRule",
        ),
        (
            DEFAULT_BUS,
            {
                "source": "aws.states",
                "account": ACCOUNT,
                "detail-type": "Step Functions Execution Status Change",
                "detail": ended | {"error": "E", "cause": "So."},
            },
            "RunNotSucceededRule",
        ),
    ]


both_ways = pytest.mark.parametrize(("stack", "other"), [STACKS, STACKS[::-1]])


@both_ways
def test_what_is_put_on_one_stack_s_bus_is_taken_by_that_stack_alone(stack: str, other: str) -> None:
    for bus_name, event, rule in events_of(stack):
        assert takers(stack, bus_name, event) == [rule]
        assert takers(other, bus_name, event) == []


@pytest.mark.parametrize("stack", STACKS)
def test_what_another_account_sends_is_taken_by_none(stack: str) -> None:
    for bus_name, event, _ in events_of(stack):
        assert takers(stack, bus_name, event | {"account": "999999999999"}) == []


@pytest.mark.parametrize("stack", STACKS)
def test_a_request_on_the_account_s_default_bus_is_nobody_s(stack: str) -> None:
    for _, event, rule in events_of(stack):
        if rule not in {"RunNotSucceededRule", "RunStoppedRule"}:
            assert takers(stack, DEFAULT_BUS, event) == []


@both_ways
def test_the_functions_announce_on_their_stack_s_bus_and_may_on_no_other(stack: str, other: str) -> None:
    variables = [it["Environment"]["Variables"] for it in of_type(stack, "AWS::Lambda::Function").values()]
    allowed = {
        resource
        for role in of_type(stack, "AWS::IAM::Role").values()
        for policy in role.get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
        if "events:PutEvents" in statement["Action"]
        for resource in [statement["Resource"]]
    }

    assert {it["EVENT_BUS_NAME"] for it in variables} == {bus(stack)}
    assert allowed == {f"arn:AWS::Events::EventBus:{bus(stack)}:Arn"}
    assert bus(stack) != bus(other)


def names(stack: str) -> set[tuple[str, str, str]]:
    return {
        (it["Type"], key, value)
        for it in expanded(stack).values()
        for key, value in it["Properties"].items()
        if is_physical_name(key)
    }


def test_no_name_is_given_twice() -> None:
    first, second = (names(stack) for stack in STACKS)

    assert {kind for kind, _, _ in first} >= {
        "AWS::Events::EventBus",
        "AWS::Lambda::LayerVersion",
        "AWS::Logs::LogGroup",
        "AWS::StepFunctions::StateMachine",
    }
    assert first & second == set()


def watched_by_alarms(stack: str) -> list[dict[str, Any]]:
    alarms = of_type(stack, "AWS::CloudWatch::Alarm").values()
    within = [it.get("MetricStat", {}).get("Metric", {}) for alarm in alarms for it in alarm.get("Metrics", [])]
    return [it for it in [*alarms, *within] if "MetricName" in it]


def metrics(stack: str) -> set[str]:
    """The metrics that the alarms watch and the dashboard shows, each with its dimensions."""
    watched = {json.dumps([it["MetricName"], it["Dimensions"]]) for it in watched_by_alarms(stack)}
    [dashboard] = of_type(stack, "AWS::CloudWatch::Dashboard").values()
    for widget in json.loads(dashboard["DashboardBody"])["widgets"]:
        above = ("", "")
        for _, name, dimension, value, *_label in widget["properties"].get("metrics", []):
            # A dot repeats what stands above it.
            above = (dimension, value) if value != "." else above
            watched.add(json.dumps([name, [{"Name": above[0], "Value": above[1]}]]))
    return watched


def test_alarms_and_dashboards_show_their_own_stack_s_metrics() -> None:
    first, second = (metrics(stack) for stack in STACKS)

    assert len(first) == len(second) >= 10
    assert first & second == set()


@pytest.mark.parametrize("stack", STACKS)
def test_what_the_functions_measure_counts_for_their_stack(stack: str) -> None:
    variables = [it["Environment"]["Variables"] for it in of_type(stack, "AWS::Lambda::Function").values()]
    own = {
        (it["Dimensions"][0]["Name"], it["Dimensions"][0]["Value"])
        for it in watched_by_alarms(stack)
        if it["Namespace"] == "ShakenStirOnboarding"
    }

    assert {("service", it["POWERTOOLS_SERVICE_NAME"]) for it in variables} == own == {("service", stack)}


def statements(stack: str, effect: str, action: str) -> list[tuple[str, str]]:
    """The roles of a stack, each with what it is allowed, or denied, an action on."""
    return [
        (name, resource)
        for name, role in of_type(stack, "AWS::IAM::Role").items()
        for policy in role.get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == effect and action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    ]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def allowed(stack: str, action: str, arn: str) -> set[str]:
    """The roles of a stack that may do a thing with a resource: what is denied is not allowed by anything."""
    by, denied = (
        {name for name, pattern in statements(stack, effect, action) if fnmatchcase(arn, pattern)}
        for effect in ("Allow", "Deny")
    )
    return by - denied


def trusted(stack: str, source: str) -> bool:
    """Whether Step Functions is given the machine's role when it works for this machine."""
    role = of_type(stack, "AWS::IAM::Role")["OnboardingStateMachineRole"]
    [statement] = role["AssumeRolePolicyDocument"]["Statement"]
    like, unlike = (statement["Condition"][operator]["aws:SourceArn"] for operator in ("ArnLike", "ArnNotLike"))
    return fnmatchcase(source, like) and not fnmatchcase(source, unlike)


ON_MACHINES: Final = ("states:StartExecution", "states:SendTaskSuccess")
ON_EXECUTIONS: Final = ("states:DescribeExecution", "states:StopExecution")
QUALIFIED: Final = ("", "/Subaccount", ":live")
"""What may stand behind a machine's name: nothing, the label of its Distributed Map, an alias."""


@both_ways
@pytest.mark.parametrize("qualifier", QUALIFIED)
def test_no_right_reaches_the_other_stack_s_machine_or_its_runs(stack: str, other: str, qualifier: str) -> None:
    theirs = f"{machine(f'{other}-onboarding')}{qualifier}"
    execution = f"{theirs.replace('stateMachine', 'execution')}:1"

    asked = [*((action, theirs) for action in ON_MACHINES), *((action, execution) for action in ON_EXECUTIONS)]
    assert all(statements(stack, "Allow", action) for action, _ in asked)
    assert [(action, arn) for action, arn in asked if allowed(stack, action, arn)] == []
    assert not trusted(stack, theirs)


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("qualifier", QUALIFIED)
def test_the_machine_s_role_is_for_its_own_executions_however_they_are_qualified(stack: str, qualifier: str) -> None:
    ours = f"{machine(f'{stack}-onboarding')}{qualifier}"
    execution = f"{ours.replace('stateMachine', 'execution')}:1"

    assert trusted(stack, ours)
    assert "OnboardingStateMachineRole" in allowed(stack, "states:StartExecution", ours)
    for action in ON_EXECUTIONS:
        assert "OnboardingStateMachineRole" in allowed(stack, action, execution)
