"""The URL that Twilio is given for its status callbacks, and how a request to it is known to be Twilio's.

The URL names the Trust Product in its query string, which the signature covers: so the product is known for sure,
whatever the body holds.
Source: https://www.twilio.com/docs/usage/webhooks/webhooks-security.
"""

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from twilio.request_validator import RequestValidator

PRODUCT = "trust_product_sid"


class Form(dict[str, list[str]]):
    """Form parameters with all values of each: Twilio signs every one."""

    def getlist(self, name: str) -> list[str]:
        """Give a parameter's values, as the validator asks for them."""
        return self[name]

    @property
    def last(self) -> dict[str, str]:
        """Each parameter with its last value; DynamoDB, where they go, takes none without a name."""
        return {name: values[-1] for name, values in self.items() if name}


def read_form(body: bytes) -> Form:
    """Read the parameters of a form as it was sent, blank ones, too."""
    return Form(parse_qs(body.decode(errors="replace"), keep_blank_values=True))


def url_for(webhook: str, trust_product_sid: str) -> str:
    """Make the URL for the callbacks on a Trust Product (`BU…`).

    Args:
        webhook: The webhook's own address, without a query string.
        trust_product_sid: `BU…`.
    """
    return f"{webhook}?{urlencode({PRODUCT: trust_product_sid})}"


def product_of(url: str) -> str | None:
    """Read which Trust Product a URL names; what it names need not be a SID."""
    return dict(parse_qsl(urlsplit(url).query)).get(PRODUCT)


def sign(url: str, parameters: Mapping[str, str], auth_token: str) -> str:
    """Sign a request to a URL with these form parameters, as Twilio does; returns the header `X-Twilio-Signature`."""
    return str(RequestValidator(auth_token).compute_signature(url, dict(parameters)))


def is_signed(url: str, form: Form, signature: str | None, auth_tokens: Iterable[str]) -> bool:
    """Say whether Twilio signed the request with one of the Auth Tokens."""
    if not signature:
        return False
    return any(RequestValidator(token).validate(url, form, signature) for token in auth_tokens)
