"""The state machine's definition, and what the template says of it and its functions."""

import copy
import importlib
import inspect
import json
from types import ModuleType
from typing import Any

import pytest

from shaken_stir.engine.intrinsics import read_template
from shaken_stir.engine.template import Function, Template
from tools.definition import DEFINITION, Definition
from tools.picture import ROOT, States

TEMPLATE = Template(ROOT / "template.yaml", {})
WHOLE_TEMPLATE = read_template(ROOT / "template.yaml")
PARAMETERS = WHOLE_TEMPLATE["Parameters"]
VARIABLES = WHOLE_TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
MACHINE: Definition = json.loads(DEFINITION.read_text(encoding="utf-8"))
MAP = "Onboard Subaccounts"
ITEM: Definition = MACHINE["States"][MAP]["ItemProcessor"]

TOP_TASKS = {name: state for name, state in MACHINE["States"].items() if state["Type"] == "Task"}
TASKS: States = TOP_TASKS | {name: state for name, state in ITEM["States"].items() if state["Type"] == "Task"}
BUSY = {"SubaccountBusy", "TrustProductBusy"}
"""The errors of a step whose lease another execution has."""

every_task = pytest.mark.parametrize("task", TASKS)


def function(task: str) -> Function:
    """Return the function that a task invokes by its substitution: `${ReadRequestFunctionArn}`."""
    return TEMPLATE.functions[TASKS[task]["Parameters"]["FunctionName"].removeprefix("${").removesuffix("Arn}")]


def step(task: str) -> ModuleType:
    """Return the module whose handler a task invokes."""
    return importlib.import_module(function(task).module)


def leases(task: str) -> set[str]:
    """List the errors of a step that finds its lease taken."""
    source = inspect.getsource(step(task))
    return {
        error
        for error, call in (("TrustProductBusy", "hold_trust_product"), ("SubaccountBusy", "hold("))
        if call in source
    }


def changed(place: str, value: Any) -> Definition:
    """Return the machine with a broken place: `Read Request/Next`."""
    definition = copy.deepcopy(MACHINE)
    node: Any = definition["States"]
    *parents, key = [int(part) if part.isdigit() else part for part in place.split("/")]
    for parent in parents:
        node = node[parent]
    node[key] = value
    return definition
