"""The state machine's definition in JSON, written from its source in YAML, where what several states share stands once.

`make docs` writes it anew.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parent.parent
SOURCE: Final = ROOT / "statemachine/onboarding.asl.yaml"
DEFINITION: Final = ROOT / "statemachine/onboarding.asl.json"
_SHARED: Final = "x-"

type Definition = dict[str, Any]
"""A state machine, or the part of one that a Map runs, as its JSON says it."""


class SourceError(ValueError):
    """The source cannot be written as JSON; the message is one sentence for a person."""


class _Loader(yaml.SafeLoader):
    """YAML in which no key of a mapping hides another one."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        lines: dict[str, int] = {}
        for key, _ in node.value:
            name = str(key.value)
            if name in lines:
                raise _slip(f"the key {name} stands in line {lines[name]} already: remove one of the two", key)
            lines[name] = key.start_mark.line + 1
        return node


def written(source: str) -> str:
    """Write a definition as JSON, in the order of its source and without what is only there to be shared.

    Args:
        source: The text of the source.

    Raises:
        SourceError: It is not YAML, a key stands twice, or an alias has no anchor or an anchor no alias.
    """
    try:
        _check_names(source)
        document = yaml.load(source, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SourceError(f"{SOURCE.name}, line {line}: {error.problem}.") from error
    return json.dumps({key: it for key, it in document.items() if not key.startswith(_SHARED)}, indent=2) + "\n"


def _check_names(source: str) -> None:
    """See that every alias has an anchor, and every anchor an alias and a name of its own."""
    anchors: dict[str, yaml.Token] = {}
    aliases: dict[str, yaml.Token] = {}
    for token in yaml.scan(source, Loader=yaml.SafeLoader):
        if isinstance(token, yaml.AnchorToken):
            if token.value in anchors:
                raise _slip(f"&{token.value} is defined before already: give one of the two another name", token)
            anchors[token.value] = token
        elif isinstance(token, yaml.AliasToken):
            aliases.setdefault(token.value, token)
    for name in aliases.keys() - anchors.keys():
        raise _slip(f"*{name} is used, but nothing is named &{name}: correct the name, or define it", aliases[name])
    for name in anchors.keys() - aliases.keys():
        raise _slip(f"&{name} is defined, but nothing uses *{name}: remove it, or use it", anchors[name])


def _slip(problem: str, where: yaml.Token | yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=where.start_mark)


if __name__ == "__main__":
    try:
        DEFINITION.write_text(written(SOURCE.read_text(encoding="utf-8")), encoding="utf-8")
    except SourceError as error:
        sys.exit(f"make docs: {error}")
