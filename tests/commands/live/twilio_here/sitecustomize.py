"""With this folder in its PYTHONPATH a process finds Twilio's two hosts on this machine, and no other host anywhere."""

import os
import socket
from typing import Any

PORT_VARIABLE = "TWILIO_HERE_PORT"
HOSTS = ("api.twilio.com", "trusthub.twilio.com")
THIS_MACHINE = ("127.0.0.1", "localhost", None)

resolve = socket.getaddrinfo


def resolve_here(host: Any, port: Any, *options: Any, **more: Any) -> Any:
    if host in HOSTS:
        return resolve("127.0.0.1", int(os.environ[PORT_VARIABLE]), *options, **more)
    if host not in THIS_MACHINE:
        raise OSError(f"{host} is not to be reached from a test")
    return resolve(host, port, *options, **more)


if PORT_VARIABLE in os.environ:
    socket.getaddrinfo = resolve_here
