"""Twilio's identifiers: two letters that tell the kind, and 32 hexadecimal digits."""

import re
import uuid
from typing import Annotated

from pydantic import StringConstraints

AccountSid = Annotated[str, StringConstraints(pattern=r"^AC[0-9a-f]{32}$")]
BundleSid = Annotated[str, StringConstraints(pattern=r"^BU[0-9a-f]{32}$")]
PhoneNumberSid = Annotated[str, StringConstraints(pattern=r"^PN[0-9a-f]{32}$")]
PolicySid = Annotated[str, StringConstraints(pattern=r"^RN[0-9a-f]{32}$")]

_SID = re.compile(r"[A-Za-z]{2}[0-9a-fA-F]{32}")


def new_sid(prefix: str) -> str:
    """A SID that nothing else has."""
    return prefix + uuid.uuid4().hex


def numbered_sid(prefix: str, number: int) -> str:
    """The same SID for the same number, for fleets that must come out the same every time."""
    return f"{prefix}{number:032x}"


def is_sid(text: str) -> bool:
    """Whether the text has the form of a SID of any kind."""
    return _SID.fullmatch(text) is not None


def without_sids(path: str) -> str:
    """The path with ``{Sid}`` in the place of every SID, as one names a route."""
    return _SID.sub("{Sid}", path)
