"""`shaken-stir callback`: a webhook under development is called as Twilio calls it."""

import socket
from functools import partial

import pytest

from shaken_stir.cli import callback
from shaken_stir.cli.main import execute
from shaken_stir.deployed.served import find_served
from shaken_stir.engine.server import AwsServer
from shaken_stir.engine.webhook import listen
from shaken_stir.simulated import serve
from shaken_stir.simulated.place import SimulatedPlace
from shaken_stir.simulated.serve import SERVED_FLEET
from simulator.addresses import THIS_MACHINE, Address
from simulator.fleet import load_fleet
from tests.commands.deployed.conftest import Deploy, client
from tests.world import NAMED, NEVER, subaccount, wait_until, waiting

ELSEWHERE = "https://webhook.example/status-callback"
PRODUCT = "BU" + "5" * 32


def callbacks(local: SimulatedPlace) -> list[str]:
    items = client("dynamodb").scan(TableName=local.engine.environment["TABLE_NAME"])["Items"]
    return [it["pk"]["S"] for it in items if it["sk"]["S"].startswith("CALLBACK#")]


def test_without_more_it_goes_to_what_make_serve_keeps_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fleet = load_fleet(str(SERVED_FLEET))
    with listen(Address(), "a test") as free:
        port = free.getsockname()[1]
    monkeypatch.setattr(serve, "WEBHOOK_PORT", port)
    with SimulatedPlace(fleet, 0.01, webhook=Address(THIS_MACHINE, port)) as local:
        assert execute(["callback", "--status", "twilio-approved"]) == 0

        assert callbacks(local) == [f"TRUST_PRODUCT#{fleet.products[0].sid}"]
    assert "204 No Content: taken in" in capsys.readouterr().out


def test_who_waits_for_the_product_is_woken_but_not_by_another_token(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    local = deploy(subaccounts=[subaccount(1, 1)], review={"seconds": NEVER, "verdict": "approved"})
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", local.simulator.auth_token)
    monkeypatch.setenv("OTHER", "f" * 32)
    arn = local.engine.start_execution(NAMED)
    assert wait_until(lambda: waiting(local))
    [product] = local.simulator.state.trust_products
    target = ["--url", f"{local.engine.public_url}/status-callback", "--trust-product", product.sid]
    signed = [*target, "--auth-token-env", "TWILIO_AUTH_TOKEN"]

    assert execute(["callback", "--status", "twilio-rejected", *target, "--auth-token-env", "OTHER"]) == 1

    assert "403 Forbidden: the signature is refused" in capsys.readouterr().out
    assert callbacks(local) == []

    assert execute(["callback", "--status", "in-review", *signed]) == 0

    assert wait_until(
        lambda: (
            [it.get("stateEnteredEventDetails", {}).get("name") for it in local.engine.history(arn)].count(
                "Check Trust Product"
            )
            == 1
        )
    )
    assert "asks Twilio for the status" in capsys.readouterr().out


def test_what_is_missing_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TWILIO_AUTH_TOKEN", raising=False)
    with socket.socket() as bound_only:
        bound_only.bind((THIS_MACHINE, 0))
        url = f"http://{THIS_MACHINE}:{bound_only.getsockname()[1]}/status-callback"
        monkeypatch.setenv("OTHER", "f" * 32)
        for options, told in (
            (["--url", ELSEWHERE], "Say which Trust Product"),
            (["--url", ELSEWHERE, "--trust-product", PRODUCT], "TWILIO_AUTH_TOKEN holds no Auth Token"),
            (["--url", url], f"{url} does not answer (ConnectionError): start it with `make serve`, or name another"),
            (["--auth-token-env", "UNSET"], "UNSET holds no Auth Token"),
            (["--url", url, "--trust-product", PRODUCT, "--auth-token-env", "OTHER"], "with --url."),
            (
                ["--url", "nowhere", "--trust-product", PRODUCT, "--auth-token-env", "OTHER"],
                "nowhere does not answer (MissingSchema): see",
            ),
        ):
            assert execute(["callback", "--status", "twilio-approved", *options]) == 2
            captured = capsys.readouterr()
            assert (captured.out, captured.err.count("\n")) == ("", 1)
            assert told in captured.err


def test_the_webhook_of_make_serve_on_another_port_is_named_and_gets_the_callback_by_that_option(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with listen(Address(), "a test") as free:
        unused = free.getsockname()[1]
    monkeypatch.setattr(serve, "WEBHOOK_PORT", unused)
    with SimulatedPlace(load_fleet(str(SERVED_FLEET)), 0.01) as local, AwsServer(Address()) as aws:
        serve.publish_webhook(local.engine)
        monkeypatch.setattr(callback, "find_served", partial(find_served, aws.url))

        assert execute(["callback", "--status", "twilio-approved"]) == 2

        told = capsys.readouterr().err
        url = f"{local.engine.public_url}/status-callback"
        assert told == (
            f"shaken-stir callback: http://127.0.0.1:{unused}/status-callback does not answer, since `make serve` has "
            f"its webhook on another port: add --url {url}\n"
        )
        assert execute(["callback", "--status", "twilio-approved", "--url", url]) == 0


@pytest.mark.parametrize("options", [["--status", "approved"], ["--status", "draft", "--trust-product", "BU1"], []])
def test_a_wrong_argument_is_told_with_the_usage(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["callback", *options]) == 2
    assert "usage: shaken-stir callback" in capsys.readouterr().err
