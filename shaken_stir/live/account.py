"""The account: its credentials from the environment, and a Trust Hub client for Twilio, or what is in its place."""

from collections.abc import Mapping

from pydantic import ValidationError

from onboarding.credentials import TwilioCredentials, unusable_token
from onboarding.twilio.trust_hub import TrustHub, of_account
from onboarding.validation import describe

ACCOUNT_SID, AUTH_TOKEN = "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"


class CredentialsError(ValueError):
    """The environment does not name a parent account; the text is one sentence."""


def credentials(environment: Mapping[str, str]) -> TwilioCredentials:
    """Read the parent account's credentials from environment variables.

    Raises:
        CredentialsError: One is missing, is not what it should be, or belongs to an API key.
    """
    missing = [name for name in (ACCOUNT_SID, AUTH_TOKEN) if not environment.get(name)]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        raise CredentialsError(
            f"{' and '.join(missing)} {are} not set; export the parent account's SID and Auth Token (Twilio's Console "
            "shows both on its first page)."
        )
    sid = environment[ACCOUNT_SID].strip()
    if sid.startswith("SK"):
        raise CredentialsError(
            f"{ACCOUNT_SID} is an API key (SK...), and Twilio shows no subaccount's numbers to the parent's API keys; "
            "set the parent account's SID (AC...) and its Auth Token."
        )
    try:
        return TwilioCredentials(account_sid=sid, auth_token=environment[AUTH_TOKEN].strip())
    except ValidationError as error:
        if why := unusable_token(error):
            raise CredentialsError(f"{AUTH_TOKEN}: {why.partition(': ')[2]}.") from None
        raise CredentialsError(
            f"{ACCOUNT_SID}: {describe(error, TwilioCredentials)}; copy it from Twilio's Console."
        ) from None


def refused(twilio: str | None = None, request_id: str | None = None) -> str:
    """Say what to do about credentials that were refused.

    Args:
        twilio: What answered in Twilio's place, None for Twilio itself.
        request_id: The answer's `Twilio-Request-Id`, None if it has none.
    """
    answer = f"HTTP 401, Twilio-Request-Id {request_id}" if request_id else "HTTP 401"
    if twilio:
        return (
            f"{twilio} refused the credentials ({answer}); export the {ACCOUNT_SID} and {AUTH_TOKEN} of its fleet, "
            "which `shaken-stir twilio` prints when it starts."
        )
    return (
        f"Twilio refused the credentials ({answer}); check {ACCOUNT_SID} and {AUTH_TOKEN}: "
        "they must be the parent account's SID and its own Auth Token, no API key's secret."
    )


def trust_hub(parent: TwilioCredentials, twilio: str | None = None) -> TrustHub:
    """Make a client. For a client that cannot change anything, see `read_only`.

    Args:
        parent: The credentials.
        twilio: What answers in Twilio's place, as `rehearsal.address` gives it; None for Twilio itself.
    """
    return of_account(parent.account_sid, parent.auth_token, base_url=twilio)
