"""What an event file starts: a plain request as it is, an EventBridge event as the template's rules make of it."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shaken_stir.engine.intrinsics import ACCOUNT

DEFAULT_BUS: Final = "default"
_ENVELOPE_KEYS: Final = frozenset({"source", "detail-type", "detail"})


class EventError(ValueError):
    """The event starts nothing; the message is one sentence for a person."""


@dataclass(frozen=True)
class Rule:
    """An EventBridge rule and what it hands to its target.

    Attributes:
        name: What the template calls it.
        pattern: The event pattern.
        input_path: The part of the event that becomes the input.
        constant: A JSON text that becomes the input instead.
        transformer: An input transformer, if the rule has one.
        bus: The name of the event bus that it listens to.
    """

    name: str
    pattern: Mapping[str, Any]
    input_path: str = "$"
    constant: str | None = None
    transformer: Mapping[str, Any] | None = None
    bus: str = DEFAULT_BUS

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Return whether the rule's pattern matches the event."""
        from moto.events.models import EventPattern  # noqa: PLC0415 - a plain request is sent without moto

        return bool(EventPattern(json.dumps(self.pattern), dict(self.pattern)).matches_event(dict(event)))

    def reduce(self, event: Mapping[str, Any]) -> Any:
        """Return what the rule hands to its target."""
        if self.constant is not None:
            return json.loads(self.constant)
        if self.transformer is not None:
            paths = self.transformer.get("InputPathsMap", {})
            values = {name: self._at(path, event) for name, path in paths.items()}
            return json.loads(_fill(self.transformer["InputTemplate"], values))
        return self._at(self.input_path, event)

    def _at(self, path: str, event: Mapping[str, Any]) -> Any:
        value: Any = event
        for key in path.split(".")[1:]:
            if not isinstance(value, Mapping) or key not in value:
                raise EventError(f"The rule {self.name} hands on {path}, which the event does not have.")
            value = value[key]
        return value


def execution_input(event: Mapping[str, Any], rules: Iterable[Rule]) -> dict[str, Any]:
    """Return the state machine's input for a plain request or an EventBridge event.

    The event is one as a receiver sees it: which bus it came by is not in it, and it counts as this account's own,
    whatever account it names.

    Raises:
        EventError: No rule takes the event, or what the rule hands on is no request.
    """
    if not event.keys() >= _ENVELOPE_KEYS:
        return dict(event)
    rules, event = list(rules), {**event, "account": ACCOUNT}
    for rule in rules:
        if rule.matches(event):
            reduced = rule.reduce(event)
            if not isinstance(reduced, dict):
                raise EventError(f"The rule {rule.name} makes {json.dumps(reduced)} of the event, not a request.")
            return reduced
    expected = "; ".join(f"{rule.name} expects {_describe(rule.pattern)}" for rule in rules)
    found = _describe({key: event[key] for key in ("source", "detail-type")})
    raise EventError(f"No rule of the template takes an event with {found}: {expected or 'it has no rules'}.")


def _fill(template: str, values: Mapping[str, Any]) -> str:
    """Fill `<name>` in as EventBridge does: as text within quotes, else as JSON."""

    def text(match: re.Match[str]) -> str:
        value = values[match[1]]
        return json.dumps(value)[1:-1] if isinstance(value, str) else json.dumps(value)

    def part(match: re.Match[str]) -> str:
        return json.dumps(values[match[1]]) if match[1] else re.sub(r"<([^<>]+)>", text, match[0])

    return re.sub(r'"(?:[^"\\]|\\.)*"|<([^<>]+)>', part, template)


def _describe(pattern: Mapping[str, Any]) -> str:
    return " and ".join(f"{key} {_alternatives(value)}" for key, value in pattern.items() if key != "account")


def _alternatives(value: Any) -> str:
    values = value if isinstance(value, list) else [value]
    return " or ".join(f'"{one}"' if isinstance(one, str) else json.dumps(one) for one in values)
