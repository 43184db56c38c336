"""`shaken-stir twilio`: the Trust Hub simulator alone, for any of Twilio's client libraries."""

import argparse
import threading

from cli.prose import complain
from local.twilio.fleet import FleetError, load_fleet
from local.twilio.simulator import PortInUse, Simulator


def command(options: argparse.Namespace) -> int:
    """Serve until Ctrl-C; returns the exit code."""
    try:
        with Simulator(load_fleet(options.fleet), port=options.port) as simulator:
            print(
                f"Twilio's Trust Hub is simulated at {simulator.url} (both hosts: /2010-04-01/… and /v1/…).\n"
                f"Account SID {simulator.account_sid}, Auth Token {simulator.auth_token}. Ctrl-C ends it.",
                flush=True,
            )
            threading.Event().wait()
    except (FleetError, PortInUse) as error:
        complain("twilio", error)
    return 2
