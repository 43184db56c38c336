"""The only module that talks to Secrets Manager."""

from typing import Annotated

from aws_lambda_powertools.utilities.parameters import SecretsProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError, TransformParameterError
from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from onboarding import clients
from onboarding.errors import CredentialsRefused
from onboarding.models import AccountSid
from onboarding.process import kept

CACHE_SECONDS = 300
"""How long a process goes on with a secret that was rotated."""

Token = Annotated[str, StringConstraints(min_length=1)]


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
        return TwilioCredentials.model_validate(secrets().get(secret_arn, max_age=CACHE_SECONDS, transform="json"))
    except (GetParameterError, TransformParameterError, ValidationError) as error:
        if isinstance(error, GetParameterError) and not has_no_value(error):
            raise error.__context__ or error from error
        raise CredentialsRefused(
            f'The secret {secret_arn} must hold {{"account_sid": "AC…", "auth_token": "…"}} as JSON; '
            "put the parent account's SID and Auth Token there."
        ) from error


def has_no_value(error: GetParameterError) -> bool:
    """Say whether a secret could not be read because nothing was put into it yet."""
    failure = error.__context__
    return isinstance(failure, ClientError) and failure.response["Error"]["Code"] == "ResourceNotFoundException"
