"""State "Assign To Business Profile": put numbers on the Business Profile, as the Trust Product demands."""

from onboarding import clients, settings
from onboarding.assigning import assign, hold, read_records
from onboarding.models import BundleSid, Model, PhoneNumberSid, SubaccountEvent
from onboarding.phone_numbers import Stage
from onboarding.step import step
from onboarding.twilio import trust_hub


class AssignToBusinessProfileEvent(SubaccountEvent):
    """The numbers that need work, all of one subaccount."""

    business_profile_sid: BundleSid
    phone_numbers: list[PhoneNumberSid]


class OnBusinessProfile(Model):
    """The numbers that are on the profile now; refused ones are recorded and dropped."""

    phone_numbers: list[PhoneNumberSid]


@step(AssignToBusinessProfileEvent)
def handler(event: AssignToBusinessProfileEvent) -> OnBusinessProfile:
    """Look the numbers up, assign those that are not on the profile, and record where each stands.

    Raises:
        SubaccountBusy: Another execution works on the subaccount.
        TwilioThrottled, TwilioUnavailable: Some numbers were not tried or not answered; try again.
    """
    environment = settings.load()
    sid = event.business_profile_sid
    held = hold(clients.table(environment), environment, event.execution, event.subaccount_sid)
    records = read_records(held, event.phone_numbers)
    refused = assign(
        held,
        [record for record in records if record.stage is Stage.DISCOVERED],
        trust_hub.of_parent(environment, event.subaccounts).on_business_profile(sid),
        moved=lambda record, assignment_sid: record.on_business_profile(sid, assignment_sid),
    )
    refused |= {record.phone_number_sid for record in records if record.stage is Stage.REFUSED}
    return OnBusinessProfile(phone_numbers=[sid for sid in event.phone_numbers if sid not in refused])
