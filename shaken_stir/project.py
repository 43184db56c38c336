"""Where the project's own files are, and how an event file is read."""

import json
from pathlib import Path
from typing import Any

from shaken_stir.engine.events import EventError

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "template.yaml"
DEFINITION = ROOT / "statemachine/onboarding.asl.json"
SMALL_FLEET = ROOT / "simulator/fleets/small.json"
EXAMPLE_EVENT = ROOT / "events/onboarding.json"


def load_event(path: Path) -> dict[str, Any]:
    """Read an event file.

    Raises:
        EventError: There is none, or it holds no JSON object.
    """
    try:
        event = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EventError(
            f"The event file {path} cannot be read ({error.strerror}); name another with --event."
        ) from None
    except ValueError as error:
        raise EventError(f"The event file {path} is not JSON: {error}.") from None
    if not isinstance(event, dict):
        raise EventError(f"The event file {path} must hold a JSON object: a request, or an EventBridge event.")
    return event
