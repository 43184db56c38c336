"""State "Assign To Business Profile": put numbers on the Business Profile, as the Trust Product demands."""

from onboarding import clients, settings
from onboarding.assignments import claim
from onboarding.models import AccountSid, BundleSid, Model, PhoneNumberSid, Stage, StepEvent
from onboarding.step import step
from onboarding.twilio import trust_hub


class AssignToBusinessProfileEvent(StepEvent):
    """The numbers that need work, all of one subaccount."""

    subaccount_sid: AccountSid
    business_profile_sid: BundleSid
    phone_numbers: list[PhoneNumberSid]


class OnBusinessProfile(Model):
    """The numbers that are on the profile now; refused ones are recorded and dropped."""

    phone_numbers: list[PhoneNumberSid]


@step(AssignToBusinessProfileEvent)
def handler(event: AssignToBusinessProfileEvent) -> OnBusinessProfile:
    """Handle the state's event.

    Raises:
        SubaccountBusy: Another execution works on the subaccount.
        TwilioThrottled, TwilioUnavailable: Some numbers were not tried or not answered; try again.
    """
    environment = settings.load()
    sid = event.business_profile_sid
    ours = claim(clients.table(environment), environment, event.execution, event.subaccount_sid)
    records = ours.records(event.phone_numbers)
    batch = ours.assign(
        [record for record in records if record.stage is Stage.DISCOVERED],
        trust_hub.of_parent(environment).on_business_profile(sid),
        moved=lambda record, assignment_sid: record.on_business_profile(sid, assignment_sid),
    )
    return OnBusinessProfile(
        phone_numbers=[
            record.phone_number_sid
            for record in records
            if record.stage is not Stage.REFUSED and record.phone_number_sid not in batch.refused
        ]
    )
