"""`shaken-stir status --watch`: the status again after each change, and nothing in between."""

import io
import sys
from collections.abc import Callable, Iterator

import pytest

from shaken_stir.cli import status_watch
from shaken_stir.cli.main import execute
from shaken_stir.deployed.stack import StackError
from shaken_stir.engine.server import AwsServer
from shaken_stir.simulated.place import SimulatedPlace
from shaken_stir.status.source import Source
from simulator.addresses import Address
from simulator.fleet import Fleet
from tests.commands.ctrl_c import process_ends_after
from tests.commands.schemas import parsed
from tests.world import NAMED, a_fleet, account, subaccount


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[SimulatedPlace, str]]:
    fleet = Fleet.model_validate(a_fleet(subaccounts=[subaccount(1, 1)]))
    with SimulatedPlace(fleet, 0.01) as local, AwsServer(Address()) as aws:
        local.run(NAMED)
        yield local, aws.url


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def watched(
    monkeypatch: pytest.MonkeyPatch, url: str, *options: str, meanwhile: list[Callable[[], object]], out: io.StringIO
) -> int:
    """Watch; between two readings the next thing happens, and after the last one Ctrl-C is pressed."""
    happening = iter(meanwhile)

    def sleep(_: float) -> None:
        happens = next(happening, None)
        if happens is None:
            raise KeyboardInterrupt
        happens()

    with monkeypatch.context() as patched, process_ends_after():
        patched.setattr(status_watch, "sleep", sleep)
        patched.setattr(sys, "stdout", out)
        return execute(["status", "--served", url, "--watch", *options])


def nothing() -> None:
    """Nothing happens."""


def test_in_a_pipe_it_is_printed_again_only_when_it_has_changed(
    served: tuple[SimulatedPlace, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    local, url = served
    out = io.StringIO()

    def buy() -> None:
        local.simulator.controls.buy(account(1))
        local.run(NAMED)

    code = watched(monkeypatch, url, meanwhile=[nothing, nothing, buy, nothing], out=out)

    assert code == 130
    headlines = [line for line in out.getvalue().splitlines() if line.endswith("signed.")]
    assert len(headlines) == 2
    assert headlines[0] != headlines[1]
    assert status_watch.CLEAR not in out.getvalue()


def test_a_terminal_is_cleared_before_each(served: tuple[SimulatedPlace, str], monkeypatch: pytest.MonkeyPatch) -> None:
    out = Terminal()

    assert watched(monkeypatch, served[1], meanwhile=[nothing], out=out) == 130

    assert out.getvalue().startswith(status_watch.CLEAR)
    assert out.getvalue().count(status_watch.CLEAR) == 1


def test_json_is_one_object_for_each_change(
    served: tuple[SimulatedPlace, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()

    watched(monkeypatch, served[1], "--json", meanwhile=[nothing], out=out)

    [line] = out.getvalue().splitlines()
    assert parsed(line, "status")["fleet"]["subaccounts"]


def test_an_outage_is_said_once_and_the_status_comes_back(
    served: tuple[SimulatedPlace, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, failing, read = io.StringIO(), False, Source.read

    def read_or_fail(source: Source, do: Callable[..., object]) -> object:
        def fail(_: object) -> object:
            raise StackError("AWS cannot be reached.")

        return read(source, fail if failing else do)

    def fail() -> None:
        nonlocal failing
        failing = True

    def recover() -> None:
        nonlocal failing
        failing = False

    monkeypatch.setattr(Source, "read", read_or_fail)

    watched(monkeypatch, served[1], meanwhile=[fail, nothing, recover], out=out)

    assert out.getvalue().count("Read from the local stack at ") == 2
    assert capsys.readouterr().err.splitlines() == [
        "shaken-stir status: AWS cannot be reached. It is read again every 2 s.",
        "Stopped. Nothing is left behind: run it again at any time.",
    ]
