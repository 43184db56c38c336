"""The data that a definition's states read: whether the states before gave it, whichever way an execution came.

`tests/template/` asks for the faults.
"""

import re
from collections.abc import Iterator
from typing import Any

from tools.definition import Definition
from tools.picture import State, States

type Data = frozenset[str]
"""The paths that are there: `request`, `request.regions`."""


def data_faults(level: Definition, start: Data = frozenset()) -> Iterator[str]:
    """Yield a sentence for each path that a state of this level, or below, reads and nobody gave on some way to it.

    Args:
        level: A definition, or the part of one that a Map runs.
        start: What is there when it starts.
    """
    states: States = level["States"]
    known, todo = {level["StartAt"]: start}, [level["StartAt"]]
    while todo:
        name = todo.pop()
        for target, data in _outcomes(states[name], known[name]):
            common = known.get(target, data) & data
            if target in states and common != known.get(target):
                known[target] = common
                todo.append(target)
    for name, state in ((name, states[name]) for name in known):
        yield from (f"{name} reads $.{path}" for path in sorted(_reads(state)) if not _is_given(path, known[name]))
        if state["Type"] == "Map":
            yield from data_faults(state["ItemProcessor"], frozenset(_shape(state["ItemSelector"])))


def _outcomes(state: State, data: Data) -> Iterator[tuple[str, Data]]:
    """Yield the states that may follow one that got this data, each with what it gets."""
    after = data
    if state["Type"] in {"Task", "Map", "Pass"}:
        result = state["Parameters"] if state["Type"] == "Pass" else state.get("ResultSelector", {})
        after = _put(data, state.get("ResultPath", "$"), _shape(result))
    for rule in state.get("Choices", []):
        present = {it["Variable"].removeprefix("$.") for it in rule.get("And", [rule]) if it.get("IsPresent") is True}
        yield rule["Next"], after | present
        if rule.get("IsPresent") is False:
            after |= {rule["Variable"].removeprefix("$.")}  # else this rule would have been taken
    yield from ((state[field], after) for field in ("Default", "Next") if field in state)
    for catcher in state.get("Catch", []):
        yield catcher["Next"], _put(data, catcher.get("ResultPath", "$"), {"Error", "Cause"})


def _put(data: Data, place: str | None, result: set[str]) -> Data:
    """Add a result to the data, where a ResultPath says."""
    if place is None:
        return data
    if place == "$":
        return frozenset(result)
    path = place.removeprefix("$.")
    kept = {it for it in data if not it.startswith(f"{path}.")}
    return frozenset(kept | {path} | {f"{path}.{it}" for it in result})


def _shape(template: dict[str, Any]) -> set[str]:
    """List the paths that a selector, or a Pass, gives."""
    paths: set[str] = set()
    for key, value in template.items():
        name = key.removesuffix(".$")
        paths |= {name} | ({f"{name}.{it}" for it in _shape(value)} if isinstance(value, dict) else set())
    return paths


def _reads(state: State) -> set[str]:
    """List the paths that a state needs; what a choice asks for first may be missing."""
    own = {key: it for key, it in state.items() if key not in {"Retry", "Catch", "ResultSelector", "ItemProcessor"}}
    found = set(_paths_in(own))
    asked = {it["Variable"][2:] for it in rules_in(state.get("Choices", [])) if "IsPresent" in it}
    return {path for path in found if not any(path == it or path.startswith((f"{it}.", f"{it}[")) for it in asked)}


def _paths_in(node: Any, key: str = "") -> Iterator[str]:
    """Yield the paths in a part of a state, whose key says what a list's texts are."""
    for name, value in node.items() if isinstance(node, dict) else ((key, it) for it in node):
        if isinstance(value, dict | list):
            yield from _paths_in(value, name)
        elif name != "ResultPath" and name.endswith((".$", "Path", "Variable")):
            yield from re.findall(r"(?<!\$)\$\.([\w.]+(?:\[0])?)", value)


def rules_in(rules: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the rules that choices consist of, without And, Or and Not."""
    for rule in rules:
        parts = [*rule.get("And", []), *rule.get("Or", []), *([rule["Not"]] if "Not" in rule else [])]
        yield from rules_in(parts) if parts else [rule]


def _is_given(path: str, data: Data) -> bool:
    """Tell whether a path is there: itself, or within a value of whose inside nothing is known here."""
    if path in data:
        return True
    parent = path.rpartition(".")[0]
    return bool(parent) and _is_given(parent, data) and not any(it.startswith(f"{parent}.") for it in data)
