"""`shaken-stir doctor` in a process of its own, and an account that is ready."""

import subprocess
import sys

from shaken_stir.project import ROOT
from tests.commands.live.twilio_itself import TwilioItself
from tests.world import PRODUCT, PROFILE, phone_number

COMMAND = [sys.executable, "-m", "shaken_stir.cli.main", "doctor"]
FIRST, SECOND = phone_number(1, 0), phone_number(1, 1)
DONE = {
    "profiles": [{"sid": PROFILE, "status": "twilio-approved", "numbers": [FIRST, FIRST, SECOND]}],
    "products": [
        {"sid": PRODUCT, "status": "twilio-approved", "business_profile": PROFILE, "numbers": [FIRST, SECOND]}
    ],
}


def doctor(simulated: TwilioItself, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=simulated.environment(**variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
