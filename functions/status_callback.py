"""The webhook behind API Gateway: take in Twilio's status callback and wake who waits for it.

The callback is only a hint that something changed: nothing of its body is believed.
Source: https://www.twilio.com/docs/usage/webhooks/webhooks-security.
"""

import hashlib
from base64 import b64decode
from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from onboarding import clients, credentials, executions, settings
from onboarding.masking import raises_masked
from onboarding.models import BundleSid
from onboarding.observability import logger, measure
from onboarding.table.dynamodb import Table
from onboarding.table.reviews import may_wake, read_waiters, record_callback
from onboarding.twilio import callback

SIGNATURE_HEADER = "x-twilio-signature"
MAX_BODY_BYTES = 16_384
MOST_LOGGED = 200
"""How many characters of a refused request's query are logged: strangers decide how long it is."""


class FromApiGateway(BaseModel):
    """An object in API Gateway's spelling."""

    model_config = ConfigDict(alias_generator=to_camel)


# HTTP APIs write header names in lower case, `sam local start-api` as they came.
Headers = Annotated[dict[str, str], AfterValidator(lambda headers: {name.lower(): it for name, it in headers.items()})]


class RequestContext(FromApiGateway):
    """How the request reached API Gateway."""

    domain_name: str
    request_id: str


class HttpRequest(FromApiGateway):
    """What the webhook reads of an API Gateway event, payload format 2.0."""

    raw_path: str
    raw_query_string: str
    headers: Headers
    request_context: RequestContext
    body: str | None = None
    is_base64_encoded: bool

    @property
    def content(self) -> bytes:
        """The body as it was sent."""
        text = self.body or ""
        return b64decode(text) if self.is_base64_encoded else text.encode()


@raises_masked
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Handle an API Gateway event.

    Returns:
        204 when it was taken in, 403 when Twilio did not sign it, 400 without a Trust Product, 413 when too large.
    """
    request = HttpRequest.model_validate(event)
    logger().thread_safe_append_keys(correlation_id=request.request_context.request_id)
    environment = settings.load()
    body = request.content
    if len(body) > MAX_BODY_BYTES:
        measure(name="TooLargeCallbacks", value=1)
        return _answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    form = callback.read_form(body)
    tokens = credentials.read(environment.twilio_secret_arn).auth_tokens
    url = url_that_twilio_called(request, environment.public_base_url)
    if not callback.is_signed(url, form, request.headers.get(SIGNATURE_HEADER), tokens):
        measure(name="RefusedSignatures", value=1)
        said = {"path": request.raw_path, "query": request.raw_query_string[:MOST_LOGGED]}
        logger().warning("refused a callback: its signature is missing or wrong", extra=said)
        return _answer(HTTPStatus.FORBIDDEN)
    try:
        product_sid = TypeAdapter(BundleSid).validate_python(callback.product_of(url))
    except ValidationError:
        return _answer(HTTPStatus.BAD_REQUEST)
    digest = hashlib.sha256(request.headers[SIGNATURE_HEADER].encode()).hexdigest()[:32]
    wake_waiters(clients.table(environment), product_sid, form.last, digest, environment.poll_seconds)
    return _answer(HTTPStatus.NO_CONTENT)


def url_that_twilio_called(request: HttpRequest, public_base_url: str | None) -> str:
    """Rebuild the URL that the signature covers, never from the Host header."""
    base_url = public_base_url or f"https://{request.request_context.domain_name}"
    query = f"?{request.raw_query_string}" if request.raw_query_string else ""
    return f"{base_url.rstrip('/')}{request.raw_path}{query}"


def wake_waiters(
    table: Table, trust_product_sid: str, parameters: dict[str, str], digest: str, poll_seconds: float
) -> None:
    """Record the callback, then wake every execution that waits for the product (`BU…`), if it may.

    The waiters stay in the table: one that waits on keeps its turn, the others are forgotten in time. If this function
    dies between the two, the wake-up is lost, and the execution polls within `poll_seconds`.

    Args:
        table: The progress table.
        trust_product_sid: `BU…`.
        parameters: What the callback says.
        digest: Of the callback's signature.
        poll_seconds: How long the same signature wakes nobody again.
    """
    record_callback(table, trust_product_sid, digest, parameters)
    waiters = read_waiters(table, trust_product_sid)
    if waiters and not may_wake(table, trust_product_sid, digest, poll_seconds):
        waiters = []
    woken = sum(executions.wake(clients.step_functions(), waiter.task_token, "callback") for waiter in waiters)
    logger().info("callback taken in", extra={"trust_product_sid": trust_product_sid, "executions_woken": woken})


def _answer(status: HTTPStatus) -> dict[str, Any]:
    return {"statusCode": status.value}
