"""A file is a function is a state, and what a state says is what its step understands."""

import importlib
import inspect
import itertools
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, get_type_hints

import pytest
from pydantic import BaseModel

from onboarding.models import StepEvent
from shaken_stir.engine.intrinsics import read_template
from shaken_stir.engine.template import Template
from tools.definition import DEFINITION
from tools.picture import ROOT, States

TEMPLATE = Template(ROOT / "template.yaml", {})
RESOURCES: dict[str, Any] = read_template(ROOT / "template.yaml")["Resources"]
SUBSTITUTIONS: dict[str, Any] = RESOURCES["OnboardingStateMachine"]["Properties"]["DefinitionSubstitutions"]
DEFINITION_TEXT = DEFINITION.read_text(encoding="utf-8")
TOP: States = json.loads(DEFINITION_TEXT)["States"]
STATES = TOP | TOP["Onboard Subaccounts"]["ItemProcessor"]["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}

FILES = [path.stem for path in sorted((ROOT / "functions").glob("*.py"))]
STEPS = [file for file in FILES if file != "status_callback"]
every_file = pytest.mark.parametrize("file", FILES)
every_step = pytest.mark.parametrize("file", STEPS)


def title(file: str) -> str:
    """`assign_to_trust_product` as the state machine writes it: `Assign To Trust Product`."""
    return file.replace("_", " ").title()


def logical_id(file: str) -> str:
    return f"{title(file).replace(' ', '')}Function"


@every_file
def test_a_file_is_the_handler_of_one_function_of_its_name(file: str) -> None:
    assert [it.logical_id for it in TEMPLATE.functions.values() if it.handler == f"{file}.handler"] == [
        logical_id(file)
    ]
    assert TEMPLATE.functions[logical_id(file)].code == ROOT / "functions"
    assert callable(importlib.import_module(file).handler)


def test_every_function_has_its_file() -> None:
    assert {it.module for it in TEMPLATE.functions.values()} == set(FILES)


def steps_in_order(states: States) -> Iterator[str]:
    """The tasks as the machine comes through them, a Map's own in its place."""
    for name, state in states.items():
        if state["Type"] == "Task":
            yield name
        elif state["Type"] == "Map":
            yield from steps_in_order(state["ItemProcessor"]["States"])


def test_the_template_has_its_functions_in_the_machine_s_order_each_with_its_role_behind_it() -> None:
    steps = [name.replace(" ", "") for name in steps_in_order(TOP)]
    functions = [name for name in RESOURCES if name.endswith("Function")]

    assert functions == [f"{name}Function" for name in [*steps, "StatusCallback"]]
    assert list(SUBSTITUTIONS) == ["Partition", *(f"{name}FunctionArn" for name in steps)]
    behind = dict(itertools.pairwise(RESOURCES))
    assert [behind[name] for name in functions] == [f"{name.removesuffix('Function')}Role" for name in functions]


def sections() -> dict[str, list[str]]:
    """The logical ids below each banner of the template, "" for those that stand before the first."""
    text = (ROOT / "template.yaml").read_text(encoding="utf-8").split("\nResources:\n")[1].split("\nOutputs:\n")[0]
    parts = ["", *re.split(r"^  # ---- (.+) ----$", text, flags=re.MULTILINE)]
    return {
        banner: re.findall(r"^  (\w+):$", part, re.MULTILINE)
        for banner, part in itertools.batched(parts, 2, strict=True)
    }


def test_each_kind_of_resource_has_one_section_but_for_functions_and_roles() -> None:
    found = sections()
    where = defaultdict(set)
    for section, names in found.items():
        for name in names:
            where[RESOURCES[name]["Type"]].add(section)

    assert [banner for banner, names in found.items() if not names] == [""]
    assert [name for names in found.values() for name in names] == list(RESOURCES)
    assert {kind for kind, it in where.items() if len(it) > 1} == {"AWS::Serverless::Function", "AWS::IAM::Role"}


@every_step
def test_a_function_is_invoked_by_one_state_of_its_name(file: str) -> None:
    function = f"${{{logical_id(file)}Arn}}"

    assert [name for name, it in TASKS.items() if it["Parameters"]["FunctionName"] == function] == [title(file)]
    assert DEFINITION_TEXT.count(function) == 1
    assert str(importlib.import_module(file).__doc__).startswith(f'State "{title(file)}": ')


@pytest.mark.parametrize("task", TASKS)
def test_a_state_invokes_a_function_and_nothing_else(task: str) -> None:
    assert TASKS[task]["Resource"].removesuffix(".waitForTaskToken") == "arn:${Partition}:states:::lambda:invoke"
    assert set(TASKS[task]["Parameters"]) == {"FunctionName", "Payload"}


def test_no_two_states_share_a_name() -> None:
    assert not TOP.keys() & TOP["Onboard Subaccounts"]["ItemProcessor"]["States"].keys()


def test_every_substitution_is_used_and_every_use_substituted() -> None:
    assert set(re.findall(r"\$\{(\w+)}", DEFINITION_TEXT)) == set(SUBSTITUTIONS)
    functions = {f"{logical_id(file)}Arn": {"Fn::GetAtt": [logical_id(file), "Arn"]} for file in STEPS}
    assert {"Partition": {"Ref": "AWS::Partition"}} | functions == SUBSTITUTIONS


def models(file: str) -> tuple[type[StepEvent], type[BaseModel] | None]:
    """What a step takes, and what it gives."""
    hints = get_type_hints(inspect.unwrap(importlib.import_module(file).handler))
    gives = hints["return"]
    return hints["event"], None if gives is type(None) else gives


def selected(template: dict[str, Any]) -> dict[str, str]:
    """What a ResultSelector takes from a result, by the key that it gives it."""
    found: dict[str, str] = {}
    for key, value in template.items():
        found |= selected(value) if isinstance(value, dict) else {key.removesuffix(".$"): value}
    return found


@every_step
def test_a_state_hands_its_step_what_that_understands(file: str) -> None:
    payload = {key.removesuffix(".$") for key in TASKS[title(file)]["Parameters"]["Payload"]}
    takes, _ = models(file)

    assert payload == set(takes.model_fields)
    assert takes.__name__ == f"{title(file).replace(' ', '')}Event"


@every_step
def test_every_step_is_told_for_which_execution_it_works(file: str) -> None:
    payload = TASKS[title(file)]["Parameters"]["Payload"]

    assert payload["execution.$"] in {"$$.Execution.Name", "$.request.execution", "$.execution"}


@every_step
def test_a_state_keeps_of_a_result_what_its_step_gives(file: str) -> None:
    _, gives = models(file)

    assert selected(TASKS[title(file)].get("ResultSelector", {})) == {
        field: f"$.Payload.{field}" for field in (gives.model_fields if gives else ())
    }


def test_no_module_of_tests_takes_anything_from_another_one() -> None:
    """What two share stands in a module without tests."""
    taking = re.compile(r"^(from|import) tests[\w.]*\.test_", re.MULTILINE)
    files = (ROOT / "tests").rglob("test_*.py")

    assert [it for it in files if taking.search(it.read_text(encoding="utf-8"))] == []
