"""The words that every room shares: SIDs, and what the models of step events have in common.

SIDs are Twilio's: two letters and 32 hexadecimal digits.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


def _sid(prefix: str) -> StringConstraints:
    return StringConstraints(pattern=rf"^{prefix}[0-9a-fA-F]{{32}}$")


AccountSid = Annotated[str, _sid("AC")]
BundleSid = Annotated[str, _sid("BU")]
"""A Business Profile (CustomerProfile) or a Trust Product."""
PhoneNumberSid = Annotated[str, _sid("PN")]
ChannelEndpointAssignmentSid = Annotated[str, _sid("RA")]
EntityAssignmentSid = Annotated[str, _sid("BV")]
EvaluationSid = Annotated[str, _sid("EL")]
Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""A libphonenumber region, such as US."""
PageQuery = Annotated[str, StringConstraints(pattern=r'^[!"$-~]{1,2000}$')]
"""The query of a page's address in one of Twilio's lists, such as `Page=1&PageToken=PA…`."""


class Model(BaseModel):
    """A model that refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StepEvent(Model):
    """What every step is told: the execution that it works for, by name."""

    execution: str


class SubaccountEvent(StepEvent):
    """What a step of the Map is told that asks Twilio: the subaccount, and how many of them the run works on.

    The second says which share of the run's requests it has; an older definition does not tell it.
    """

    subaccount_sid: AccountSid
    subaccounts: Annotated[int, Field(gt=0)] | None = None


class StoredList(Model):
    """Where a list of the run's lies in S3: its subaccounts, or the phone numbers that are assigned at Twilio."""

    bucket: str
    key: str
    count: int
