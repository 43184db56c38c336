"""Where servers on this machine listen, and where they are reached."""

from typing import Final, NamedTuple

THIS_MACHINE: Final = "127.0.0.1"
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - only who asks for it listens there


class Address(NamedTuple):
    """Where a server listens; port 0 is any that is free."""

    host: str = THIS_MACHINE
    port: int = 0


ANY_PORT: Final = Address()


def reached_at(host: str) -> str:
    """Return where this machine reaches what listens on a host."""
    return THIS_MACHINE if host == EVERYWHERE else host
