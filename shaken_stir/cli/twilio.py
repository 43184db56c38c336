"""`shaken-stir twilio`: the Trust Hub simulator alone, for any of Twilio's client libraries."""

import threading

from shaken_stir.cli.prose import complain
from shaken_stir.project import SMALL_FLEET
from simulator.fleet import FleetError, load_fleet
from simulator.simulator import PortInUse, Simulator

WORDS = """\
Twilio's Trust Hub is simulated at {url} (both hosts: /2010-04-01/… and /v1/…).

Next, in another terminal:
  export TWILIO_ACCOUNT_SID={account_sid} TWILIO_AUTH_TOKEN={auth_token}
  .venv/bin/shaken-stir doctor --twilio {url} --event events/onboarding.json
  .venv/bin/shaken-stir run --live --twilio {url} --event events/onboarding.json
Ctrl-C ends it, and what was done to it is forgotten."""


def serve_twilio(fleet: str | None, port: int) -> int:
    """Serve a fleet, the small one unless told, until Ctrl-C; give the exit code."""
    try:
        with Simulator(load_fleet(fleet or SMALL_FLEET), port=port) as simulator:
            print(
                WORDS.format(url=simulator.url, account_sid=simulator.account_sid, auth_token=simulator.auth_token),
                flush=True,
            )
            threading.Event().wait()
    except FleetError as error:
        complain("twilio", error)
    except PortInUse as error:
        complain("twilio", f"Port {error.port} is in use; choose another with --port N (0: any free port).")
    except OSError as error:
        complain("twilio", f"Port {port} cannot be used ({error.strerror}); choose another with --port N.")
    return 2
