"""The definition as Step Functions will see it: it is linted, and no way through it ends nowhere or never."""

import json
from typing import Any

import pytest

from tests.template.machine import MACHINE, MAP, TEMPLATE, changed
from tools.ways import graph_faults


def lint_messages(definition: str) -> list[str]:
    """What cfn-lint says of a definition; it does not look behind a SAM template's DefinitionUri."""
    from cfnlint.api import lint  # noqa: PLC0415 - it takes a second to load

    machine = {"RoleArn": "arn:aws:iam::123456789012:role/machine", "DefinitionString": definition}
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine}
    return [f"{match.rule.id} {match.message}" for match in lint(json.dumps({"Resources": {"Machine": resource}}))]


def test_cfn_lint_finds_nothing_in_the_definition() -> None:
    assert lint_messages(TEMPLATE.definition()) == []


@pytest.mark.parametrize(
    ("place", "value"),
    [("Read Request/Nxet", "Find Business Profile"), (f"{MAP}/ItemProcessor/States/Record Subaccount/Type", "Tsak")],
)
def test_cfn_lint_reports_a_broken_definition(place: str, value: str) -> None:
    assert any(message.startswith("E3601") for message in lint_messages(json.dumps(changed(place, value))))


def test_no_state_dangles_and_every_way_ends() -> None:
    assert list(graph_faults(MACHINE)) == []


@pytest.mark.parametrize(
    ("place", "value", "fault"),
    [
        ("Await Review/Catch/0/Next", "Nowhere", "Await Review leads to Nowhere, which does not exist"),
        (
            f"{MAP}/ItemProcessor/States/More Pages?/Default",
            "Onboarded",
            "More Pages? leads to Onboarded, which does not exist",
        ),
        ("Evaluate Trust Product/Next", MAP, "Submit Trust Product is never reached"),
        ("Onboarded", {"Type": "Pass", "End": True}, "Onboarded never ends"),
        ("Read Report/Next", "Read Report", "Read Report -> Read Report turns without a Task or Wait"),
    ],
)
def test_a_broken_graph_is_reported(place: str, value: Any, fault: str) -> None:
    assert fault in list(graph_faults(changed(place, value)))
