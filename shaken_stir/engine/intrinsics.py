"""Reads a CloudFormation template and resolves its intrinsic functions."""

import functools
import pickle
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

try:
    from yaml import CSafeLoader as SafeLoader  # eight times as fast
except ImportError:  # a PyYAML without libyaml
    from yaml import SafeLoader  # type: ignore[assignment]

ACCOUNT: Final = "123456789012"  # moto's own
REGION: Final = "us-east-1"
STACK: Final = "local"
PSEUDO_PARAMETERS: Final = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}/{STACK}",
    "AWS::StackName": STACK,
    "AWS::URLSuffix": "amazonaws.com",
}
_NO_VALUE: Final = object()


class TemplateError(ValueError):
    """The template, or a file it names, cannot be used; the message is one sentence for a person."""


class _Loader(SafeLoader):
    """YAML with CloudFormation's short tags, `!Ref X` for `{"Ref": "X"}`."""

    # A date stays text, as CloudFormation takes it: `Version: 2012-10-17`.
    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own attribute
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _short_tag(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    value: Any = None
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in {"Ref", "Condition"} else f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _short_tag)


@functools.lru_cache(maxsize=8)
def _read(text: str) -> bytes:
    """Parse a template once, for it takes long; whoever asks gets a copy of their own."""
    return pickle.dumps(yaml.load(text, Loader=_Loader))  # noqa: S506 - a SafeLoader


def read_template(path: Path) -> dict[str, Any]:
    """Read a template file.

    Raises:
        TemplateError: The file is missing, is not YAML, or has no resources.
    """
    try:
        document = pickle.loads(_read(path.read_text(encoding="utf-8")))  # noqa: S301 - our own
    except OSError as error:
        raise TemplateError(f"The template {path} cannot be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise TemplateError(f"The template {path} is not YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict):
        raise TemplateError(f"The template {path} has no Resources.")
    return document


class Resolver:
    """Resolves intrinsic functions against parameters and against what the resources turned out to be.

    Attributes:
        attributes: Logical id -> attribute -> value; the attribute `Ref` is what `!Ref` gives. A resource that is
            not in here is not created locally and answers with its own name, as `sam local` does.
    """

    def __init__(self, document: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        self._conditions = document.get("Conditions", {})
        self._mappings = document.get("Mappings", {})
        self._resources = document["Resources"]
        self._parameters = {**PSEUDO_PARAMETERS, **_parameter_values(document.get("Parameters", {}), parameters)}
        self.attributes: dict[str, dict[str, str]] = {}

    def resolve(self, node: Any) -> Any:
        """Return `node` with every intrinsic function replaced by its value, and every `AWS::NoValue` gone."""
        value = self._value(node)
        return None if value is _NO_VALUE else value

    def holds(self, condition: str) -> bool:
        """Say whether a condition of the template holds."""
        if condition not in self._conditions:
            raise TemplateError(f"The template names a condition {condition} that it does not define.")
        return bool(self.resolve(self._conditions[condition]))

    def _value(self, node: Any) -> Any:
        if isinstance(node, list):
            return [value for value in map(self._value, node) if value is not _NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            [(name, argument)] = node.items()
            if name == "Ref" or (name == "Condition" and isinstance(argument, str)) or name.startswith("Fn::"):
                return self._function(name)(argument)
        values = {key: self._value(value) for key, value in node.items()}
        return {key: value for key, value in values.items() if value is not _NO_VALUE}

    def _function(self, name: str) -> Callable[[Any], Any]:
        known: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self.holds,
            "Fn::And": lambda of: all(self._value(of)),
            "Fn::Equals": lambda of: _text(self._value(of[0])) == _text(self._value(of[1])),
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAtt": lambda of: self._attribute(of[0], of[1]),
            "Fn::If": lambda of: self._value(of[1] if self.holds(of[0]) else of[2]),
            "Fn::Join": lambda of: of[0].join(_text(part) for part in self._value(of[1])),
            "Fn::Not": lambda of: not self._value(of[0]),
            "Fn::Or": lambda of: any(self._value(of)),
            "Fn::Select": lambda of: self._value(of[1])[int(self._value(of[0]))],
            "Fn::Split": lambda of: self._value(of[1]).split(of[0]),
            "Fn::Sub": self._sub,
        }
        if name not in known:
            raise TemplateError(f"The template uses {name}, which the local engine does not know.")
        return known[name]

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        return self._parameters[name] if name in self._parameters else self._attribute(name, "Ref")

    def _attribute(self, resource: str, attribute: str) -> str:
        if resource not in self._resources and resource not in self.attributes:
            raise TemplateError(f"The template refers to {resource}, but has no such parameter or resource.")
        stand_in = resource if attribute == "Ref" else f"{resource}.{attribute}"
        return self.attributes.get(resource, {}).get(attribute, stand_in)

    def _sub(self, argument: Any) -> str:
        text, variables = argument if isinstance(argument, list) else (argument, {})

        def replace(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in variables:
                return _text(self._value(variables[name]))
            resource, dot, attribute = name.partition(".")
            return _text(self._attribute(resource, attribute) if dot else self._ref(name))

        return re.sub(r"\$\{([^}]+)\}", replace, text)

    def _find_in_map(self, argument: list[Any]) -> Any:
        name, top, second = (self._value(part) for part in argument)
        try:
            return self._mappings[name][top][second]
        except KeyError as error:
            raise TemplateError(f"The template's mappings have no {name}.{top}.{second}.") from error


def _parameter_values(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    unknown = sorted(given.keys() - declared.keys())
    if unknown:
        raise TemplateError(f"The template has no parameter {', '.join(unknown)}.")
    values: dict[str, Any] = {}
    for name, declaration in declared.items():
        if name not in given and "Default" not in declaration:
            raise TemplateError(f"The template's parameter {name} needs a value.")
        text = _text(given.get(name, declaration.get("Default")))
        is_list = declaration.get("Type", "String") in {"CommaDelimitedList", "List<Number>", "List<String>"}
        values[name] = [part.strip() for part in text.split(",")] if is_list else text
    return values


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(_text, value)) if isinstance(value, list) else str(value)
