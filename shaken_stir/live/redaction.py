"""What of an exchange with Twilio may be shown to others: what is listed here, and of all else only its form.

So a field that Twilio adds one day tells nothing. The same value gets the same stand-in throughout, numbered in the
order of appearance: who reads a transcript sees that two fields hold the same account, but not which.

- SIDs become others of their kind (`AC…` stays an account's); those of policies are Twilio's own and stay.
- Of phone numbers the last two digits stay.
- Of Twilio's sentences the words stay, but for what is quoted in them, what other fields hold, SIDs, numbers, e-mail
  and web addresses.
- E-mail addresses, web addresses and other texts become `redacted0001@example.com`, `https://redacted.example/0001` and
  `redacted 0001`. Of Twilio's own web addresses the path stays.
"""

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from onboarding import masking

API, TRUST_HUB = "https://api.twilio.com", "https://trusthub.twilio.com"

CONTAINERS: Final = {
    "accounts",
    "capabilities",
    "errors",
    "incoming_phone_numbers",
    "invalid",
    "links",
    "meta",
    "results",
    "subresource_uris",
    "valid",
}
"""The objects and lists in an answer that are known; in any other only the form is told."""
WORDS: Final = {
    "address_requirements",
    "channel_endpoint_type",
    "emergency_address_status",
    "emergency_status",
    "key",
    "object_field",
    "object_type",
    "origin",
    "requirement_name",
    "sms_fallback_method",
    "sms_method",
    "status",
    "status_callback_method",
    "type",
    "voice_fallback_method",
    "voice_method",
    "voice_receive_mode",
}
NUMBERS: Final = {"code", "end", "error_code", "page", "page_size", "start", "status"}
TIMES: Final = {"api_version", "date_created", "date_updated", "valid_until"}
ADDRESSES: Final = {
    "first_page_uri",
    "first_page_url",
    "next_page_uri",
    "next_page_url",
    "previous_page_uri",
    "previous_page_url",
    "uri",
    "url",
}
SENTENCES: Final = {"failure_reason", "message"}
OF_REQUIREMENTS: Final = {"friendly_name", "requirement_friendly_name"}
"""What an evaluation calls what it asks for: Twilio's words, where elsewhere `friendly_name` is the customer's."""
EVALUATED: Final = "object_type", "object_field"
"""What tells an evaluation's result, and a field in it."""
PARAMETERS_OF_WORDS: Final = {"ChannelEndpointType", "Status"}
PARAMETERS_OF_NUMBERS: Final = {"Page", "PageSize"}
PARAMETERS: Final = (
    PARAMETERS_OF_WORDS
    | PARAMETERS_OF_NUMBERS
    | {
        "ChannelEndpointSid",
        "Email",
        "FriendlyName",
        "ObjectSid",
        "PageToken",
        "PolicySid",
        "StatusCallback",
    }
)
"""What a sentence may quote: the names of parameters."""
WORD: Final = re.compile(r"[A-Za-z][A-Za-z_-]{0,63}")
KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
PARAMETER: Final = re.compile(r"[A-Z][A-Za-z]{0,63}")
SHORT_NUMBER: Final = re.compile(r"\d{1,6}")
LARGEST_NUMBER: Final = 10**6
TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d))?"
    r"|[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d ([+-]\d{4}|GMT)"
)
SEGMENT: Final = re.compile(r"|v1|2010-04-01|[A-Z][A-Za-z]{0,39}(\.json)?")
OF_TWILIO: Final = "/v1/", "/2010-04-01/"
HEADERS: Final = {
    "Content-Type": re.compile(r"application/json|text/(html|plain)"),
    "Retry-After": re.compile(rf"\d{{1,6}}|{TIME.pattern}"),
    "Twilio-Concurrent-Requests": SHORT_NUMBER,
}
EXPLANATION: Final = re.compile(r"https://www\.twilio\.com/docs/errors/\d{1,6}")
SID: Final = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")
POLICY: Final = "RN"
EMAIL: Final = re.compile(r"[^\s<>\"'(),;:/]+@[^\s<>\"'(),;:/]+")
LEAST_CHARACTERS: Final = 3
"""A shorter text may be part of any word, so it is not looked for in sentences."""
IN_SENTENCES: Final = re.compile(
    rf"(?P<sid>{SID.pattern})"
    r"|(?P<quote>(?<!\w)'(?P<single>[^']+)'(?!\w)|[\"“](?P<double>[^\"”]+)[\"”])"
    r"|(?P<url>https?://[^\s'\"<>]+)"
    rf"|(?P<email>{EMAIL.pattern})"
    rf"|(?P<phone>(?i:{masking.PHONE_NUMBER.pattern}))"
    r"|(?P<long>\b(?=\w*\d)\w{16,}|\d{6,})"
)


