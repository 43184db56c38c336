"""What all tests share."""

import gc
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from shaken_stir.engine import surroundings


@pytest.fixture(scope="session", autouse=True)
def _models_are_read_once() -> Iterator[None]:
    """Let all tests share what is read of AWS's services: moto makes a new session for each."""
    with surroundings.models_read_once():
        yield


def pytest_configure() -> None:
    """Take Ctrl-C again where this is a shell's background job, which ignores it: the commands would do so, too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Have tests that share something expensive in one process, and all others wherever there is room."""
    if config.getvalue("dist") != "loadgroup":
        return None
    from tests.scheduling import Together  # noqa: PLC0415 - xdist is there if this is called

    return Together(config, log)


def pytest_collection_finish() -> None:
    """Leave what is imported by now out of garbage collections: there is much of it, and it stays."""
    gc.freeze()
