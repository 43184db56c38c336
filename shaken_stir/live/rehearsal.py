"""A rehearsal: a simulated Twilio answers in Twilio's place, and nothing at Twilio is read or changed."""

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import requests

from onboarding.settings import CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS
from onboarding.twilio.http import unresolved

EXAMPLE: Final = "http://127.0.0.1:8010"
"""Where `shaken-stir twilio` and `make serve` listen unless told otherwise."""


class RehearsalError(ValueError):
    """Nothing can be rehearsed there; the text is one sentence."""


def address(text: str) -> str:
    """Check where requests are to go instead of to Twilio, since they carry the Auth Token.

    Args:
        text: A URL, as it was typed.

    Returns:
        The URL without anything behind its host and port.

    Raises:
        RehearsalError: It is no such URL, or the token would be sent in clear to another machine.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise RehearsalError(f"--twilio {text} is no URL ({error}); say one such as {EXAMPLE}.") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise RehearsalError(f"--twilio {text} is no http or https URL; say one such as {EXAMPLE}.")
    if host.rstrip(".") == "twilio.com" or host.rstrip(".").endswith(".twilio.com"):
        raise RehearsalError(
            f"{host} is Twilio itself, where a rehearsal would change your account; leave out --twilio, or name what "
            f"answers in Twilio's place, such as {EXAMPLE}."
        )
    if "@" in parts.netloc:
        raise RehearsalError(
            "--twilio takes no credentials in the URL; they come from TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN."
        )
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise RehearsalError(f"--twilio {text} has something behind the host; leave that out, as in {EXAMPLE}.")
    if parts.scheme == "http" and not is_this_machine(host):
        raise RehearsalError(
            f"The Auth Token would be sent in clear to {host}; name an address of this machine, such as {EXAMPLE}, "
            "or one with https."
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{'' if port is None else f':{port}'}"


def is_this_machine(host: str) -> bool:
    """Say whether a host is this machine and cannot be another one: 127.0.0.0/8, ::1, or localhost."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def folder(url: str) -> str:
    """Name the folder of an address's state files, so that two rehearsals do not mix: `127.0.0.1_8010`."""
    return re.sub(r"[^\w.-]", "_", urlsplit(url).netloc)


def note(url: str) -> str:
    """Say where everything that is shown comes from."""
    return f"Rehearsal: {url} answers in Twilio's place; nothing at Twilio is read or changed."


def see_that_it_answers(url: str) -> None:
    """Ask without credentials whether something answers there.

    Raises:
        RehearsalError: Nothing does.
    """
    with requests.Session() as session:
        # As the product's own client: no proxy between this machine and itself.
        session.trust_env = url.startswith("https://")
        try:
            session.get(
                f"{url}/", timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS), allow_redirects=False, stream=True
            ).close()
        except requests.RequestException as error:
            if unresolved(error):
                raise RehearsalError(
                    f"{urlsplit(url).hostname} was not found in DNS; correct --twilio, or see that this machine has a "
                    "network and a resolver."
                ) from None
            raise RehearsalError(
                f"Nothing answers at {url} ({type(error).__name__}); start `shaken-stir twilio` or `make serve` in "
                "another terminal, or correct --twilio."
            ) from None
