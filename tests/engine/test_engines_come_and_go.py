import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shaken_stir.engine.engine import Engine
from shaken_stir.engine.intrinsics import TemplateError
from shaken_stir.engine.webhook import PortInUse
from shaken_stir.project import ROOT
from simulator.addresses import Address


def test_a_handler_gets_real_seconds_however_short_the_day_is(deploy: Callable[..., Engine]) -> None:
    engine = deploy(time_scale=0.0001)
    arn = engine.start_execution({"items": {"slow": 0}, "concurrency": 1})

    assert json.loads(engine.wait(arn, timeout=5)["output"])["results"][0]["outcome"] == {"tries": 1}
    assert engine.environment["LIST_SETTLE_SECONDS"] == "0.001"


def test_a_stopped_engine_leaves_nothing_behind(deploy: Callable[..., Engine]) -> None:
    threads, environment, path = threading.active_count(), dict(os.environ), list(sys.path)
    level = logging.getLogger("moto").level
    engine = deploy()
    engine.start_execution({"question": "abandoned", "patience": 99999})
    engine.start_execution({"items": {f"i{n}": 9 for n in range(9)}, "concurrency": 3})
    assert engine.invoke("echo", {"ask": "environment"})["TABLE_NAME"] == "local-Things"
    engine.stop()
    engine.stop()
    time.sleep(0.1)

    assert (dict(os.environ), sys.path) == (environment, path)
    assert threading.active_count() <= threads
    assert logging.getLogger("moto").level == level


def test_one_engine_after_another_starts_afresh(deploy: Callable[..., Engine]) -> None:
    for greeting in ("hello", "hey"):
        engine = deploy(parameters={"Greeting": greeting})
        assert engine.invoke("flaky", {"key": "again", "fails": 0}) == {"key": "again", "tries": 1}
        assert ("RUDENESS" in engine.environment) == (greeting == "hey")
        engine.stop()


def test_functions_are_imported_once_however_many_engines_come(deploy: Callable[..., Engine]) -> None:
    engine = deploy()
    imported = sys.modules["flaky"]
    engine.stop()

    deploy()

    assert sys.modules["flaky"] is imported


def test_a_second_engine_at_the_same_time_is_refused(deploy: Callable[..., Engine]) -> None:
    engine = deploy()
    with pytest.raises(RuntimeError, match=r"^Another engine runs in this process; stop it first"):
        deploy()
    assert engine.invoke("echo", {"still": "here"}) == {"still": "here"}


def test_a_port_in_use_is_told_and_the_next_start_works(deploy: Callable[..., Engine]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"Port {port} is in use; choose another for the webhook"):
            deploy(webhook=Address(port=port))

    assert deploy(webhook=Address(port=port)).public_url == f"http://127.0.0.1:{port}"


def test_a_bad_template_is_told_and_the_next_start_works(deploy: Callable[..., Engine], tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"nowhere\.yaml cannot be read: No such file or directory\.$"):
        Engine(tmp_path / "nowhere.yaml", parameters={}, twilio_secret={}).start()
    with pytest.raises(TemplateError, match=r"^The template has no parameter Greting\.$"):
        deploy(parameters={"Greting": "x"})

    assert deploy().invoke("echo", {}) == {}


def test_an_engine_does_not_load_all_of_ec2() -> None:
    """In a process of its own: other tests of this one may need all of moto."""
    loaded = "import sys, shaken_stir.engine.engine; print('moto.ec2.models' in sys.modules)"

    assert subprocess.check_output([sys.executable, "-c", loaded], cwd=ROOT, text=True).strip() == "False"
