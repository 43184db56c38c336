"""State "Find Business Profile": the approved profile that the request names, or the only primary one."""

from datetime import UTC, datetime

from onboarding import clients, settings
from onboarding.business_profiles import (
    approved_primary_ones,
    describe_profiles,
    primary_ones,
    remedy_of_unapproved,
)
from onboarding.errors import BusinessProfileAmbiguous, BusinessProfileNotApproved, BusinessProfileNotFound
from onboarding.models import BundleSid, Model, StepEvent
from onboarding.noticing import notice_validity
from onboarding.step import step
from onboarding.table.validities import read_validity
from onboarding.trust_products import Status
from onboarding.twilio import trust_hub
from onboarding.twilio.trust_hub import Bundle, TrustHub


class FindBusinessProfileEvent(StepEvent):
    """The profile to use, None to find it."""

    business_profile_sid: BundleSid | None


class BusinessProfile(Model):
    """The approved profile that the numbers go on."""

    sid: BundleSid
    friendly_name: str


@step(FindBusinessProfileEvent)
def handler(event: FindBusinessProfileEvent) -> BusinessProfile:
    """Find the profile, record its status and validity, and refuse one that is not approved."""
    environment = settings.load()
    table = clients.table(environment)
    hub, asked_at = trust_hub.of_parent(environment), datetime.now(UTC)
    sid = event.business_profile_sid
    settle_seconds = environment.list_settle_seconds if sid and read_validity(table, sid) else 0
    profile = choose(hub, sid, settle_seconds)
    seen = profile.seen("business_profile", asked_at)
    notice_validity(table, environment.event_bus_name, seen, event.execution)
    require_approved(profile)
    return BusinessProfile(sid=profile.sid, friendly_name=profile.friendly_name)


def choose(hub: TrustHub, sid: str | None, settle_seconds: float = 0) -> Bundle:
    """Return the Business Profile (`BU…`) to use: the one of this SID, else the one primary profile.

    Args:
        hub: The client.
        sid: The profile that the request names.
        settle_seconds: As `fetch`.

    Raises:
        BusinessProfileNotFound, BusinessProfileAmbiguous: As `fetch` and `find` say.
    """
    return fetch(hub, sid, settle_seconds) if sid else find(hub)


def require_approved(profile: Bundle) -> None:
    """Refuse a profile that Twilio has not approved.

    Raises:
        BusinessProfileNotApproved: Its status is another one.
    """
    if profile.status is not Status.APPROVED:
        raise BusinessProfileNotApproved(
            f"The Business Profile {profile.sid} is {profile.status.value}, not twilio-approved; "
            f"{remedy_of_unapproved(profile.status)}."
        )


def fetch(hub: TrustHub, sid: str, settle_seconds: float = 0) -> Bundle:
    """Fetch a Business Profile, `BU…`.

    Args:
        hub: The client.
        sid: The profile.
        settle_seconds: The pause after which a profile that was seen before is requested again; 0 for others.

    Raises:
        BusinessProfileNotFound: The parent account has none of this SID.
    """
    profile = hub.seen_business_profile(sid, settle_seconds) if settle_seconds else hub.business_profile(sid)
    if not profile:
        raise BusinessProfileNotFound(
            f"business_profile_sid: the account {hub.account_sid} has no Business Profile {sid}; "
            "copy the SID from the Console's Trust Hub, or leave it out."
        )
    return profile


def find(hub: TrustHub) -> Bundle:
    """Find the one approved primary Business Profile: a business's, or if there is none, of another kind.

    Returns:
        That profile, or a primary one that is not approved if none is.

    Raises:
        BusinessProfileNotFound: The parent account has no primary profile.
        BusinessProfileAmbiguous: Several are approved.
    """
    profiles = hub.business_profiles()
    match approved_primary_ones(profiles):
        case [profile]:
            return profile
        case []:
            if primary := primary_ones(profiles):
                return primary[0]
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
