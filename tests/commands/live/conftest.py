"""The product as it is on a real account: it is told nothing of a test."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from shaken_stir.cli.main import execute
from simulator.fleet import Fleet
from simulator.simulator import Simulator
from tests.commands.live.certificate import certify
from tests.commands.live.laptop import Laptop
from tests.commands.live.twilio_itself import HOSTS, TwilioItself
from tests.world import NAMED, a_fleet

type Command = Callable[..., tuple[int, str, str]]
type Start = Callable[..., TwilioItself]
type Doctor = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The certificate of an authority, and one by it for Twilio's hosts."""
    return certify(HOSTS, tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def twilio(certificates: tuple[Path, Path]) -> Iterator[Start]:
    """Start a simulated Twilio behind Twilio's host names; it is stopped after the test."""
    with ExitStack() as stack:

        def start(time_scale: float = 1.0, **fleet: Any) -> TwilioItself:
            return stack.enter_context(
                TwilioItself(Fleet.model_validate(a_fleet(**fleet)), certificates, time_scale=time_scale)
            )

        yield start


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(Fleet.model_validate(a_fleet(review={"seconds": 500_000}))) as simulated:
        yield simulated


@pytest.fixture
def command(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    """A command within the test's process, with the simulated account's credentials and a state folder of its own."""
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", simulator.account_sid)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", simulator.auth_token)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    event = tmp_path / "request.json"
    event.write_text(json.dumps(NAMED))

    def run(*arguments: str) -> tuple[int, str, str]:
        code = execute([*arguments, "--event", str(event)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def doctor_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """The doctor within the test's process."""

    def run(simulated: TwilioItself | None, *arguments: str, **variables: str) -> tuple[int, str, str]:
        if simulated:
            simulated.known_here(monkeypatch)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        code = execute(["doctor", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def laptop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Laptop:
    return Laptop(tmp_path, monkeypatch, capsys)
