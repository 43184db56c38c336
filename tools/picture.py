"""The state machine's picture: a Mermaid flowchart of its definition, kept in docs/architecture.md.

`make docs` draws it anew.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from tools.definition import DEFINITION

ROOT: Final = Path(__file__).parent.parent
DOCUMENT: Final = ROOT / "docs/architecture.md"
BEGIN, END = "<!-- picture: begin -->", "<!-- picture: end -->"

type State = dict[str, Any]
type States = dict[str, State]

_SHAPES: Final = {
    "Choice": '{"NAME"}',
    "Fail": '(["NAME"]):::fail',
    "Map": '[["NAME"]]',
    "Pass": '[/"NAME"/]',
    "Succeed": '(["NAME"]):::succeed',
    "Task": '["NAME"]',
    "Wait": '{{"NAME"}}',
}
_COLOURS: Final = ("classDef fail fill:#fdd,stroke:#a33", "classDef succeed fill:#dfd,stroke:#383")
_WORDS: Final = {"StringEquals": "is", "BooleanEquals": "is", "NumericGreaterThan": ">", "StringMatches": "matches"}
_ANY_ERROR: Final = "any error"


class Edge(NamedTuple):
    """A way from a state to another of the same level."""

    target: str
    label: str = ""
    caught: bool = False


def edges(state: State) -> Iterator[Edge]:
    """Yield the ways out of a state: what follows, what a choice may take, what catches an error."""
    for rule in state.get("Choices", []):
        yield Edge(rule["Next"], condition(rule))
    yield from (Edge(state[field], label) for field, label in (("Default", "else"), ("Next", "")) if field in state)
    for catcher in state.get("Catch", []):
        names = catcher["ErrorEquals"]
        yield Edge(catcher["Next"], _ANY_ERROR if names == ["States.ALL"] else _listed(names), caught=True)


def _listed(errors: list[str]) -> str:
    """Write errors below each other, those of Lambda itself on one line."""
    return "<br/>".join(dict.fromkeys("Lambda's own" if it.startswith("Lambda.") else it for it in errors))


def condition(rule: dict[str, Any]) -> str:
    """Put a choice rule into words."""
    for operator, joined in (("And", "and"), ("Or", "or")):
        if operator in rule:
            return f" {joined} ".join(condition(part) for part in rule[operator])
    if "Not" in rule:
        return f"not ({condition(rule['Not'])})"
    name = rule["Variable"].rpartition(".")[2]
    [(operator, value)] = ((key, rule[key]) for key in rule if key not in {"Variable", "Comment", "Next"})
    if operator in {"IsPresent", "IsNull"}:
        return f"{name} {'is' if value else 'is not'} {'present' if operator == 'IsPresent' else 'null'}"
    return f"{name} {_WORDS.get(operator, operator)} {value if isinstance(value, str) else json.dumps(value)}"


def draw(definition: dict[str, Any]) -> str:
    """Draw a definition as a Mermaid flowchart."""
    return "\n    ".join(["flowchart TD", *_level(definition, "start"), *_COLOURS])


def written_into(document: str, picture: str) -> str:
    """Return the document with the picture between its markers, instead of the one that was there."""
    before, after = document[: document.index(BEGIN)], document[document.index(END) :]
    return f"{before}{BEGIN}\n```mermaid\n{picture}\n```\n{after}"


def _level(level: dict[str, Any], start: str) -> Iterator[str]:
    """Draw the states of one level, each Map beside the level that it runs."""
    states: States = level["States"]
    yield f'{start}(("start")) --> {_id(level["StartAt"])}'
    for name, state in states.items():
        waits = state.get("Resource", "").endswith(".waitForTaskToken")
        yield _id(name) + _SHAPES["Wait" if waits else state["Type"]].replace("NAME", name)
        if state["Type"] == "Map":
            yield f'{_id(name)} ==>|"for each"| each_{_id(name)}'
            yield f'subgraph each_{_id(name)}["in an execution of its own"]'
            yield "    direction TB"
            yield from (f"    {line}" for line in _level(state["ItemProcessor"], f"{start}_{_id(name)}"))
            yield "end"
    caught: dict[Edge, list[str]] = defaultdict(list)
    for name, state in states.items():
        for edge in edges(state):
            if edge.caught:
                caught[edge].append(name)
            else:
                yield f"{_id(name)} -->{_label(edge)} {_id(edge.target)}"
    steps = {name for name, state in states.items() if state["Type"] in {"Task", "Map"}}
    for edge, sources in caught.items():
        if set(sources) == steps:  # one arrow stands for all
            others = any(len(states[name]["Catch"]) > 1 for name in sources)
            merged = edge._replace(label="any other error") if others and edge.label == _ANY_ERROR else edge
            yield f'any_step_{start}(("any step")) -.->{_label(merged)} {_id(edge.target)}'
        else:
            yield from (f"{_id(name)} -.->{_label(edge)} {_id(edge.target)}" for name in sources)


def _id(name: str) -> str:
    return re.sub(r"\W", "_", name.lower())


def _label(edge: Edge) -> str:
    return f'|"{edge.label.replace('"', "#quot;")}"|' if edge.label else ""


if __name__ == "__main__":
    picture = draw(json.loads(DEFINITION.read_text(encoding="utf-8")))
    DOCUMENT.write_text(written_into(DOCUMENT.read_text(encoding="utf-8"), picture), encoding="utf-8")
