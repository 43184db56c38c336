"""Where servers on this machine listen, by which names they are reached, and whom they refuse."""

from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

THIS_MACHINE: Final = "127.0.0.1"
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - only who asks for it listens there
HOST_OF_CONTAINERS: Final = "host.docker.internal"
"""The name by which containers know the machine that they run on."""


class Address(NamedTuple):
    """Where a server listens; port 0 is any that is free."""

    host: str = THIS_MACHINE
    port: int = 0


ANY_PORT: Final = Address()


def reached_at(host: str) -> str:
    """Return where this machine reaches what listens on a host."""
    return THIS_MACHINE if host == EVERYWHERE else host


def refusal(host: str, host_header: str | None, origin: str | None) -> str | None:
    """Return why a request is refused, in one sentence; None if it is not.

    A web page that a browser shows may send requests to this machine: they have an `Origin`. A page may also have its
    own name lead here (DNS rebinding): then the `Host` is that name.

    Args:
        host: The address that the server listens on.
        host_header: The request's `Host`.
        origin: The request's `Origin`.
    """
    if origin is not None:
        return "Refused: the request has an Origin, so a web page sent it; this server is for programs on this machine."
    if host_header is None or not _is_ours(host, host_header):
        return (
            f"Refused: the request's Host is not this server's; use {reached_at(host)}, or start the server with "
            "--host and the address that you use."
        )
    return None


def _is_ours(host: str, host_header: str) -> bool:
    try:
        name = urlsplit(f"//{host_header}").hostname or ""
    except ValueError:
        return False
    if name in {THIS_MACHINE, "localhost", "::1", host.lower()}:
        return True
    # Docker Desktop lets containers reach even what listens on the loopback address alone.
    return name == HOST_OF_CONTAINERS or (host == EVERYWHERE and _is_ip(name))


def _is_ip(name: str) -> bool:
    """Return whether a name is an IP address, which no web page can have lead elsewhere."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
