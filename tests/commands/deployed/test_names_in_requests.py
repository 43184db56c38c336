"""Whatever a subaccount is called, `shaken-stir request` shows its name as text."""

import sys

import pytest

from shaken_stir.engine.server import AwsServer
from shaken_stir.project import EXAMPLE_EVENT
from tests.commands.deployed.conftest import Deploy
from tests.commands.deployed.requesting import arn_of, request
from tests.commands.hostile import FLEET, none_is_raw, shown_as_text
from tests.commands.terminal import in_terminal

pytestmark = pytest.mark.usefixtures("_look_often")


def test_in_a_pipe_and_in_a_terminal(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    deploy(**FLEET)

    code, lines, errors = request(capsys, "--event", str(EXAMPLE_EVENT), "--wait")
    with AwsServer() as aws:
        seen = in_terminal(
            [sys.executable, "-m", "shaken_stir.cli.main", "request", "--execution", arn_of(lines), "--wait"],
            {
                "PATH": "/usr/bin:/bin",
                "AWS_ENDPOINT_URL": aws.url,
                "AWS_ACCESS_KEY_ID": "any",
                "AWS_SECRET_ACCESS_KEY": "any",
                "AWS_DEFAULT_REGION": "us-east-1",
            },
        )

    assert (code, errors, seen.code) == (0, "", 0)
    shown_as_text("\n".join(lines))
    shown_as_text(seen.text)
    none_is_raw(seen.raw)
