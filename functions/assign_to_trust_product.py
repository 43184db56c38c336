"""State "Assign To Trust Product": put numbers that are on the Business Profile on the Trust Product."""

from onboarding import clients, settings
from onboarding.assigning import assign, hold, read_records
from onboarding.models import BundleSid, Model, PhoneNumberSid, SubaccountEvent
from onboarding.phone_numbers import Stage
from onboarding.step import step
from onboarding.twilio import trust_hub


class AssignToTrustProductEvent(SubaccountEvent):
    """The numbers that are on the Business Profile, all of one subaccount."""

    trust_product_sid: BundleSid
    phone_numbers: list[PhoneNumberSid]


class OnTrustProduct(Model):
    """How many numbers are on the product now, and how many Twilio refused."""

    assigned: int
    refused: int


@step(AssignToTrustProductEvent)
def handler(event: AssignToTrustProductEvent) -> OnTrustProduct:
    """Look the numbers up, assign those that are not on the product, and record where each stands.

    Raises:
        SubaccountBusy: Another execution works on the subaccount.
        TwilioThrottled, TwilioUnavailable: Some numbers were not tried or not answered; try again.
    """
    environment = settings.load()
    sid = event.trust_product_sid
    held = hold(clients.table(environment), environment, event.execution, event.subaccount_sid)
    records = read_records(held, event.phone_numbers)
    refused = assign(
        held,
        [record for record in records if record.stage is Stage.ON_BUSINESS_PROFILE],
        trust_hub.of_parent(environment, event.subaccounts).on_trust_product(sid),
        moved=lambda record, assignment_sid: record.on_trust_product(sid, assignment_sid),
        again_after=environment.list_settle_seconds,
    )
    return OnTrustProduct(assigned=len(event.phone_numbers) - len(refused), refused=len(refused))
