"""The decorator that every step of the state machine wears."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ValidationError

from onboarding.errors import AwsUnavailable, InvalidRequest
from onboarding.models import StepEvent
from onboarding.observability import logger, metrics
from onboarding.validation import describe

type Handler = Callable[[dict[str, Any], LambdaContext], Any]


def step[Event: StepEvent](event_model: type[Event]) -> Callable[[Callable[[Event], BaseModel | None]], Handler]:
    """Turn a function on models into a Lambda handler on JSON.

    Args:
        event_model: What the state hands to the function; the event is validated against it.

    Returns:
        A decorator. The handler it makes logs under the execution's name, flushes the metrics, and raises
        `InvalidRequest` with one sentence when the event is not of the model, `AwsUnavailable` when AWS fails.
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
            try:
                result = function(valid)
            except (BotoCoreError, ClientError) as error:
                raise unavailable(error) from error
            return result.model_dump(mode="json") if result else {}

        return handler

    return decorate


def unavailable(error: BotoCoreError | ClientError) -> Exception:
    """Turn a passing failure of AWS into `AwsUnavailable`, which is retried; leave any other as it is."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = error.response.get("Error", {}).get("Code", "")
        if status < HTTPStatus.INTERNAL_SERVER_ERROR and "Throttl" not in code and "Exceeded" not in code:
            return error
    return AwsUnavailable(f"AWS failed or did not answer ({error}); send the request again later.")
