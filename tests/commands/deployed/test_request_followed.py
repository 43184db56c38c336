"""`shaken-stir request` follows an execution, and says how to follow it again when it is cut off."""

import threading
from contextlib import redirect_stdout

import pytest

from shaken_stir.cli.main import execute
from shaken_stir.defaults import STACK
from shaken_stir.project import EXAMPLE_EVENT
from shaken_stir.simulated.place import SimulatedPlace
from tests.commands.ctrl_c import Heard, press, process_ends_after
from tests.commands.deployed.conftest import Deploy, client, create_stack
from tests.commands.deployed.requesting import arn_of, request, states, status
from tests.world import NEVER, account, wait_until, waiting

pytestmark = pytest.mark.usefixtures("_look_often")


def approve_after_polls(local: SimulatedPlace, polls: int) -> None:
    """Let the execution ask for the verdict several times, and enter the same states each time."""
    assert wait_until(lambda: local.engine.invocations.get("check_trust_product", 0) >= polls)
    [product] = local.simulator.state.trust_products
    local.simulator.controls.decide(product.sid, "approved")


def test_that_twilio_reviews_is_told_once_and_when_it_is_followed_again_what_was_is_told_once(
    deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    local = deploy(parameters={"PollSeconds": "30"}, review={"seconds": NEVER, "verdict": "approved"})
    reviewed = threading.Event()
    out = Heard({"Twilio reviews": reviewed.set})

    def approve_once_it_is_told() -> None:
        reviewed.wait(60)
        approve_after_polls(local, local.engine.invocations.get("check_trust_product", 0) + 3)

    approving = threading.Thread(target=approve_once_it_is_told)
    approving.start()

    with redirect_stdout(out):
        code = execute(["request", "--event", str(EXAMPLE_EVENT), "--wait"])
    approving.join()

    assert code == 0
    assert out.getvalue().count("Twilio reviews") == 1

    code, again, _ = request(capsys, "--execution", arn_of(out.getvalue().splitlines()), "--wait")

    assert code == 0
    assert len(states(again)) == len(set(states(again)))
    assert {"Read Request", "Await Review", "Onboarded"} <= set(states(again))
    told = [line.split("  ")[-1] for line in again]
    assert told.index("Onboard Subaccounts") < told.index(f"Subaccount 1 ({account(1)}): done (2 on the Trust Product)")
    assert told.index(f"Subaccount 1 ({account(1)}): done (2 on the Trust Product)") < told.index(
        "Summarise Subaccounts"
    )


def test_when_aws_fails_meanwhile_it_says_that_the_execution_goes_on(
    deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    local = deploy(review={"seconds": NEVER, "verdict": "approved"})
    create_stack(local, "other", ProgressTableName="missing")

    code, lines, errors = request(capsys, "--event", str(EXAMPLE_EVENT), "--stack", "other")

    assert code == 2
    assert "AWS refused Query (ResourceNotFoundException" in errors
    assert "the execution goes on. Follow it again: " in errors
    assert f"--stack other --execution {arn_of(lines)} --wait" in errors


def test_ctrl_c_stops_following_and_not_the_execution(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    local = deploy(review={"seconds": NEVER, "verdict": "approved"})
    out = Heard({"Twilio reviews": press})
    capsys.readouterr()

    with process_ends_after(), redirect_stdout(out):
        code = execute(["request", "--event", str(EXAMPLE_EVENT), "--wait"])

    arn = arn_of(out.getvalue().splitlines())
    assert code == 130
    assert capsys.readouterr().err.strip() == (
        "Stopped following; the execution goes on. Follow it again: "
        f".venv/bin/shaken-stir request --stack {STACK} --execution {arn} --wait"
    )
    assert status(local, arn) == "RUNNING"
    assert waiting(local)
    assert client("stepfunctions").list_executions(stateMachineArn=local.engine.state_machine_arn)["executions"]