class Redaction:
    """The stand-ins of one transcript; may be used by many threads at once.

    Args:
        twilio: What answers in Twilio's place, None for Twilio itself: its own addresses are told as Twilio's.
    """

    def __init__(self, twilio: str | None = None) -> None:
        self._origins = tuple(f"{it}/" for it in (API, TRUST_HUB, twilio) if it)
        self._sids: dict[str, str] = {}
        self._of_kind: Counter[str] = Counter()
        self._texts: dict[str, int] = {}
        self._lock = threading.RLock()

    def address(self, url: str) -> str:
        """Redact the address of a request or a resource of Twilio's, of which the path may stay."""
        with self._lock:
            parts = urlsplit(url)
            host = API if parts.path.startswith("/2010-04-01") else TRUST_HUB
            path = "/".join(map(self._segment, parts.path.split("/")))
            asked = self.parameters(dict(parse_qsl(parts.query, keep_blank_values=True)))
            told = f"{path}?{urlencode(asked)}" if asked else path
            return f"{host}{told}" if parts.netloc else told

    def parameters(self, sent: Mapping[str, str]) -> dict[str, str]:
        """Redact a query or a form."""
        with self._lock:
            return {
                name if PARAMETER.fullmatch(name) else self._stand_in(name): self._parameter(name, value)
                for name, value in sent.items()
            }

    def headers(self, answered: Mapping[str, str]) -> dict[str, str]:
        """Pick the headers that are listed."""
        found = {name: answered.get(name, "").partition(";")[0] for name in HEADERS}
        return {name: value for name, value in found.items() if HEADERS[name].fullmatch(value)}

    def body(self, content: bytes) -> dict[str, Any]:
        """Redact an answer's body; of one that is no JSON only the length is told."""
        try:
            read = json.loads(content) if content else None
        except (ValueError, RecursionError):
            return {"body": None, "no_json": len(content)}
        with self._lock:
            return {"body": self._value("results", read, known=True)}

    def _value(self, key: str, value: Any, *, known: bool, evaluated: bool = False) -> Any:
        match value:
            case None | bool():
                return value
            case int() | float():
                return value if known and key in NUMBERS and abs(value) < LARGEST_NUMBER else 0
            case list():
                return [self._value(key, item, known=known) for item in value]
            case dict():
                inside = known and key in CONTAINERS
                linked = inside and key in {"links", "subresource_uris"}
                of_evaluation = any(name in value for name in EVALUATED)
                return {
                    self._key(name): self._value(
                        "url" if linked else name, inner, known=inside, evaluated=of_evaluation
                    )
                    for name, inner in value.items()
                }
            case _:
                return self._listed(key, value, evaluated=evaluated) if known else self._stand_in(value)

    def _listed(self, key: str, text: str, *, evaluated: bool) -> str:
        if key in ADDRESSES and text.startswith((*OF_TWILIO, *self._origins)):
            return self.address(text)
        if key in SENTENCES or (evaluated and key in OF_REQUIREMENTS):
            return self._sentence(text)
        stays = (
            (key in WORDS and WORD.fullmatch(text))
            or (key in NUMBERS and SHORT_NUMBER.fullmatch(text))
            or (key in TIMES and TIME.fullmatch(text))
            or (key == "more_info" and EXPLANATION.fullmatch(text))
        )
        return text if stays else self._stand_in(text)

    def _parameter(self, name: str, value: str) -> str:
        if name in PARAMETERS_OF_WORDS and WORD.fullmatch(value):
            return value
        if name in PARAMETERS_OF_NUMBERS and SHORT_NUMBER.fullmatch(value):
            return value
        if name.endswith("Sids"):
            return ",".join(map(self._stand_in, value.split(",")))
        return self._stand_in(value)

    def _segment(self, segment: str) -> str:
        stem = segment.removesuffix(".json")
        if SID.fullmatch(stem):
            return self._sid(stem) + segment[len(stem) :]
        return segment if SEGMENT.fullmatch(segment) else quote(self._stand_in(segment))

    def _key(self, key: str) -> str:
        return key if KEY.fullmatch(key) else self._stand_in(key)

    def _sid(self, sid: str) -> str:
        kind = sid[:2]
        if kind == POLICY:
            return sid
        if sid not in self._sids:
            self._of_kind[kind] += 1
            self._sids[sid] = f"{kind}{self._of_kind[kind]:032}"
        return self._sids[sid]

    def _stand_in(self, text: str) -> str:
        if not text:
            return ""
        if SID.fullmatch(text):
            return self._sid(text)
        if masking.PHONE_NUMBER.fullmatch(text):
            return _last_two_digits(text)
        number = self._texts.setdefault(text, len(self._texts) + 1)
        if EMAIL.fullmatch(text):
            return f"redacted{number:04}@example.com"
        return f"https://redacted.example/{number:04}" if "://" in text else f"redacted {number:04}"

    def _sentence(self, text: str) -> str:
        """Keep Twilio's words, without what is of the customer."""
        told = IN_SENTENCES.sub(self._in_sentence, text)
        for known in sorted(self._texts, key=len, reverse=True):
            if len(known) >= LEAST_CHARACTERS and known.casefold() in told.casefold():
                told = re.sub(rf"(?<!\w){re.escape(known)}(?!\w)", self._same(known), told, flags=re.IGNORECASE)
        return told

    def _same(self, known: str) -> Callable[[re.Match[str]], str]:
        return lambda _: self._stand_in(known)

    def _in_sentence(self, found: re.Match[str]) -> str:
        quoted = found["single"] or found["double"]
        if quoted is None:
            return found[0] if EXPLANATION.fullmatch(found[0]) else self._stand_in(found[0])
        told = quoted if quoted in PARAMETERS else self._stand_in(quoted)
        return f"{found[0][0]}{told}{found[0][-1]}"


def _last_two_digits(number: str) -> str:
    return re.sub(r"\d(?=(?:\D*\d){2})", "0", number)
