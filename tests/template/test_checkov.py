"""checkov is part of `make lint`, and each of its findings that is accepted is one still, with a reason."""

import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from shaken_stir.project import ROOT, TEMPLATE

CONFIGURATION = ROOT / ".checkov.yaml"
CHECKOV = ROOT / ".tools/checkov/bin/checkov"
SETTINGS: dict[str, Any] = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))


@pytest.mark.skipif(not CHECKOV.exists(), reason="`make lint` installs checkov")
def test_what_checkov_finds_is_what_is_accepted(tmp_path: Path) -> None:
    """It finds its configuration by the working folder, so it runs in another one here."""
    command = [
        CHECKOV,
        "--file",
        TEMPLATE,
        "--framework",
        *SETTINGS["framework"],
        "--skip-download",
        "--output",
        "json",
    ]
    environment = os.environ | {"CKV_SKIP_PACKAGE_UPDATE_CHECK": "true"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    results = json.loads(done.stdout)["results"]
    assert results["parsing_errors"] == []
    assert len(results["passed_checks"]) > 100
    assert {it["check_id"] for it in results["failed_checks"]} == set(SETTINGS["skip-check"])


def test_what_is_accepted_has_its_reason_above_it() -> None:
    text = CONFIGURATION.read_text(encoding="utf-8")
    lines = text[text.index("skip-check:\n") :].splitlines()[1:]

    assert lines[0].startswith("  # ")
    assert len(SETTINGS["skip-check"]) == len(set(SETTINGS["skip-check"]))
    assert all(line.startswith(("  # ", "  - CKV")) for line in lines)


def test_make_lint_runs_checkov_without_a_network() -> None:
    done = subprocess.run(shlex.split("make --dry-run lint"), cwd=ROOT, capture_output=True, text=True, check=True)

    assert ".tools/checkov/bin/checkov --config-file .checkov.yaml" in done.stdout
    assert SETTINGS["file"] == ["template.yaml"]
    assert SETTINGS["skip-download"] is True
