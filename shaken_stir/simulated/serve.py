"""The local stack kept up for others: what the events of `events/` find there."""

from typing import TYPE_CHECKING, Final

from onboarding import clients, settings
from onboarding.table.runs import forget_start
from shaken_stir.defaults import WEBHOOK_PORT
from shaken_stir.deployed.served import CALLBACK_URL
from shaken_stir.deployed.webhook import Target
from shaken_stir.project import ROOT, load_event
from simulator.addresses import THIS_MACHINE
from simulator.fleet import load_fleet

if TYPE_CHECKING:
    from shaken_stir.engine.engine import Engine

CALLBACK_PATH: Final = "/status-callback"
EVENTS: Final = ROOT / "events"
SERVED_FLEET: Final = ROOT / "simulator/fleets/serve.json"


def prepare(engine: "Engine") -> None:
    """Put in place what the events start from, so that each works by itself and in any order.

    That is the manifest; the list of what is assigned; the subaccount's numbers in the table; and on the Business
    Profile the numbers that are to go on the Trust Product. The subaccount's lease is given back, so that executions
    may work on it, too.

    Args:
        engine: Deployed, with the fleet `SERVED_FLEET` at Twilio.
    """
    numbers = load_event(EVENTS / "assign_to_trust_product.json")["phone_numbers"]
    for function, changes in (
        ("list_subaccounts", {}),
        ("audit_assignments", {}),
        ("list_phone_numbers", {}),
        ("assign_to_business_profile", {"phone_numbers": numbers}),
        ("record_subaccount", {}),
    ):
        engine.invoke(function, load_event(EVENTS / f"{function}.json") | changes)
    # No run is going on: these are events for single functions.
    forget_start(clients.table(settings.load()), load_event(EVENTS / "audit_assignments.json")["execution"])


def publish_webhook(engine: "Engine") -> None:
    """Write the webhook's address where other commands find it: in a tag of the state machine."""
    tag = {"key": CALLBACK_URL, "value": f"{engine.public_url}{CALLBACK_PATH}"}
    engine.client("stepfunctions").tag_resource(resourceArn=engine.state_machine_arn, tags=[tag])


def served_webhook() -> Target:
    """Give the webhook that is kept up, for callbacks on the fleet's first Trust Product."""
    fleet = load_fleet(str(SERVED_FLEET))
    address = f"http://{THIS_MACHINE}:{WEBHOOK_PORT}{CALLBACK_PATH}"
    return Target(address, fleet.parent.auth_token, fleet.products[0].sid)
