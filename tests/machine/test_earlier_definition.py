"""An execution goes on by the definition that it began with, for as long as a review takes, on functions newer than it.

`earlier/onboarding.asl.json` is the definition of a release whose executions may still wait.
"""

import re
from pathlib import Path

from shaken_stir.simulated.place import SimulatedPlace
from tests.machine.conftest import Start
from tests.world import NAMED, NEVER, account, all_signed_once, decide_once_awaited, wait_until, waiting

EARLIER = Path(__file__).parent / "earlier" / "onboarding.asl.json"


def deploy_earlier_definition(local: SimulatedPlace) -> str:
    """Have executions begin by the earlier definition; gives the present one."""
    machine, states = local.engine.state_machine_arn, local.engine.client("stepfunctions")
    present: str = states.describe_state_machine(stateMachineArn=machine)["definition"]
    arns = {re.sub(r"^.*local-", "", arn): arn for arn in re.findall(r'"(arn:aws:lambda:[^"]+)"', present)}
    earlier = re.sub(r"\$\{(\w+)Arn\}", lambda substituted: arns[substituted[1]], EARLIER.read_text(encoding="utf-8"))
    states.update_state_machine(stateMachineArn=machine, definition=earlier)
    return present


def test_executions_of_the_earlier_definition_go_on_with_the_present_functions(start: Start) -> None:
    local = start(review={"seconds": NEVER})
    present = deploy_earlier_definition(local)
    arn = local.engine.start_execution(NAMED)
    assert wait_until(lambda: waiting(local))

    # A review that was under way before a deployment comes to its end.
    states = local.engine.client("stepfunctions")
    states.update_state_machine(stateMachineArn=local.engine.state_machine_arn, definition=present)
    [product] = local.simulator.state.trust_products
    local.simulator.controls.decide(product.sid, "approved")

    assert local.engine.wait(arn, timeout=60)["status"] == "SUCCEEDED"
    all_signed_once(local)

    # Every other way of it.
    deploy_earlier_definition(local)
    released = local.simulator.controls.buy(account(1))
    assert local.run({}).status == "SUCCEEDED"
    local.simulator.controls.release(released)
    assert local.run({}).status == "SUCCEEDED"
    assert local.run({"release_orphans": True}).status == "SUCCEEDED"
    all_signed_once(local)

    local.simulator.controls.revoke(product.sid)
    assert local.run({}).error == "TrustProductRejected"

    assert local.run({"resubmit": True}, decide_once_awaited(local)).status == "SUCCEEDED"
    all_signed_once(local)
