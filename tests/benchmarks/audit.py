"""How long the audit takes to read all assignments, and how much memory: over HTTP, from the simulator.

`python tests/benchmarks/audit.py [NUMBERS]` (50,000). The simulator runs in a process of its own.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from audit_assignments import read
from onboarding.phone_numbers import Assigned
from onboarding.twilio.trust_hub import of_account
from shaken_stir.project import ROOT
from simulator.fleet import Fleet

PROFILE, PRODUCT = "BU" + "1" * 32, "BU" + "2" * 32
NUMBERS_PER_SUBACCOUNT = 1000


def fleet(numbers: int) -> Fleet:
    """A fleet whose numbers are all on the profile and on the product."""
    sids = [f"PN{number:032x}" for number in range(numbers)]
    subaccounts = [
        {
            "sid": f"AC{first:032x}",
            "friendly_name": f"Subaccount {first}",
            "numbers": [{"sid": sid} for sid in sids[first : first + NUMBERS_PER_SUBACCOUNT]],
        }
        for first in range(0, numbers, NUMBERS_PER_SUBACCOUNT)
    ]
    profile = {"sid": PROFILE, "status": "twilio-approved", "primary": True, "numbers": sids}
    product = {"sid": PRODUCT, "friendly_name": "A", "status": "twilio-approved", "business_profile": PROFILE}
    return Fleet.model_validate(
        {"subaccounts": subaccounts, "profiles": [profile], "products": [{**product, "numbers": sids}]}
    )


def measure(numbers: int) -> tuple[Assigned, float]:
    """Read everything once; gives what was read, and the seconds that it took."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "fleet.json"
        wanted = fleet(numbers)
        file.write_text(wanted.model_dump_json(exclude_defaults=True), encoding="utf-8")
        command = [sys.executable, "-m", "shaken_stir.cli.main", "twilio", "--fleet", str(file), "--port", "0"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as simulator:
            try:
                assert simulator.stdout
                url = next(word for word in simulator.stdout.readline().split() if word.startswith("http"))
                hub = of_account(wanted.parent.sid, wanted.parent.auth_token, base_url=url)
                began = time.monotonic()
                assigned = read(hub, PROFILE, PRODUCT)
                return assigned, time.monotonic() - began
            finally:
                simulator.kill()


if __name__ == "__main__":
    wanted_numbers = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found, seconds = measure(wanted_numbers)
    megabytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    pages = 2 * -(-wanted_numbers // 1000)
    sys.stdout.write(
        f"{len(found.on_trust_product):,} numbers on both: {pages} pages in {seconds:.1f} s, {megabytes:.0f} MB more\n"
    )
