"""The address by which containers reach this machine."""

import json
import socket
import subprocess
from ipaddress import ip_network
from typing import Final

from simulator.addresses import THIS_MACHINE

INSPECT: Final = ("docker", "network", "inspect", "bridge")
PATIENCE: Final = 10.0


class DockerError(OSError):
    """Docker does not tell the address; the message is one sentence for a person."""


def address_for_containers() -> str:
    """Ask Docker for the address of its bridge on this machine.

    Returns:
        That address, or the loopback address where the bridge is not on this machine: Docker Desktop hands on to that.

    Raises:
        DockerError: Docker does not answer, or has no bridge.
    """
    try:
        done = subprocess.run(INSPECT, capture_output=True, text=True, timeout=PATIENCE, check=True)  # noqa: S603 - no input
        [network] = json.loads(done.stdout)
        configured = network["IPAM"]["Config"][0]
        # Without a gateway of its own, the bridge has the first address of its subnet.
        gateway = str(configured.get("Gateway") or next(ip_network(configured["Subnet"]).hosts()))
    except (OSError, subprocess.SubprocessError, ValueError, LookupError, TypeError, AttributeError):
        raise DockerError(
            "Docker did not tell the address of its bridge (docker network inspect bridge); start Docker, or name the "
            "address with --host."
        ) from None
    with socket.socket() as tried:
        try:
            tried.bind((gateway, 0))
        except OSError:
            return THIS_MACHINE
    return gateway
