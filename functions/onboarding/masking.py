"""Keeps phone numbers and secrets out of logs, traces and causes: of a number, the last four digits are left.

A secret is a token that this process has learned, 32 hexadecimal digits behind `auth_token`, or what follows `Basic` in
an Authorization header. It becomes `…`. A phone number is recognised by how it is written:

- with a plus sign, also as `%2B`, and at least seven digits: `+14155550123`, `+44 20 7946 0123`, `%2B1-415-555-0123`;
- as ten digits of which the first is not 1, or as eleven, with nothing of a longer word or number around them:
  `4155550123`, `14155550123`;
- in the groups of a US number: `(415) 555-0123`, `1-415-555-0123`.

So SIDs (32 hexadecimal digits), AWS account IDs (12 digits), Twilio's codes, and times, which have ten digits from 1 on
in seconds and thirteen in milliseconds, stay as they are. A foreign number of twelve digits without its plus sign is
not recognised: nothing tells it from an account ID.
"""

import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from pydantic import ValidationError

from onboarding.process import forgotten_by
from onboarding.validation import describe

PLUS = r"(?:[+\uff0b]|%2B|\\u002b)"
GAP = r"(?:[ \u00a0.+/()\u2010-\u2015-]|%2[089BD])"
AREA = rf"(?:(?:\(|%28)\d{{3}}(?:\)|%29){GAP}?|\d{{3}}{GAP})"
# A hexadecimal digit before or after is of the same word, unless it belongs to a character such as `%22`.
BEGIN = r"(?:(?<![0-9A-F])|(?<=%[0-9A-F][0-9A-F]))(?<!\d\.)"
END = r"(?![0-9A-F])(?!\.\d)"
PHONE_NUMBER = re.compile(
    "|".join(
        [
            # A US number ends after its last digit, whatever digits follow; of others the length is not known.
            rf"{PLUS}{GAP}{{0,2}}1(?:{GAP}{{0,2}}\d){{10}}(?!\d)",
            rf"{PLUS}{GAP}{{0,2}}[1-9](?:{GAP}{{0,2}}\d){{6,14}}(?!\d)",
            rf"{PLUS}\d{{7,}}",
            rf"{BEGIN}(?:[02-9]\d{{9}}|\d{{11}}){END}",
            rf"{BEGIN}(?:1{GAP}{{1,2}})?{AREA}\d{{3}}{GAP}\d{{4}}{END}",
            rf"{BEGIN}\(\d{{3}}\){GAP}?\d{{7}}{END}",
        ]
    ),
    re.IGNORECASE,
)


AUTH_TOKEN = re.compile(r"(auth[ _-]?token.{1,12}?)[0-9a-f]{32}(?![0-9a-f])", re.IGNORECASE | re.DOTALL)
BASIC = re.compile(r"(\bBasic\s+)[A-Za-z0-9+/]{16,}=*")
SHORTEST_SECRET = 16
"""A shorter value is not hidden: it would be a word of many sentences."""
_secrets: set[str] = set()
forgotten_by(_secrets.clear)


def learn_secrets(*secrets: str) -> None:
    """Hide these values from now on in everything that is masked."""
    _secrets.update(secret for secret in secrets if len(secret) >= SHORTEST_SECRET)


def mask(text: str) -> str:
    """Replace each phone number in a text by `+…0123`, and each secret by `…`."""
    for secret in _secrets:
        if secret in text:
            # Not within a longer word: a SID may hold the same digits.
            text = re.sub(rf"(?<![0-9A-Za-z]){re.escape(secret)}(?![0-9A-Za-z])", "…", text)
    text = BASIC.sub(r"\1…", AUTH_TOKEN.sub(r"\1…", text))
    return PHONE_NUMBER.sub(lambda number: f"+…{re.sub(r'%[0-9A-Fa-f]{2}|\D', '', number[0])[-4:]}", text)


def mask_all(data: Any) -> Any:
    """Mask the texts in data that is to become JSON; what JSON does not know becomes a text."""
    match data:
        case None | bool() | int() | float():
            return data
        case Mapping():
            return {mask(str(key)): mask_all(value) for key, value in data.items()}
        case list() | tuple() | set() | frozenset():
            return [mask_all(value) for value in data]
        case _:
            return mask(str(data))


def masked(error: Exception) -> Exception:
    """Make an error of the same class name that tells of no phone number, and refers to no other error.

    Lambda's runtime writes the class name, text and traceback of what a handler raises to CloudWatch Logs and X-Ray;
    Step Functions matches the class name, and keeps the text as the cause. What pydantic found is told without the
    data, of which it would cut out pieces: half a phone number cannot be recognised.
    """
    said = f"{error.title}: {describe(error)}" if isinstance(error, ValidationError) else str(error)
    # Not of the error's own class: many make their text of other data than a text.
    same_name: type[Exception] = type(type(error).__name__, (Exception,), {})
    return same_name(mask(said)).with_traceback(error.__traceback__)


def raises_masked[**Given, Result](function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Let a function raise nothing but masked errors."""

    @wraps(function)
    def masking(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        try:
            return function(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - whatever it is, it may tell of a phone number
            failure = masked(error)
        # Raised after the handling of the error, which would otherwise hang on it as its context.
        raise failure

    return masking
