"""Unit tests open no socket."""

import pytest
from hypothesis import settings
from pytest_socket import disable_socket

# The same examples everywhere, however slow the machine is.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def _no_sockets() -> None:
    disable_socket(allow_unix_socket=True)
