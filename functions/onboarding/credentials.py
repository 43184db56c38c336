"""The only module that talks to Secrets Manager."""

from typing import Annotated

from aws_lambda_powertools.utilities.parameters import SecretsProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError, TransformParameterError
from botocore.exceptions import ClientError
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from onboarding import clients
from onboarding.errors import CredentialsRefused
from onboarding.masking import learn_secrets
from onboarding.models import AccountSid
from onboarding.process import kept

CACHE_SECONDS = 300
"""How long a process goes on with a secret that was rotated."""
QUOTES = tuple("\"'`\u2018\u2019\u201c\u201d")


def _usable(token: str) -> str:
    """Refuse a token that cannot be sent, or was pasted with its quotes; the sentence never has the token."""
    if token[:1] in QUOTES or token[-1:] in QUOTES:
        raise ValueError("it is within quotes: leave them out")
    if not all("!" <= character <= "~" for character in token):
        raise ValueError("it has a space or another character that no Auth Token has: copy it again")
    return token


Token = Annotated[str, StringConstraints(min_length=1), AfterValidator(_usable)]


class TwilioCredentials(BaseModel):
    """The content of the secret. `secondary_auth_token` is there while the primary one is being rotated."""

    model_config = ConfigDict(frozen=True)

    account_sid: AccountSid
    auth_token: Token
    secondary_auth_token: Token | None = None

    @property
    def auth_tokens(self) -> list[str]:
        """Every token that Twilio may sign with, the primary one first."""
        return [token for token in (self.auth_token, self.secondary_auth_token) if token]


@kept
def secrets() -> SecretsProvider:
    """Give the process's one reader of secrets, which keeps what it has read."""
    # Given no client it makes a session, which reads all of botocore's data anew: a tenth of a second at a cold start.
    return SecretsProvider(boto3_client=clients.secrets_manager())


def read(secret_arn: str) -> TwilioCredentials:
    """Read the parent account's credentials.

    Args:
        secret_arn: The secret that holds `{"account_sid", "auth_token", "secondary_auth_token"?}`.

    Raises:
        CredentialsRefused: The secret's content is not of that shape. Its text never holds the content.
    """
    try:
        found = TwilioCredentials.model_validate(secrets().get(secret_arn, max_age=CACHE_SECONDS, transform="json"))
    except (GetParameterError, TransformParameterError, ValidationError) as error:
        if isinstance(error, GetParameterError) and not has_no_value(error):
            raise error.__context__ or error from error
        if isinstance(error, ValidationError) and (why := unusable_token(error)):
            raise CredentialsRefused(f"The secret {secret_arn} has a token that cannot be used; {why}.") from None
        raise CredentialsRefused(
            f'The secret {secret_arn} must hold {{"account_sid": "AC…", "auth_token": "…"}} as JSON; '
            "put the parent account's SID and Auth Token there."
        ) from error
    learn_secrets(*found.auth_tokens)
    return found


def unusable_token(error: ValidationError) -> str | None:
    """Say why a token cannot be used, without the token; None if the error is about something else."""
    problems = error.errors(include_input=False)
    return next((f"{it['loc'][0]}: {it['ctx']['error']}" for it in problems if it["type"] == "value_error"), None)


def has_no_value(error: GetParameterError) -> bool:
    """Say whether a secret could not be read because nothing was put into it yet."""
    failure = error.__context__
    return isinstance(failure, ClientError) and failure.response["Error"]["Code"] == "ResourceNotFoundException"
