"""State "Evaluate Trust Product": let Twilio check the product before it is submitted."""

from onboarding import settings
from onboarding.errors import TrustProductNoncompliant
from onboarding.models import BundleSid, EvaluationSid, Model, StepEvent
from onboarding.step import step
from onboarding.twilio import trust_hub


class EvaluateTrustProductEvent(StepEvent):
    """The product to evaluate: a draft or a rejected one."""

    trust_product_sid: BundleSid


class CompliantEvaluation(Model):
    """The evaluation that found the product compliant."""

    sid: EvaluationSid


@step(EvaluateTrustProductEvent)
def handler(event: EvaluateTrustProductEvent) -> CompliantEvaluation:
    """Evaluate, and go on if nothing is missing.

    Raises:
        TrustProductNoncompliant: With everything that Twilio finds missing.
    """
    evaluation = trust_hub.of_parent(settings.load()).evaluate(event.trust_product_sid)
    if evaluation.failures:
        raise TrustProductNoncompliant(
            f"Twilio's evaluation {evaluation.sid} finds the Trust Product {event.trust_product_sid} noncompliant "
            f"({'; '.join(evaluation.failures)}); correct it in the Console's Trust Hub and send the request again."
        )
    return CompliantEvaluation(sid=evaluation.sid)
