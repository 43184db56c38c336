"""State "Find Business Profile": the approved profile that the request names, or the only primary one."""

from datetime import UTC, datetime

from onboarding import clients, settings
from onboarding.business_profiles import approved_primary_ones, describe_profiles, primary_ones
from onboarding.errors import BusinessProfileAmbiguous, BusinessProfileNotApproved, BusinessProfileNotFound
from onboarding.models import BundleSid, Model, StepEvent
from onboarding.noticing import notice_validity
from onboarding.step import step
from onboarding.trust_products import Status
from onboarding.twilio import trust_hub
from onboarding.twilio.trust_hub import Bundle, TrustHub
from onboarding.validity import Validity


class FindBusinessProfileEvent(StepEvent):
    """The profile to use, None to find it."""

    business_profile_sid: BundleSid | None


class BusinessProfile(Model):
    """The approved profile that the numbers go on."""

    sid: BundleSid
    friendly_name: str


@step(FindBusinessProfileEvent)
def handler(event: FindBusinessProfileEvent) -> BusinessProfile:
    """Find the profile, and notice when its validity ends."""
    environment = settings.load()
    hub = trust_hub.of_parent(environment)
    sid, asked_at = event.business_profile_sid, datetime.now(UTC)
    profile = fetch_approved(hub, sid) if sid else find_approved(hub)
    seen = Validity(kind="business_profile", sid=profile.sid, valid_until=profile.valid_until, observed_at=asked_at)
    notice_validity(clients.table(environment), environment.event_bus_name, seen, event.execution)
    return BusinessProfile(sid=profile.sid, friendly_name=profile.friendly_name)


def fetch_approved(hub: TrustHub, sid: str) -> Bundle:
    """Fetch a Business Profile (`BU…`) that is approved.

    Raises:
        BusinessProfileNotFound: The parent account has none of this SID.
        BusinessProfileNotApproved: Twilio has not approved it.
    """
    profile = hub.business_profile(sid)
    if not profile:
        raise BusinessProfileNotFound(
            f"business_profile_sid: the account {hub.account_sid} has no Business Profile {sid}; "
            "copy the SID from the Console's Trust Hub, or leave it out."
        )
    if profile.status is not Status.APPROVED:
        raise _not_approved(profile)
    return profile


def find_approved(hub: TrustHub) -> Bundle:
    """Find the one approved primary Business Profile: a business's, or if there is none, of another kind.

    Raises:
        BusinessProfileNotFound: The parent account has no primary profile.
        BusinessProfileNotApproved: None of its primary profiles is approved.
        BusinessProfileAmbiguous: Several are.
    """
    profiles = hub.business_profiles()
    match approved_primary_ones(profiles):
        case [profile]:
            return profile
        case []:
            if primary := primary_ones(profiles):
                raise _not_approved(primary[0])
            others = f", only {describe_profiles(profiles)}" if profiles else ""
            raise BusinessProfileNotFound(
                f"The account {hub.account_sid} has no primary Business Profile{others}; "
                "create one in the Console's Trust Hub."
            )
        case approved:
            raise BusinessProfileAmbiguous(
                f"The account {hub.account_sid} has several approved primary Business Profiles: "
                f"{describe_profiles(approved)}; name one as business_profile_sid."
            )


def _not_approved(profile: Bundle) -> BusinessProfileNotApproved:
    return BusinessProfileNotApproved(
        f"The Business Profile {profile.sid} is {profile.status.value}, not twilio-approved; "
        "complete it in the Console's Trust Hub and send the request again."
    )
