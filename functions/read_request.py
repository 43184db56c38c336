"""State "Read Request": check the execution's input and fill in every default."""

from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from onboarding import settings
from onboarding.eligibility import unknown_regions
from onboarding.errors import InvalidRequest
from onboarding.models import StepEvent
from onboarding.requests import CompleteRequest, OnboardingRequest, TrustProductRequest
from onboarding.settings import Settings
from onboarding.step import step
from onboarding.validation import describe


class ReadRequestEvent(StepEvent):
    """The execution's input as it came, and when it came."""

    input: Any
    started_at: datetime


@step(ReadRequestEvent)
def handler(event: ReadRequestEvent) -> CompleteRequest:
    """Check the request and complete it."""
    return complete(read(event.input), event.execution, event.started_at, settings.load())


def read(request: Any) -> OnboardingRequest:
    """Check a request.

    Raises:
        InvalidRequest: It names each part that is wrong.
    """
    try:
        checked = OnboardingRequest.model_validate(request)
    except ValidationError as error:
        raise InvalidRequest(f"The request was refused: {describe(error, OnboardingRequest)}.") from error
    if unknown := unknown_regions(checked.regions or []):
        raise InvalidRequest(
            f"The request was refused: regions: {', '.join(unknown)} is not a region that libphonenumber knows."
        )
    return checked


def complete(request: OnboardingRequest, execution: str, started_at: datetime, defaults: Settings) -> CompleteRequest:
    """Fill in what the request leaves out from the deployment's parameters."""
    return CompleteRequest(
        execution=execution,
        business_profile_sid=request.business_profile_sid or defaults.business_profile_sid,
        trust_product=TrustProductRequest(
            friendly_name=request.trust_product.friendly_name or defaults.trust_product_friendly_name,
            email=request.trust_product.email or defaults.trust_product_email,
            sid=request.trust_product.sid,
        ),
        subaccounts=_unique(request.subaccounts),
        phone_numbers=_unique(request.phone_numbers),
        include_parent=_include_parent(request, defaults),
        own_numbers=defaults.own_numbers if request.own_numbers is None else request.own_numbers,
        regions=request.regions or defaults.regions,
        resubmit=request.resubmit,
        release_orphans=request.release_orphans,
        map_concurrency=defaults.map_concurrency,
        poll_seconds=defaults.poll_seconds,
        review_deadline=started_at + timedelta(days=defaults.review_timeout_days),
    )


def _include_parent(request: OnboardingRequest, defaults: Settings) -> bool:
    if request.include_parent is None:
        return defaults.include_parent and not request.subaccounts
    return request.include_parent


def _unique(sids: list[str] | None) -> list[str] | None:
    return list(dict.fromkeys(sids)) if sids else None
