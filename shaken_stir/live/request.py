"""The request that an event file carries, complete: as the state machine's first state hands it on."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import read_request
from onboarding.requests import CompleteRequest
from onboarding.settings import Settings
from shaken_stir.engine.events import execution_input
from shaken_stir.engine.template import Template
from shaken_stir.project import TEMPLATE

NO_EXECUTION = "none"


def complete(event: Mapping[str, Any], parameters: Mapping[str, str] | None = None) -> CompleteRequest:
    """Fill in what a request leaves out from the template's parameters.

    Args:
        event: A plain request, or an EventBridge event that carries one.
        parameters: The template's parameters that differ from their defaults.

    Raises:
        EventError: No rule of the template matches the event.
        InvalidRequest: The request names something that cannot be.
    """
    template = Template(TEMPLATE, dict(parameters or {}))
    request = read_request.read(execution_input(event, template.rules))
    return read_request.complete(request, NO_EXECUTION, datetime.now(UTC), _settings(template))


def list_settle_seconds() -> float:
    """Return how long Twilio's lists may lag behind what was created, as the template says."""
    return _settings(Template(TEMPLATE, {})).list_settle_seconds


def _settings(template: Template) -> Settings:
    for logical_id, _, _ in template.storage():
        template.created(logical_id, logical_id, Arn=logical_id)
    return Settings.model_validate({name: value for name, value in template.environment().items() if value})
