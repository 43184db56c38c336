"""The state machine's picture: a Mermaid flowchart of its definition, kept in docs/architecture.md.

`python -m local.picture` (or `make picture`) draws it anew.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).parent.parent
DEFINITION: Final = ROOT / "statemachine/onboarding.asl.json"
DOCUMENT: Final = ROOT / "docs/architecture.md"
BEGIN, END = "<!-- picture: begin -->", "<!-- picture: end -->"

type State = dict[str, Any]
type States = dict[str, State]

_SHAPES: Final = {
    "Choice": '{"NAME"}',
    "Fail": '(["NAME"]):::fail',
    "Pass": '[/"NAME"/]',
    "Succeed": '(["NAME"]):::succeed',
    "Wait": '{{"NAME"}}',
}
_TASK, _TOKEN_TASK = '["NAME"]', '{{"NAME"}}'
_ANY_STEP: Final = "any step"
_SIGNS: Final = {"StringEquals": "=", "BooleanEquals": "=", "NumericGreaterThan": ">"}
_NAMES_TOLD: Final = 2


class Edge(NamedTuple):
    """A way from a state to another of the same level."""

    target: str
    label: str = ""
    caught: bool = False


def edges(state: State) -> Iterator[Edge]:
    """Yield the ways out of a state: what follows, what a choice may take, what catches an error."""
    for rule in state.get("Choices", []):
        yield Edge(rule["Next"], condition(rule))
    if "Default" in state:
        yield Edge(state["Default"], "else")
    if "Next" in state:
        yield Edge(state["Next"])
    for number, catcher in enumerate(state.get("Catch", [])):
        yield Edge(catcher["Next"], _errors(catcher["ErrorEquals"], first=number == 0), caught=True)


def condition(rule: dict[str, Any]) -> str:
    """Put a choice rule into words."""
    for operator, joined in (("And", "and"), ("Or", "or")):
        if operator in rule:
            return f" {joined} ".join(condition(part) for part in rule[operator])
    if "Not" in rule:
        return f"not {condition(rule['Not'])}"
    name = rule["Variable"].rpartition(".")[2]
    [(operator, value)] = ((key, rule[key]) for key in rule if key not in {"Variable", "Comment", "Next"})
    if operator in {"IsPresent", "IsNull"}:
        return f"{name} {'is' if value else 'is not'} {'present' if operator == 'IsPresent' else 'null'}"
    return f"{name} {_SIGNS.get(operator, operator)} {value if isinstance(value, str) else json.dumps(value)}"


def draw(definition: dict[str, Any]) -> str:
    """Draw a definition as a Mermaid flowchart."""
    lines = ["flowchart TD", *_level(definition, "start"), "classDef fail fill:#fdd,stroke:#a33"]
    return "\n    ".join([*lines, "classDef succeed fill:#dfd,stroke:#383"])


def written_into(document: str, picture: str) -> str:
    """Return the document with the picture between its markers, instead of the one that was there."""
    before, _, rest = document.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n```mermaid\n{picture}\n```\n{END}{after}"


def _level(level: dict[str, Any], start: str) -> Iterator[str]:
    """Draw the states of one level, each Map as a subgraph with the level inside it."""
    states: States = level["States"]
    yield f'{start}(("start")) --> {_id(level["StartAt"])}'
    for name, state in states.items():
        if state["Type"] == "Map":
            yield f'subgraph {_id(name)}["{name}: each in an execution of its own"]'
            yield from (f"    {line}" for line in _level(state["ItemProcessor"], f"{start}_{_id(name)}"))
            yield "end"
        else:
            token = state.get("Resource", "").endswith(".waitForTaskToken")
            shape = _SHAPES.get(state["Type"], _TOKEN_TASK if token else _TASK)
            yield f"{_id(name)}{shape.replace('NAME', name)}"
    caught: dict[Edge, list[str]] = defaultdict(list)
    for name, state in states.items():
        for edge in edges(state):
            if edge.caught:
                caught[edge].append(name)
            else:
                yield f"{_id(name)} -->{_label(edge)} {_id(edge.target)}"
    tasks = [name for name, state in states.items() if state["Type"] == "Task"]
    for edge, sources in caught.items():
        # Where every step catches alike, one arrow stands for all.
        if set(tasks) <= set(sources):
            yield f'any_step_{start}(["{_ANY_STEP}"]) -.->{_label(edge)} {_id(edge.target)}'
        for name in sources if not set(tasks) <= set(sources) else set(sources) - set(tasks):
            yield f"{_id(name)} -.->{_label(edge)} {_id(edge.target)}"


def _id(name: str) -> str:
    return re.sub(r"\W+", "_", name.lower()).strip("_")


def _label(edge: Edge) -> str:
    return f'|"{edge.label}"|' if edge.label else ""


def _errors(names: list[str], *, first: bool) -> str:
    if names == ["States.ALL"]:
        return "any error" if first else "any other error"
    return " or ".join(names) if len(names) <= _NAMES_TOLD else "an error of its own"


if __name__ == "__main__":
    picture = draw(json.loads(DEFINITION.read_text(encoding="utf-8")))
    DOCUMENT.write_text(written_into(DOCUMENT.read_text(encoding="utf-8"), picture), encoding="utf-8")
