"""The decorator that every step of the state machine wears."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ValidationError

from onboarding.errors import InvalidRequest
from onboarding.models import StepEvent
from onboarding.observability import logger, metrics

type Handler = Callable[[dict[str, Any], LambdaContext], Any]


def step[Event: StepEvent](event_model: type[Event]) -> Callable[[Callable[[Event], BaseModel | None]], Handler]:
    """Turn a function on models into a Lambda handler on JSON.

    Args:
        event_model: What the state hands to the function; the event is validated against it.

    Returns:
        A decorator. The handler it makes logs under the execution's name, flushes the metrics, and raises
        `InvalidRequest` with one sentence when the event is not of the model.
    """

    def decorate(function: Callable[[Event], BaseModel | None]) -> Handler:
        @wraps(function)
        @metrics.log_metrics
        def handler(event: dict[str, Any], context: LambdaContext) -> Any:
            logger.set_correlation_id(event.get("execution"))
            logger.append_keys(function_name=context.function_name)
            try:
                valid = event_model.model_validate(event)
            except ValidationError as error:
                raise InvalidRequest(f"{event_model.__name__}: {describe(error)}.") from error
            result = function(valid)
            return result.model_dump(mode="json") if result else {}

        return handler

    return decorate


def describe(error: ValidationError) -> str:
    """Put what is wrong with some data into words, each with the place where it is.

    Args:
        error: What pydantic found.

    Returns:
        Such as `subaccounts[0]: 'ACxyz' is not AC and 32 hexadecimal digits; colour is not known`.
    """
    return "; ".join(dict.fromkeys(_describe_one(problem) for problem in error.errors()))


def _describe_one(problem: Any) -> str:
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"]).lstrip(".")
    match problem["type"]:
        case "extra_forbidden":
            return f"{place} is not known"
        case "missing":
            return f"{place} is missing"
        case "string_pattern_mismatch":
            return f"{place}: {problem['input']!r} is not {_form(problem['ctx']['pattern'])}"
        case "value_error":
            return ": ".join(filter(None, [place, str(problem["ctx"]["error"])]))
        case _:
            message = problem["msg"]
            return f"{place}: {message[0].lower()}{message[1:]}" if place else message


def _form(pattern: str) -> str:
    if sid := re.fullmatch(r"\^([A-Z]{2})\[0-9a-fA-F\]\{32\}\$", pattern):
        return f"{sid[1]} and 32 hexadecimal digits"
    return "an e-mail address" if "@" in pattern else "two capital letters, such as US"
