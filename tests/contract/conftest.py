"""Twilio's OpenAPI, and what is held against it; each is had once for all tests."""

import json
import os
from pathlib import Path

import pytest

from shaken_stir.project import ROOT
from tests.contract import tour
from tests.contract.exchanges import Exchange
from tests.contract.scenarios import SCENARIOS, Traffic
from tests.contract.twilio_openapi import Contract

TRUST_HUB = ("twilio_trusthub_v1.json",)
ACCOUNTS = ("twilio_api_v2010.json", "twilio_api_v2010.accounts_and_numbers.json")
"""Twilio's own file, or an excerpt of it."""


@pytest.fixture(scope="session")
def contract() -> Contract:
    folder = Path(os.environ.get("TWILIO_OAI_DIR") or ROOT.parent / "shared/twilio-oai")
    files = [
        next((folder / name for name in names if (folder / name).is_file()), None) for names in (TRUST_HUB, ACCOUNTS)
    ]
    if None in files:
        pytest.skip(
            f"set TWILIO_OAI_DIR to a folder with {TRUST_HUB[0]} and {ACCOUNTS[0]}: Twilio publishes them "
            "in spec/json of https://github.com/twilio/twilio-oai"
        )
    return Contract(json.loads(file.read_text(encoding="utf-8")) for file in files if file)


@pytest.fixture(scope="session")
def product_traffic(contract: Contract) -> dict[str, Traffic]:  # noqa: ARG001 - without it all this is for nothing
    """What the product and Twilio say to each other, by scenario."""
    traffic = {scenario.__name__: Traffic() for scenario in SCENARIOS}
    for scenario in SCENARIOS:
        scenario(traffic[scenario.__name__])
    return traffic


@pytest.fixture(scope="session")
def toured(contract: Contract) -> list[Exchange]:  # noqa: ARG001 - without it all this is for nothing
    """A visit to everything that the simulator serves."""
    return tour.tour()
