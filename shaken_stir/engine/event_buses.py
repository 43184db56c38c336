"""The event buses of the local AWS: what is put on one is noted, and starts what a rule of that very bus takes."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

from moto.events.models import EventsBackend

from shaken_stir.engine.events import DEFAULT_BUS, Rule
from shaken_stir.engine.intrinsics import ACCOUNT, REGION

_FIRST_VERSION: Final = "0"


@contextmanager
def handing_on(
    rules: Iterable[Rule], start: Callable[[Any], object], noted: list[tuple[str, dict[str, Any]]]
) -> Iterator[None]:
    """Hand on what is put on a bus, which moto does not do to a state machine.

    Args:
        rules: The rules that start the state machine.
        start: Called with the input that a rule makes of an event.
        noted: Where the name of the bus and the event, as a receiver sees it, are added for each event.
    """
    put_events = EventsBackend.put_events
    rules = list(rules)

    def put_and_hand_on(backend: EventsBackend, entries: list[dict[str, Any]]) -> Any:
        answers = put_events(backend, entries)
        for entry, answer in zip(entries, answers, strict=True):
            if "EventId" not in answer:
                continue
            bus, event = bus_of(entry), _as_received(entry, answer["EventId"])
            noted.append((bus, event))
            for rule in rules:
                if rule.bus == bus and rule.matches(event):
                    start(rule.reduce(event))
        return answers

    with patch.object(EventsBackend, "put_events", put_and_hand_on):
        yield


def bus_of(entry: Mapping[str, Any]) -> str:
    """Name the bus that an entry of PutEvents is for; it may say the name, the ARN or nothing."""
    return str(entry.get("EventBusName") or DEFAULT_BUS).rpartition("/")[2]


def _as_received(entry: Mapping[str, Any], event_id: str) -> dict[str, Any]:
    return {
        "version": _FIRST_VERSION,
        "id": event_id,
        "source": entry["Source"],
        "detail-type": entry["DetailType"],
        "account": ACCOUNT,
        "region": REGION,
        "resources": entry.get("Resources", []),
        "detail": json.loads(entry["Detail"]),
    }
