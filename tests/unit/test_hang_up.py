"""A terminal that is closed stops a command as Ctrl-C does."""

import errno
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from shaken_stir.cli.main import hang_up_is_ctrl_c
from shaken_stir.cli.output import OutputLostError


@pytest.fixture(autouse=True)
def _not_under_nohup() -> Iterator[None]:
    """The tests themselves may run under nohup, which ignores the signal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def test_a_hang_up_stops_as_ctrl_c_does() -> None:
    with hang_up_is_ctrl_c() as hung_up:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGHUP)

        assert hung_up.is_set()
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL


def test_an_output_that_is_lost_in_a_thread_stops_the_command() -> None:
    def draw() -> None:
        raise OutputLostError(OSError(errno.EIO, "Input/output error"))

    def wait() -> None:
        threading.Thread(target=draw).start()
        time.sleep(60)

    with hang_up_is_ctrl_c() as hung_up:
        with pytest.raises(KeyboardInterrupt):
            wait()

        assert hung_up.is_set()


def test_under_nohup_a_closed_terminal_stops_nothing() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with hang_up_is_ctrl_c() as hung_up:
            signal.raise_signal(signal.SIGHUP)

            assert not hung_up.is_set()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
