"""The functions' environment, as the template sets it."""

import os
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from onboarding.models import BundleSid, Region

CONNECT_TIMEOUT_SECONDS = 3.05
READ_TIMEOUT_SECONDS = 10.0
"""How long Twilio is waited for, unless the environment says otherwise."""
MOST_REQUESTS_EACH = 32
"""How many requests at once are enough for any one function: what ThreadsPerFunction may be at the most."""

Words = Annotated[list[Region], BeforeValidator(lambda value: value.split(","))]


class Settings(BaseModel):
    """One field per environment variable, named alike; an empty variable counts as left out.

    Attributes:
        callback_url: Where Twilio is to send status callbacks; only Submit Trust Product is told.
        twilio_connect_seconds: How long to wait for a connection to Twilio.
        twilio_read_seconds: How long to wait for Twilio's answer.
    """

    model_config = ConfigDict(frozen=True, alias_generator=str.upper)

    table_name: str
    manifest_bucket: str
    twilio_secret_arn: str
    event_bus_name: str
    public_base_url: str | None = None
    callback_url: str | None = None
    twilio_base_url: str | None = None
    twilio_connect_seconds: Annotated[float, Field(gt=0)] = CONNECT_TIMEOUT_SECONDS
    twilio_read_seconds: Annotated[float, Field(gt=0)] = READ_TIMEOUT_SECONDS
    business_profile_sid: BundleSid | None = None
    trust_product_friendly_name: str | None = None
    trust_product_email: str | None = None
    regions: Words
    include_parent: bool
    own_numbers: bool
    daily_run: bool
    map_concurrency: Annotated[int, Field(ge=1)]
    threads_per_function: Annotated[int, Field(ge=1)]
    poll_seconds: Annotated[float, Field(gt=0)]
    review_timeout_days: Annotated[float, Field(gt=0)]
    lease_seconds: Annotated[float, Field(gt=0)]
    function_seconds: Annotated[float, Field(gt=0)]
    list_settle_seconds: Annotated[float, Field(ge=0)]

    def requests_each(self, subaccounts: int | None) -> int:
        """Say how many requests to Twilio each step may have under way.

        Those of a run share `map_concurrency` times `threads_per_function`, however few of them work at once.

        Args:
            subaccounts: How many subaccounts the run works on, 1 for a step that works alone; None if nobody knows.
        """
        at_work = self.map_concurrency if subaccounts is None else min(subaccounts, self.map_concurrency)
        return min(MOST_REQUESTS_EACH, self.map_concurrency * self.threads_per_function // at_work)


def load() -> Settings:
    """Read the environment.

    Raises:
        pydantic.ValidationError: A variable is missing or malformed: the template and this model are out of step.
    """
    return Settings.model_validate({name: value for name, value in os.environ.items() if value})
