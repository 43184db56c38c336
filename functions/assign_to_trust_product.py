"""State "Assign To Trust Product": put numbers that are on the Business Profile on the Trust Product."""

from onboarding import clients, settings
from onboarding.assignments import claim
from onboarding.models import AccountSid, BundleSid, Model, PhoneNumberSid, Stage, StepEvent
from onboarding.step import step
from onboarding.twilio import trust_hub


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
    ours = claim(clients.table(environment), environment, event.execution, event.subaccount_sid)
    batch = ours.assign(
        [record for record in ours.records(event.phone_numbers) if record.stage is Stage.ON_BUSINESS_PROFILE],
        trust_hub.of_parent(environment).on_trust_product(sid),
        moved=lambda record, assignment_sid: record.on_trust_product(sid, assignment_sid),
        again_after=environment.list_settle_seconds,
    )
    return OnTrustProduct(assigned=len(event.phone_numbers) - len(batch.refused), refused=len(batch.refused))
