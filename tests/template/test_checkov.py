"""What checkov finds in the template is what is accepted, each with a reason."""

import json
import os
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from shaken_stir.project import ROOT, TEMPLATE

CONFIGURATION = ROOT / ".checkov.yaml"
CHECKOV = ROOT / ".tools/checkov/bin/checkov"
SETTINGS: dict[str, Any] = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))


@pytest.mark.skipif(not CHECKOV.exists(), reason="`make test` installs checkov")
def test_what_it_finds_is_what_is_accepted(tmp_path: Path) -> None:
    """It finds its configuration by the working folder, too, so it runs in another one here."""
    everything = tmp_path / "everything.yaml"
    settings = {**SETTINGS, "file": [str(TEMPLATE)], "skip-check": [], "quiet": False, "output": ["json"]}
    everything.write_text(yaml.safe_dump(settings), encoding="utf-8")
    # It asks nobody for a newer version, and needs no git.
    environment = os.environ | {"CKV_SKIP_PACKAGE_UPDATE_CHECK": "true", "GIT_PYTHON_REFRESH": "quiet"}
    command = [str(CHECKOV), "--config-file", str(everything)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    results = json.loads(done.stdout)["results"]
    found = defaultdict(list)
    for it in results["failed_checks"]:
        found[it["check_id"]].append(f"{it['resource']}: {it['check_name']}")
    assert results["parsing_errors"] == []
    assert len(results["passed_checks"]) > 100
    assert {check: where for check, where in found.items() if check not in SETTINGS["skip-check"]} == {}
    assert set(SETTINGS["skip-check"]) - found.keys() == set()


def test_what_is_accepted_has_its_reason_above_it() -> None:
    text = CONFIGURATION.read_text(encoding="utf-8")
    lines = text[text.index("skip-check:\n") :].splitlines()[1:]

    assert lines[0].startswith("  # ")
    assert len(SETTINGS["skip-check"]) == len(set(SETTINGS["skip-check"]))
    assert all(line.startswith(("  # ", "  - CKV")) for line in lines)


def test_it_needs_no_network() -> None:
    assert SETTINGS["skip-download"] is True
