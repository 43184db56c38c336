from typing import Any

import shared  # type: ignore[import-not-found]


def handler(event: Any, _context: Any) -> Any:
    if isinstance(event, dict) and event.get("ask") == "environment":
        return shared.environment()
    return event
