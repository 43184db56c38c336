"""Requests to the webhook as Twilio sends them: form-encoded and signed.

Source: https://www.twilio.com/docs/usage/webhooks/webhooks-security.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import requests

from onboarding.twilio import callback
from shaken_stir.deployed.stack import StackError
from simulator.addresses import THIS_MACHINE

_SECONDS: Final = 20


class UnansweredError(StackError):
    """The webhook did not answer; the message is one sentence for a person."""


def post(url: str, parameters: Mapping[str, str], auth_token: str) -> int:
    """Send a signed request.

    Args:
        url: Where to, with the query string that the signature covers, too.
        parameters: The form.
        auth_token: What it is signed with.

    Returns:
        The HTTP status of the answer.

    Raises:
        UnansweredError: There was no answer.
    """
    signature = callback.sign(url, parameters, auth_token)
    with requests.Session() as session:
        # A company's proxy does not know what listens on this machine.
        here = is_here(url)
        session.trust_env = not here
        try:
            return session.post(
                url,
                dict(parameters),
                headers={"X-Twilio-Signature": signature},
                timeout=_SECONDS,
                allow_redirects=False,
            ).status_code
        except (requests.RequestException, ValueError) as error:
            address, up = (
                url.partition("?")[0],
                "start it with `make serve`, or name another with --url" if here else "see that it is up",
            )
            raise UnansweredError(f"{address} does not answer ({type(error).__name__}): {up}.") from error


def is_here(url: str) -> bool:
    """Say whether an address is of this machine."""
    return urlsplit(url).hostname in {THIS_MACHINE, "localhost"}


def phrase(status: int) -> str:
    """Name an HTTP status, such as `204 No Content`."""
    known = {it.value: it.phrase for it in HTTPStatus}
    return f"{status} {known.get(status, '')}".rstrip()


class Target(NamedTuple):
    """Whom a callback goes to, and what about.

    Attributes:
        url: The webhook's address, without the query string that names the product.
        auth_token: What the callback is signed with.
        trust_product_sid: The Trust Product, `BU…`.
    """

    url: str
    auth_token: str
    trust_product_sid: str


def send_callback(target: Target, status: str) -> int:
    """Send a status callback: what has become of a Trust Product, such as `twilio-approved`.

    Returns:
        The HTTP status of the answer.

    Raises:
        UnansweredError: There was no answer.
    """
    form = {"BundleSid": target.trust_product_sid, "Status": status, "FailureReason": ""}
    return post(callback.url_for(target.url, target.trust_product_sid), form, target.auth_token)
