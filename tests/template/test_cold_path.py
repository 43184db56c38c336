"""What is slow to import is imported only by the functions that use it."""

import subprocess
import sys

import pytest

from shaken_stir.project import ROOT

PATHS = str(ROOT / "functions")


SPARED = {
    "read_request": {"boto3", "twilio"},
    "status_callback": {"phonenumbers", "twilio.rest"},
    "record_subaccount": {"phonenumbers", "twilio"},
    "summarise_subaccounts": {"phonenumbers", "twilio"},
    "assign_to_trust_product": {"phonenumbers", "twilio.rest"},
    "list_phone_numbers": {"twilio.rest"},
}
PROGRAM = """
import os, sys
import pydantic  # each takes it, and it is slow
for function in sys.argv[1:]:
    if not os.fork():
        __import__(function)
        print(function, *sys.modules, flush=True)
        os._exit(0)
    if os.wait()[1]:
        sys.exit(function)
"""
"""Imports each function in a process of its own."""


@pytest.fixture(scope="module")
def imported() -> dict[str, set[str]]:
    """The modules that each function imports."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *SPARED], env={"PYTHONPATH": PATHS}, capture_output=True, text=True, check=True
    )
    return {function: set(modules) for function, *modules in map(str.split, done.stdout.splitlines())}


@pytest.mark.parametrize("function", SPARED)
def test_a_function_is_spared_what_it_does_not_use(function: str, imported: dict[str, set[str]]) -> None:
    assert {function, "pydantic"} <= imported[function]
    assert not SPARED[function] & imported[function]
