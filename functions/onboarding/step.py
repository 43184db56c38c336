"""The decorator that every step of the state machine wears."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ValidationError

from onboarding.errors import AwsUnavailable, InvalidRequest
from onboarding.masking import raises_masked
from onboarding.models import StepEvent
from onboarding.observability import logger
from onboarding.validation import describe

type Handler = Callable[[dict[str, Any], LambdaContext], Any]


def step[Event: StepEvent](event_model: type[Event]) -> Callable[[Callable[[Event], BaseModel | None]], Handler]:
    """Turn a function on models into a Lambda handler on JSON.

    Args:
        event_model: What the state hands to the function; the event is validated against it.

    Returns:
        A decorator. The handler it makes logs its end under the execution's name, and raises
        `InvalidRequest` with one sentence when the event is not of the model, `AwsUnavailable` when AWS fails.
        What it raises is masked: it has the class name of the error, but not its class and attributes.
    """

    def decorate(function: Callable[[Event], BaseModel | None]) -> Handler:
        @wraps(function)
        def handler(event: dict[str, Any], context: LambdaContext) -> Any:
            # Locally the functions share a process, and its logger, among threads.
            logger().thread_safe_append_keys(correlation_id=event.get("execution"))
            step_name = {"step": context.function_name, "subaccount_sid": event.get("subaccount_sid")}
            try:
                result = run(event)
            except Exception as error:
                logger().warning("failed", extra={**step_name, "error": type(error).__name__, "said": str(error)})
                raise
            logger().info("done", extra=step_name)
            return result

        @raises_masked
        def run(event: dict[str, Any]) -> Any:
            try:
                valid = event_model.model_validate(event)
            except ValidationError as error:
                raise InvalidRequest(f"{event_model.__name__}: {describe(error, event_model)}.") from error
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
