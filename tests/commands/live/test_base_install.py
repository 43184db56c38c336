"""Commands after `pip install -e .`, without the extra `local`: reading works, and a run names the extra."""

import socket
from pathlib import Path

from shaken_stir.cli.command import LOCAL_ENGINE
from shaken_stir.cli.group import COMMANDS
from shaken_stir.project import ROOT
from simulator.simulator import Simulator
from tests.commands.live.conftest import Command
from tests.commands.without_packages import (
    PROJECT,
    carry_out,
    failed_imports,
    modules_beyond_the_base_install,
    modules_of,
)

NOT_INSTALLED = (
    "This needs the local engine, which is not installed (no module moto); install it in the checkout with "
    "`make setup`, `pip install -e '.[local]'` or `uv tool install --editable '.[local]'`.\n"
)
PACKAGES_THAT_READ = ("shaken_stir/deployed", "shaken_stir/page", "shaken_stir/status", "simulator")
EVENT_BRIDGE_EVENT = "events/onboarding_requested.json"


def test_the_base_install_has_neither_the_local_engine_nor_the_tools_of_a_developer() -> None:
    assert {"moto", "flask_cors", "pytest", "playwright", "mypy"} <= modules_beyond_the_base_install()
    assert {"click", "rich", "flask", "jinja2", "yaml"}.isdisjoint(modules_beyond_the_base_install())


def test_the_modules_of_the_local_engine_are_those_of_the_extra() -> None:
    assert modules_of({need["name"] for need in PROJECT["optional-dependencies"]["local"]}) == LOCAL_ENGINE


def test_every_command_shows_its_help() -> None:
    ended = carry_out(["--help"], ["--version"], *([name, "--help"] for name in COMMANDS))

    assert {(it.code, it.err) for it in ended} == {(0, "")}
    assert all(it.out for it in ended)


def test_a_state_file_is_read_and_compared_with_twilio(command: Command, simulator: Simulator, tmp_path: Path) -> None:
    rehearsed = ["--twilio", simulator.url]
    assert command("run", "--live", "--yes", *rehearsed)[0] == 0
    written = tmp_path / "page.html"

    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, html, check, doctor, page = carry_out(
            ["status", "--live", *rehearsed],
            ["status", "--live", "--html", str(written), *rehearsed],
            ["status", "--live", "--check", *rehearsed],
            ["doctor", "--event", "events/onboarding.json", *rehearsed],
            # It imports the server before it finds that the port is taken.
            ["page", "--live", "--no-open", "--port", str(taken.getsockname()[1]), *rehearsed],
        )

    assert (status.code, status.err) == (0, "")
    assert "0 of 4 eligible numbers are signed" in status.out
    assert html.code == 0
    assert "</html>" in written.read_text(encoding="utf-8")
    assert "compared with Twilio" in check.out
    assert (doctor.code, doctor.err) == (0, "")
    assert "Nothing is in the way." in doctor.out
    assert (page.code, page.out) == (2, "")
    assert "cannot be used (Address already in use)" in page.err


def test_modules_that_read_a_stack_a_table_or_a_fleet_need_no_local_engine() -> None:
    files = [path for folder in PACKAGES_THAT_READ for path in (ROOT / folder).glob("*.py")]
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files]
    commands = [f"shaken_stir.cli.{it}" for it in ("callback", "deploy", "request", "stack_doctor", "twilio")]

    assert len(modules) > 40
    assert failed_imports(*modules, *commands) == {}


def test_a_command_that_needs_the_local_engine_says_so_and_ends_with_2() -> None:
    names = ["run", "run", "run", "serve", "request"]
    options = [[], ["--live"], ["--scenario", "drift"], [], ["--event", EVENT_BRIDGE_EVENT]]

    ended = carry_out(*([name, *typed] for name, typed in zip(names, options, strict=True)))

    assert [(it.code, it.err) for it in ended] == [(2, f"shaken-stir {name}: {NOT_INSTALLED}") for name in names]
