"""EventBridge in a handler's tests: it does not take what is announced."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import patch

from onboarding import announcements, clients


class Refusal(NamedTuple):
    """How EventBridge answers: with what, and with which HTTP status."""

    answer: dict[str, Any]
    status: int


ENTRY = Refusal({"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure", "ErrorMessage": "later"}]}, 200)
REFUSALS = [
    ENTRY,
    Refusal({"Error": {"Code": "ServiceUnavailable", "Message": "later"}}, 503),
    Refusal({"Error": {"Code": "AccessDeniedException", "Message": "not you"}}, 400),
]


@contextmanager
def refusing(refusal: Refusal, times: int | None = None) -> Iterator[None]:
    """Have EventBridge take nothing, or not the first times."""
    events: Any = clients.event_bridge().meta.events
    asked: list[None] = []

    def refuse(**_: Any) -> tuple[SimpleNamespace, dict[str, Any]] | None:
        asked.append(None)
        if times is not None and len(asked) > times:
            return None
        status = {"ResponseMetadata": {"HTTPStatusCode": refusal.status}}
        return SimpleNamespace(status_code=refusal.status), refusal.answer | status

    events.register_first("before-call.events.PutEvents", refuse)
    try:
        with patch.object(announcements, "PAUSE_SECONDS", 0):
            yield
    finally:
        events.unregister("before-call.events.PutEvents", refuse)
