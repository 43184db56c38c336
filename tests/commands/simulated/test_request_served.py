"""`shaken-stir request --served`: a request to what `make serve` keeps up, without the AWS CLI."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shaken_stir.cli.commands.page import command as page
from shaken_stir.cli.commands.request import command as request
from shaken_stir.cli.commands.status import command as status
from shaken_stir.defaults import SERVED
from shaken_stir.deployed import executions
from shaken_stir.engine.server import AwsServer
from shaken_stir.simulated.place import SimulatedPlace
from simulator.addresses import Address
from simulator.fleet import Fleet
from tests.commands.deployed.requesting import arn_of, states
from tests.commands.simulated.running import Done, shaken_stir
from tests.world import NEVER, a_fleet, account, subaccount

NAMED = {"TrustProductFriendlyName": "Acme Voice", "TrustProductEmail": "trust@acme.example"}


@pytest.fixture(autouse=True)
def _poll_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executions, "POLL_SECONDS", 0.2)


@pytest.fixture
def served() -> Iterator[tuple[SimulatedPlace, str]]:
    """What `make serve` keeps up, and where it serves AWS; the review does not end."""
    fleet = a_fleet(subaccounts=[subaccount(1, 2)], review={"seconds": NEVER, "verdict": "approved"})
    with SimulatedPlace(Fleet.model_validate(fleet), 0.01, NAMED) as local, AwsServer(Address()) as aws:
        yield local, aws.url


def lines(done: Done) -> list[str]:
    return [line for line in done.out.splitlines() if line and not line.startswith("{")]


def test_the_whole_fleet_is_requested_and_followed_to_the_review_then_through_it(
    served: tuple[SimulatedPlace, str],
) -> None:
    local, url = served

    first = shaken_stir("request", "--served", url)

    told = lines(first)
    assert (first.code, first.err) == (0, "")
    assert states(told)[0] == "Read Request"
    assert states(told)[-1] == "Await Review"
    assert any(f"Subaccount 1 ({account(1)}): done (2 on the Trust Product)" in line for line in told)
    assert "The simulated Twilio reviews the Trust Product" in first.out
    again = f"request --served {url} --execution {arn_of(told)} --wait"
    assert told[-1] == f"Follow it again: .venv/bin/shaken-stir {again}"

    [product] = local.simulator.state.trust_products
    local.simulator.controls.decide(product.sid, "approved")
    second = shaken_stir(*again.split())

    assert second.code == 0
    assert lines(second)[-2:] == [
        "1 subaccount done, 0 left to another execution (2 on the Trust Product).",
        f"The Trust Product {product.sid} is twilio-approved.",
    ]


def test_a_request_that_fails_has_exit_code_1(served: tuple[SimulatedPlace, str], tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text('{"colour": 1}')

    done = shaken_stir("request", "--served", served[1], "--event", str(event))

    assert done.code == 1
    assert "InvalidRequest" in done.out


def test_where_nothing_is_served_it_says_what_to_do() -> None:
    done = shaken_stir("request", "--served", "http://127.0.0.1:1")

    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "shaken-stir request: Nothing is served at http://127.0.0.1:1; start it with `make serve`, or name another "
        "address with --served, or a deployed stack with --stack.\n"
    )


def test_two_places_are_wrong_usage() -> None:
    done = shaken_stir("request", "--served", "--stack", "shaken-stir")

    assert (done.code, done.out) == (2, "")
    assert "--stack and --served are different places; name one" in done.err


@pytest.mark.parametrize("command", [page, request, status], ids=lambda it: it.name)
def test_served_needs_no_address(command: object) -> None:
    context = command.make_context("served", ["--served"])  # type: ignore[attr-defined]

    assert context.params["served"] == SERVED
