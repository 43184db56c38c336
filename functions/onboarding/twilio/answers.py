"""Models of Twilio's resources: what an answer must have, and how everything else is read whatever its shape.

A model requires only what a decision rests on: SIDs of the right kind, statuses, policies. Each other field may be
missing, null or of another type: it is then read as empty, and never fails.
Sources: https://www.twilio.com/docs/trust-hub/trusthub-rest-api, https://github.com/twilio/twilio-oai.
"""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

from onboarding.models import (
    AccountSid,
    BundleSid,
    ChannelEndpointAssignmentSid,
    EntityAssignmentSid,
    EvaluationSid,
    PhoneNumberSid,
)

_logger = logging.getLogger(__name__)

LONGEST_TEXT = 1000
LONGEST_CODE = 9
VOICE = "voice"


def text(said: object) -> str:
    """Return a text as it can be printed and stored: valid Unicode, trimmed, of bounded length; "" if it is not one."""
    if not isinstance(said, str):
        return ""
    return said.encode("utf-8", "replace").decode().strip()[:LONGEST_TEXT]


def error_code(said: object) -> int | None:
    """Read an error code, which may be a text; None if it is not one."""
    if isinstance(said, str) and said.isascii() and said.isdecimal() and len(said) <= LONGEST_CODE:
        said = int(said)
    if isinstance(said, int) and not isinstance(said, bool) and 0 < said < 10**LONGEST_CODE:
        return said
    return None


def _listed(said: object) -> list[Any]:
    """Return a list as it is, anything else as a list of one, null as an empty list."""
    if said is None:
        return []
    return said if isinstance(said, list) else [said]


def _objects(said: object) -> list[dict[str, Any]]:
    return [it for it in _listed(said) if isinstance(it, dict)]


def _is_true(said: object) -> bool:
    return said is True or text(said).lower() == "true"


def _first_text(said: dict[str, Any], *names: str) -> str:
    return next(filter(None, (text(said.get(name)) for name in names)), "")


def _moment(said: object) -> datetime | None:
    if said is None:
        return None
    try:
        moment = datetime.fromisoformat(text(said))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        _logger.warning("Twilio gives a time that cannot be read; it is left out: %s", text(said))
        return None


def _has_voice(capabilities: object) -> bool:
    if isinstance(capabilities, dict):
        return _is_true(capabilities.get(VOICE))
    return VOICE in {text(it).lower() for it in _listed(capabilities)}


Text = Annotated[str, BeforeValidator(text)]
Moment = Annotated[datetime | None, BeforeValidator(_moment)]
Items = Annotated[list[Any], BeforeValidator(_listed)]
Voice = Annotated[bool, BeforeValidator(_has_voice)]
Status = Annotated[str, BeforeValidator(text), StringConstraints(min_length=1)]
PolicySid = Annotated[str, StringConstraints(pattern=r"^RN[0-9a-fA-F]{32}$")]
AnySid = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[0-9a-fA-F]{32}$")]


class Resource(BaseModel):
    """What all of Twilio's resources have in common; fields without a default are required."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class BundleAnswer(Resource):
    """A CustomerProfile or a TrustProduct."""

    sid: BundleSid
    status: Status
    policy_sid: PolicySid
    friendly_name: Text = ""
    valid_until: Moment = None
    date_created: Moment = None
    errors: Items = []

    @property
    def codes(self) -> tuple[int, ...]:
        """The codes in `errors`, which may be numbers, texts or objects."""
        codes = (error_code(said) for said, _ in self._errors())
        return tuple(dict.fromkeys(code for code in codes if code))

    @property
    def reasons(self) -> tuple[str, ...]:
        """The words in `errors`, of those that have any."""
        return tuple(dict.fromkeys(words for _, words in self._errors() if words))

    def _errors(self) -> Iterator[tuple[object, str]]:
        """Give each error's code, or what is in its place, and its words."""
        for error in self.errors:
            if isinstance(error, dict):
                named = error.get("code") or error.get("error_code")
                words = _first_text(error, "description", "detail", "message", "failure_reason")
                if not error_code(named):
                    words = ": ".join(filter(None, (text(named), words)))
                yield named, words
            else:
                yield error, "" if error_code(error) else text(error)


class EntityAnswer(Resource):
    """An EntityAssignment."""

    sid: EntityAssignmentSid
    object_sid: AnySid


class EndUserAnswer(Resource):
    """An EndUser."""

    type: Text = ""
    attributes: Any = None

    @property
    def business_identity(self) -> str | None:
        """The `business_identity` of its attributes, None if they do not say."""
        said = self.attributes.get("business_identity") if isinstance(self.attributes, dict) else None
        return text(said) or None


class AssignmentAnswer(Resource):
    """A ChannelEndpointAssignment; its endpoint need not be a phone number."""

    sid: ChannelEndpointAssignmentSid
    channel_endpoint_sid: AnySid
    date_created: Moment = None

    @property
    def is_phone_number(self) -> bool:
        """Whether a phone number is assigned."""
        return self.channel_endpoint_sid.startswith("PN")


class EvaluationAnswer(Resource):
    """An Evaluation."""

    sid: EvaluationSid
    status: Text = ""
    results: Items = []
    date_created: Moment = None

    @property
    def failures(self) -> tuple[str, ...]:
        """What does not pass, each with its reason; empty if the evaluation is compliant."""
        if self.status == "compliant":
            return ()
        found = [failure for result in _objects(self.results) for failure in _failures(result)]
        return tuple(dict.fromkeys(found)) or (f"its status is {self.status or 'missing'}",)


def _failures(result: dict[str, Any]) -> list[str]:
    """Name what a requirement does not meet: itself with its reason, else its fields that do not pass."""
    if _is_true(result.get("passed")):
        return []
    parts = [*_objects(result.get("invalid")), *_objects(result.get("fields"))]
    failed = [] if text(result.get("failure_reason")) else [it for it in parts if not _is_true(it.get("passed"))]
    return [_failure(it) for it in failed or [result]]


def _failure(part: dict[str, Any]) -> str:
    name = _first_text(part, "friendly_name", "object_field", "requirement_friendly_name", "requirement_name")
    code = error_code(part.get("error_code"))
    reason = text(part.get("failure_reason")) or (f"error code {code}" if code else "it does not pass")
    return f"{name or 'a requirement'}: {reason}"


class AccountAnswer(Resource):
    """An Account."""

    sid: AccountSid
    status: Status
    friendly_name: Text = ""
    owner_account_sid: Text = ""


class PhoneNumberAnswer(Resource):
    """An IncomingPhoneNumber."""

    sid: PhoneNumberSid
    phone_number: Text = ""
    capabilities: Voice = False
