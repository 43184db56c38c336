"""What is slow to import is imported only by the functions that use it."""

import subprocess
import sys

import pytest

from shaken_stir.project import ROOT

PATHS = f"{ROOT / 'functions'}:{ROOT / 'layers/onboarding/python'}"


@pytest.mark.parametrize(
    ("function", "spared"),
    [
        ("read_request", {"boto3", "twilio"}),
        ("status_callback", {"phonenumbers", "twilio.rest"}),
        ("record_subaccount", {"phonenumbers", "twilio"}),
        ("summarise_subaccounts", {"phonenumbers", "twilio"}),
        ("assign_to_trust_product", {"phonenumbers"}),
    ],
)
def test_a_function_is_spared_what_it_does_not_use(function: str, spared: set[str]) -> None:
    program = f"import {function}, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": PATHS}, capture_output=True, text=True, check=True
    )

    assert not spared & set(done.stdout.split())
