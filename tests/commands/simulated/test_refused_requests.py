"""A request that is refused once the run is under way ends in a sentence, not in a traceback."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shaken_stir.project import ROOT

PRODUCT = {"trust_product": {"friendly_name": "Acme Voice", "email": "trust@acme.example"}}
FOREIGN, SUSPENDED, OWN = "AC" + "9" * 32, "AC4" + "0" * 30 + "4", "AC1" + "0" * 30 + "1"
NUMBER_OF_ANOTHER = "PN201" + "0" * 29


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({"subaccounts": [FOREIGN]}, f"subaccounts[0]: {FOREIGN} is not a subaccount of AC"),
        ({"subaccounts": [SUSPENDED]}, f"subaccounts[0]: {SUSPENDED} is suspended"),
        (
            {"subaccounts": [OWN], "phone_numbers": [NUMBER_OF_ANOTHER]},
            f"phone_numbers: {NUMBER_OF_ANOTHER} is not a number of {OWN} ",
        ),
    ],
    ids=["foreign account", "suspended account", "number of another account"],
)
def test_a_request_with_a_wrong_account_or_number_is_refused_in_a_sentence(
    request_: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps(request_ | PRODUCT), "utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "shaken_stir.cli.main", "run", "--event", str(event), "--time-scale", "0.1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (done.returncode, done.stderr) == (1, "")
    assert f"InvalidRequest: The request was refused: {reason}" in done.stdout
    assert "(0 POSTs)" in done.stdout
