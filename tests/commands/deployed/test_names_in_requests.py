"""Whatever a subaccount is called, `shaken-stir request` shows its name as text."""

import pytest

from shaken_stir.project import EXAMPLE_EVENT
from tests.commands.deployed.conftest import Deploy
from tests.commands.deployed.requesting import arn_of, request
from tests.commands.hostile import FLEET, none_is_raw, shown_as_text
from tests.commands.output import run_as_in_terminal

pytestmark = pytest.mark.usefixtures("_look_often")


def test_in_a_pipe_and_in_a_terminal(
    deploy: Deploy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(**FLEET)

    code, lines, errors = request(capsys, "--event", str(EXAMPLE_EVENT), "--wait")
    seen = run_as_in_terminal(monkeypatch, "request", "--execution", arn_of(lines), "--wait")

    assert (code, errors, seen.code) == (0, "", 0)
    shown_as_text("\n".join(lines))
    shown_as_text(seen.text)
    none_is_raw(seen.raw)
