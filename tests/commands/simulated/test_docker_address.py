"""The address by which containers reach this machine, as Docker tells it."""

import json
import subprocess
from typing import Any

import pytest

from shaken_stir.simulated import docker


def told(monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    done = subprocess.CompletedProcess([], 0, stdout=output)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)


def bridge(gateway: str) -> str:
    return json.dumps([{"IPAM": {"Config": [{"Gateway": gateway}]}}])


@pytest.mark.parametrize(("gateway", "address"), [("127.0.0.2", "127.0.0.2"), ("192.0.2.1", "127.0.0.1")])
def test_the_bridge_s_address_is_taken_if_it_is_this_machine_s(
    monkeypatch: pytest.MonkeyPatch, gateway: str, address: str
) -> None:
    told(monkeypatch, bridge(gateway))

    assert docker.address_for_containers() == address


def test_a_bridge_without_a_gateway_has_the_first_address_of_its_subnet(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, json.dumps([{"IPAM": {"Config": [{"Subnet": "127.17.0.0/16"}]}}]))

    assert docker.address_for_containers() == "127.17.0.1"


@pytest.mark.parametrize("output", ["", "[]", "[{}]", bridge("x")[:-9], "{}"])
def test_an_answer_that_is_none_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    told(monkeypatch, output)

    with pytest.raises(docker.DockerError, match="start Docker, or name the address with --host"):
        docker.address_for_containers()


def test_a_machine_without_docker_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: Any, **__: Any) -> Any:
        raise FileNotFoundError

    monkeypatch.setattr(subprocess, "run", nothing)

    with pytest.raises(docker.DockerError, match="start Docker"):
        docker.address_for_containers()
