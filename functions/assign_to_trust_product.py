"""State "Assign To Trust Product": put numbers that are on the Business Profile on the Trust Product."""

from onboarding import progress, settings, trust_hub
from onboarding.assignments import Work
from onboarding.models import AccountSid, BundleSid, Model, PhoneNumberSid, StepEvent
from onboarding.step import step


class AssignToTrustProductEvent(StepEvent):
    """The numbers that are on the Business Profile, all of one subaccount."""

    subaccount_sid: AccountSid
    trust_product_sid: BundleSid
    phone_numbers: list[PhoneNumberSid]


class OnTrustProduct(Model):
    """How many numbers are on the product now, and how many Twilio refused."""

    assigned: int
    refused: int


@step(AssignToTrustProductEvent)
def handler(event: AssignToTrustProductEvent) -> OnTrustProduct:
    """Handle the state's event.

    Raises:
        SubaccountBusy: Another execution works on the subaccount.
        TwilioThrottled, TwilioUnavailable: Some numbers were not tried or not answered; try again.
    """
    environment = settings.load()
    sid = event.trust_product_sid
    work = Work(progress.connect(environment), event.execution, event.subaccount_sid, environment.threads_per_function)
    batch = work.assign(
        work.records(event.phone_numbers),
        trust_hub.connect(environment).on_trust_product(sid),
        assigned=lambda record, assignment_sid: record.on_trust_product(sid, assignment_sid),
    )
    return OnTrustProduct(assigned=len(batch.assigned), refused=len(batch.refused))
