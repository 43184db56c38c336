"""Whatever a subaccount is called, `shaken-stir request` shows its name as text."""

import subprocess
import sys

from shaken_stir.engine.server import AwsServer
from shaken_stir.project import EXAMPLE_EVENT, ROOT
from tests.commands.deployed.conftest import Deploy
from tests.commands.hostile import FLEET, none_is_raw, shown_as_text
from tests.commands.terminal import in_terminal

COMMAND = [sys.executable, "-m", "shaken_stir.cli.main", "request", "--event", str(EXAMPLE_EVENT), "--wait"]


def test_request(deploy: Deploy) -> None:
    deploy(**FLEET)
    with AwsServer() as aws:
        environment = {
            "PATH": "/usr/bin:/bin",
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        piped = subprocess.run(
            COMMAND, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        seen = in_terminal(COMMAND, environment)

    assert (piped.returncode, piped.stderr, seen.code) == (0, "", 0)
    shown_as_text(piped.stdout)
    shown_as_text(seen.text)
    none_is_raw(seen.raw)
